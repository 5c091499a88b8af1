//! A comment on an issue or pull request that there is once: found by a mark that nobody sees, and brought up to date.

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::json;

use super::GitHub;
use super::failure::ApiCall;

const DOING: ApiCall<'static> =
    ApiCall { what: "comment", permission: "issues: write or pull-requests: write", again: true };

/// GitHub takes 65536 characters.
const MOST: usize = 65_000;

/// How many comments GitHub gives at once.
const PAGE: usize = 100;

/// A comment as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Where it can be read.
    pub url: String,
    /// Whether it is new, changed, or was so before.
    pub action: &'static str,
}

#[derive(Deserialize)]
struct FoundComment {
    id: u64,
    html_url: String,
    body: Option<String>,
    user: Option<CommentAuthor>,
    author_association: Option<String>,
}

#[derive(Deserialize)]
struct CommentAuthor {
    login: String,
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl GitHub {
    /// Says something on an issue or pull request, in the one comment that is about `topic`.
    pub fn comment(&self, issue: u64, topic: &str, text: &str) -> Result<Comment> {
        let mark = format!("<!-- spamops:{topic} -->");
        let text = if text.chars().count() > MOST {
            format!("{}\n…", text.chars().take(MOST).collect::<String>())
        } else {
            text.to_owned()
        };
        let body = format!("{mark}\n{text}");
        let path = self.path(&format!("issues/{issue}/comments"));
        let Some(found) = self.marked(&path, &mark)? else {
            let made: FoundComment = self.post(&DOING, &path, &json!({ "body": body }))?;
            return Ok(Comment { url: made.html_url, action: "made" });
        };
        // GitHub gives line ends back as it got them, a form of its page as CRLF.
        if found.body.as_deref().is_some_and(|before| before.replace('\r', "").trim_end() == body.trim_end())
        {
            return Ok(Comment { url: found.html_url, action: "unchanged" });
        }
        let path = self.path(&format!("issues/comments/{}", found.id));
        let changed: FoundComment = self.patch(&DOING, &path, &json!({ "body": body }))?;
        Ok(Comment { url: changed.html_url, action: "updated" })
    }

    /// The first comment that begins with a mark, by somebody who may write here: anybody can type a mark.
    fn marked(&self, path: &str, mark: &str) -> Result<Option<FoundComment>> {
        let mut me = None;
        for page in 1_u32.. {
            let found: Vec<FoundComment> =
                self.get(&DOING, &format!("{path}?per_page={PAGE}&page={page}"))?;
            let is_last = found.len() < PAGE;
            let mut marked = found
                .into_iter()
                .filter(|found| found.body.as_ref().is_some_and(|body| body.starts_with(mark)));
            let ours = marked.find(|found| {
                let mut is_mine = || {
                    let me = me.get_or_insert_with(|| self.login()).as_ref();
                    me.is_some() && me == found.login()
                };
                found.is_known() || is_mine()
            });
            if ours.is_some() || is_last {
                return Ok(ours);
            }
        }
        None.context("the comments have no end")
    }

    /// Who the token is, where it is that of a person: it does not tell who belongs to an organization in private.
    fn login(&self) -> Option<String> {
        let user: Option<CommentAuthor> = self.get(&DOING, "/user").ok();
        user.map(|user| user.login)
    }
}

impl FoundComment {
    /// Whether it is by somebody who may write here.
    fn is_known(&self) -> bool {
        let is_bot = self.user.as_ref().is_some_and(|user| user.kind.as_deref() == Some("Bot"));
        let association = self.author_association.as_deref().unwrap_or_default();
        is_bot || ["OWNER", "MEMBER", "COLLABORATOR"].contains(&association)
    }

    fn login(&self) -> Option<&String> {
        self.user.as_ref().map(|user| &user.login)
    }
}
