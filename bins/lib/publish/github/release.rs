//! Creates the release of a version: a draft until all files are uploaded, then never changed.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use http::{Request, Uri};
use octocrab::models::repos;
use octocrab::params::repos::Reference;
use serde_json::json;

use super::GitHub;
use super::client::{PATIENCE, client, escaped};
use super::failure::ApiCall;
use crate::io::diagnostics::shown;
use crate::io::result_file;

const DOING: ApiCall<'static> = ApiCall { what: "release", permission: "contents: write", again: true };

/// A file of a release.
#[derive(Clone, Debug)]
pub struct ReleaseAsset {
    /// What it is called there.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// A release that is there and whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Where it can be seen.
    pub url: String,
    /// Whether it was made just now.
    pub made: bool,
    /// The files that were uploaded just now.
    pub uploaded: Vec<String>,
}

impl GitHub {
    /// Has a release of a tag with these files: found or made, and completed.
    pub fn release(&self, tag: &str, title: &str, text: &str, assets: &[ReleaseAsset]) -> Result<Release> {
        let before = self.released(tag)?;
        let made = before.is_none();
        let found = match before {
            Some(found) => found,
            None => self.draft(tag, title, text)?,
        };
        let mut uploaded = Vec::new();
        for asset in assets {
            if !self.is_there(&found, asset)? {
                self.upload(&found.upload_url, asset)?;
                uploaded.push(asset.name.clone());
            }
        }
        let mut url = found.html_url;
        if found.draft {
            // The latest release of a repository stays that of its software.
            // By path: octocrab's `update` adds a field `release_id` that GitHub's API does not have.
            let path = self.path(&format!("releases/{}", found.id));
            let body = json!({ "draft": false, "make_latest": "false" });
            let published: repos::Release = self.wait(&DOING, self.octocrab.patch(path, Some(&body)))?;
            url = published.html_url;
        }
        Ok(Release { url: url.into(), made, uploaded })
    }

    /// The release of a tag, a draft too: GitHub lists drafts first, and finds them by no tag.
    fn released(&self, tag: &str) -> Result<Option<repos::Release>> {
        let repository = self.repos();
        let releases = repository.releases();
        if let Some(found) = self.find(&DOING, releases.get_by_tag(&escaped(tag).to_string()))? {
            return Ok(Some(found));
        }
        let all = self.wait(&DOING, releases.list().per_page(100).send())?;
        Ok(all.into_iter().find(|found| found.draft && found.tag_name == tag))
    }

    fn draft(&self, tag: &str, title: &str, text: &str) -> Result<repos::Release> {
        self.expect_tag(tag)?;
        let repository = self.repos();
        let releases = repository.releases();
        self.wait(&DOING, releases.create(tag).name(title).body(text).draft(true).send())
    }

    /// Of a tag that is not there GitHub would make one itself, of whatever commit is the last.
    fn expect_tag(&self, tag: &str) -> Result<()> {
        let reference = Reference::Tag(escaped(tag).to_string());
        let found = self.find(&DOING, self.repos().get_ref(&reference))?;
        found.with_context(|| self.named(&format!("release: the tag {tag} is not there; push it first")))?;
        Ok(())
    }

    /// Whether a release has a file already; another one of its name is an error, half of one is removed.
    fn is_there(&self, release: &repos::Release, asset: &ReleaseAsset) -> Result<bool> {
        let Some(found) = release.assets.iter().find(|found| found.name == asset.name) else {
            return Ok(false);
        };
        if found.state != "uploaded" {
            // By path: octocrab's `release_assets().delete` ignores GitHub's refusal.
            let path = self.path(&format!("releases/assets/{}", found.id));
            let answer = async {
                let response = self.octocrab._delete(path, None::<&()>).await?;
                octocrab::map_github_error(response).await.map(drop)
            };
            self.wait(&DOING, answer)?;
            return Ok(false);
        }
        let is_same = usize::try_from(found.size).is_ok_and(|size| size == asset.bytes.len())
            && found
                .digest
                .as_ref()
                .is_none_or(|digest| *digest == format!("sha256:{}", result_file::digest_of(&asset.bytes)));
        let line =
            format!("release: {} is there and is another; a release is not changed", shown(&asset.name));
        ensure!(is_same, self.named(&line));
        Ok(true)
    }

