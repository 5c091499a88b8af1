//! Creates the release of a version: a draft until all files are uploaded, then final.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use http::{Request, Uri};
use octocrab::models::repos;
use octocrab::params::repos::Reference;
use serde_json::json;

use super::GitHub;
use super::client::{client, escaped};
use super::failure::ApiCall;
use crate::io::diagnostics::shown;
use crate::io::limits;
use crate::io::result_file;

const CALL: ApiCall<'static> =
    ApiCall { name: "release", permission: "contents: write", is_repeatable: true };

/// A file of a release.
#[derive(Clone, Debug)]
pub struct ReleaseAsset {
    /// Name of the file in the release.
    pub name: String,
    pub bytes: Vec<u8>,
}

/// A complete, published release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Address of the release.
    pub url: String,
    /// Whether this call created the release.
    pub made: bool,
    /// Names of the files that this call uploaded.
    pub uploaded: Vec<String>,
}

impl GitHub {
    /// Finds or creates the release of a tag, uploads missing files and publishes it.
    pub fn release(&self, tag: &str, title: &str, text: &str, assets: &[ReleaseAsset]) -> Result<Release> {
        let before = self.find_release(tag)?;
        let made = before.is_none();
        let found = match before {
            Some(found) => found,
            None => self.create_draft(tag, title, text)?,
        };
        let mut uploaded = Vec::new();
        for asset in assets {
            if !self.has_asset(&found, asset)? {
                self.upload(&found.upload_url, asset)?;
                uploaded.push(asset.name.clone());
            }
        }
        let mut url = found.html_url;
        if found.draft {
            // Do not mark a model as the latest release: the repository may also release software.
            // Call by path, because octocrab's `update` adds a field `release_id` that GitHub's API does not have.
            let path = self.path(&format!("releases/{}", found.id));
            let body = json!({ "draft": false, "make_latest": "false" });
            let published: repos::Release = self.wait(&CALL, self.octocrab.patch(path, Some(&body)))?;
            url = published.html_url;
        }
        Ok(Release { url: url.into(), made, uploaded })
    }

    /// The release of a tag, published or draft. GitHub finds no draft by its tag, but lists drafts first.
    fn find_release(&self, tag: &str) -> Result<Option<repos::Release>> {
        let repository = self.repos();
        let releases = repository.releases();
        if let Some(found) = self.find(&CALL, releases.get_by_tag(&escaped(tag).to_string()))? {
            return Ok(Some(found));
        }
        let all = self.wait(&CALL, releases.list().per_page(100).send())?;
        Ok(all.into_iter().find(|found| found.draft && found.tag_name == tag))
    }

    fn create_draft(&self, tag: &str, title: &str, text: &str) -> Result<repos::Release> {
        self.expect_tag(tag)?;
        let repository = self.repos();
        let releases = repository.releases();
        self.wait(&CALL, releases.create(tag).name(title).body(text).draft(true).send())
    }

    /// Fails if the tag does not exist: GitHub would create it on the latest commit.
    fn expect_tag(&self, tag: &str) -> Result<()> {
        let reference = Reference::Tag(escaped(tag).to_string());
        let found = self.find(&CALL, self.repos().get_ref(&reference))?;
        found
            .with_context(|| self.error(&format!("release: the tag {tag} does not exist; push it first")))?;
        Ok(())
    }

    /// Whether a release already has a file. Deletes a partial upload. Fails if the file differs.
    fn has_asset(&self, release: &repos::Release, asset: &ReleaseAsset) -> Result<bool> {
        let Some(found) = release.assets.iter().find(|found| found.name == asset.name) else {
            return Ok(false);
        };
        if found.state != "uploaded" {
            // Call by path, because octocrab's `release_assets().delete` ignores errors from GitHub.
            let path = self.path(&format!("releases/assets/{}", found.id));
            let answer = async {
                let response = self.octocrab._delete(path, None::<&()>).await?;
                octocrab::map_github_error(response).await.map(drop)
            };
            self.wait(&CALL, answer)?;
            return Ok(false);
        }
        let is_same = usize::try_from(found.size).is_ok_and(|size| size == asset.bytes.len())
            && found
                .digest
                .as_ref()
                .is_none_or(|digest| *digest == format!("sha256:{}", result_file::digest_of(&asset.bytes)));
        let line = format!(
            "release: {} exists with other content; delete the release, then run this again",
            shown(&asset.name)
        );
        ensure!(is_same, self.error(&line));
        Ok(true)
    }

    /// Uploads a file to the release's upload address, if the address is on GitHub.
    ///
    /// Calls by path, because octocrab's `upload_asset` accepts any address, does not escape the file's name, and sends
    /// JSON as a byte stream.
    fn upload(&self, template: &str, asset: &ReleaseAsset) -> Result<()> {
        let address = template.split('{').next().unwrap_or_default();
        let address: Uri = address
            .parse()
            .ok()
            .with_context(|| self.error("release: GitHub sent no upload address; check GITHUB_API_URL"))?;
        let line = format!(
            "release: the upload address {} is not on the API's host, so nothing was sent; check GITHUB_API_URL",
            shown(template)
        );
        ensure!(may_receive_token(&self.base, &address), self.error(&line));
        let origin = Uri::builder().scheme(address.scheme_str().unwrap_or("https"));
        let origin = origin
            .authority(address.authority().map_or("", |authority| authority.as_str()))
            .path_and_query("/");
        let upload = asset.bytes.len() as u64 / limits::UPLOAD_BYTES_PER_SECOND;
        let limit = self.time + Duration::from_secs(upload);
        let octocrab = {
            let _inside = self.runtime.enter();
            client(&origin.build()?, &self.token, limit)?
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
        self.wait_at_most(limit, &CALL, answer)
    }
}

/// Whether an upload address may receive the token. The address must be on the API's host, or on `uploads.X` for the
/// API `api.X`.
fn may_receive_token(api: &Uri, address: &Uri) -> bool {
    let is_host = match (api.host(), address.host()) {
        (Some(api), Some(host)) => {
            let parent = |host: &str, name| host.strip_prefix(name).map(str::to_owned);
            host == api || parent(api, "api.").is_some_and(|domain| parent(host, "uploads.") == Some(domain))
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
    fn sends_the_token_only_to_hosts_of_the_api() {
        let may =
            |api: &str, address: &str| may_receive_token(&api.parse().unwrap(), &address.parse().unwrap());
        for (api, address) in [
            ("https://api.github.com", "https://uploads.github.com/repos/o/r/releases/1/assets"),
            ("https://api.octo.ghe.com", "https://uploads.octo.ghe.com/repos"),
            ("https://ghes.example/api/v3", "https://ghes.example/api/uploads/repos"),
            ("http://localhost:4001", "http://localhost:4001/repos"),
        ] {
            assert!(may(api, address), "{api} {address}");
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
            assert!(!may(api, address), "{api} {address}");
        }
    }
}