    /// Uploads a file to where the release says, if that is GitHub. By path: octocrab's `upload_asset` fetches the release
    /// again, uploads to any address it finds there, does not escape the file's name, and sends JSON as a byte stream.
    fn upload(&self, template: &str, asset: &ReleaseAsset) -> Result<()> {
        let address = template.split('{').next().unwrap_or_default();
        let address: Uri =
            address.parse().ok().with_context(|| self.named("release: has no address for uploads"))?;
        let line = format!(
            "release: files would go to {}, which is not the API's; nothing was sent",
            shown(template)
        );
        ensure!(is_family(&self.base, &address), self.named(&line));
        let origin = Uri::builder().scheme(address.scheme_str().unwrap_or("https"));
        let origin = origin
            .authority(address.authority().map_or("", |authority| authority.as_str()))
            .path_and_query("/");
        // A large model may go out over a slow line: 100 kB in a second at least.
        let patience = PATIENCE + Duration::from_secs(asset.bytes.len() as u64 / 100_000);
        let octocrab = {
            let _inside = self.runtime.enter();
            client(&origin.build()?, &self.token, patience)?
        };
        let is_json = Path::new(&asset.name).extension().is_some_and(|extension| extension == "json");
        let kind = if is_json { "application/json" } else { "application/octet-stream" };
        let request = Request::post(format!("{}?name={}", address.path(), escaped(&asset.name)));
        let request = request.header("content-type", kind).header("content-length", asset.bytes.len());
        let request = request.body(asset.bytes.clone())?;
        let answer = async {
            let response = octocrab.execute(request).await?;
            octocrab::map_github_error(response).await.map(drop)
        };
        self.wait_for(patience, &DOING, answer)
    }
}

/// Whether uploads to this address may have the token: it is at the API's host, or is `uploads.` where that is `api.`.
fn is_family(api: &Uri, address: &Uri) -> bool {
    let is_host = match (api.host(), address.host()) {
        (Some(api), Some(host)) => {
            let parent = |host: &str, name| host.strip_prefix(name).map(str::to_owned);
            host == api || parent(api, "api.").is_some_and(|of| parent(host, "uploads.") == Some(of))
        }
        _ => false,
    };
    let is_same_port = api.port_u16() == address.port_u16();
    let user = address.authority().is_some_and(|authority| authority.as_str().contains('@'));
    is_host && is_same_port && !user && api.scheme_str() == address.scheme_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_goes_to_hosts_of_the_api_only() {
        let family = |api: &str, address: &str| is_family(&api.parse().unwrap(), &address.parse().unwrap());
        for (api, address) in [
            ("https://api.github.com", "https://uploads.github.com/repos/o/r/releases/1/assets"),
            ("https://api.octo.ghe.com", "https://uploads.octo.ghe.com/repos"),
            ("https://ghes.example/api/v3", "https://ghes.example/api/uploads/repos"),
            ("http://localhost:4001", "http://localhost:4001/repos"),
        ] {
            assert!(family(api, address), "{api} {address}");
        }
        for (api, address) in [
            ("https://api.github.com", "https://uploads.github.com.evil.example/"),
            ("https://api.github.com", "https://evil.example/"),
            ("https://api.github.com", "https://uploads.evil.example/"),
            ("https://api.github.com", "http://uploads.github.com/"),
            ("https://api.github.com", "https://t@uploads.github.com/"),
            ("https://ghes.example/api/v3", "https://uploads.ghes.example/"),
            ("http://localhost:4001", "http://localhost:4002/repos"),
        ] {
            assert!(!family(api, address), "{api} {address}");
        }
    }
}
