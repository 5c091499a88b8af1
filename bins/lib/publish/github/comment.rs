//! Creates or updates one comment for each topic on an issue or pull request. A hidden mark identifies the comment.

use anyhow::Result;
use octocrab::models::{Author, AuthorAssociation};
use serde::Deserialize;
use serde_json::json;

use super::GitHub;
use super::failure::ApiCall;
use crate::io::limits;

const CALL: ApiCall<'static> =
    ApiCall { name: "comment", permission: "issues: write or pull-requests: write", is_repeatable: true };

/// Maximum number of characters in a comment. GitHub's limit is 65536.
const MAX_CHARS: usize = 65_000;

/// Number of comments per page: GitHub's maximum.
const PAGE_SIZE: usize = 100;

/// The result of creating or updating a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Address of the comment.
    pub url: String,
    /// `made`, `updated` or `unchanged`.
    pub action: &'static str,
}

/// A comment on the issue. octocrab's own model requires a user, but GitHub sends null for a deleted account.
#[derive(Deserialize)]
struct FoundComment {
    id: u64,
    html_url: String,
    body: Option<String>,
    user: Option<Author>,
    author_association: Option<AuthorAssociation>,
}

impl GitHub {
    /// Creates the comment on `topic` on an issue or pull request, or updates it.
    pub fn comment(&self, issue: u64, topic: &str, text: &str) -> Result<Comment> {
        let mark = format!("<!-- spamops:{topic} -->");
        let text = if text.chars().count() > MAX_CHARS {
            format!("{}\n…", text.chars().take(MAX_CHARS).collect::<String>())
        } else {
            text.to_owned()
        };
        let body = format!("{mark}\n{text}");
        let Some(found) = self.find_comment(issue, &mark)? else {
            let made = self.wait(&CALL, self.issues().create_comment(issue, body))?;
            return Ok(Comment { url: made.html_url.into(), action: "made" });
        };
        // GitHub keeps line endings. A comment edited on its page has CRLF.
        if found.body.as_deref().is_some_and(|before| before.replace('\r', "").trim_end() == body.trim_end())
        {
            return Ok(Comment { url: found.html_url, action: "unchanged" });
        }
        // Call by path, because octocrab's `update_comment` sends POST and GitHub's API requires PATCH.
        let path = self.path(&format!("issues/comments/{}", found.id));
        let body = json!({ "body": body });
        let changed: FoundComment = self.wait(&CALL, self.octocrab.patch(path, Some(&body)))?;
        Ok(Comment { url: changed.html_url, action: "updated" })
    }

    /// The first comment that starts with a mark and whose author can write to the repository. Anyone can type a mark.
    fn find_comment(&self, issue: u64, mark: &str) -> Result<Option<FoundComment>> {
        let mut me = None;
        for page in 1..=limits::COMMENT_PAGES {
            let path = self.path(&format!("issues/{issue}/comments?per_page={PAGE_SIZE}&page={page}"));
            let found: Vec<FoundComment> = self.wait(&CALL, self.octocrab.get(path, None::<&()>))?;
            let is_last = found.len() < PAGE_SIZE;
            let mut marked = found
                .into_iter()
                .filter(|found| found.body.as_ref().is_some_and(|body| body.starts_with(mark)));
            let own = marked.find(|found| {
                let mut is_mine = || {
                    let me = me.get_or_insert_with(|| self.login()).as_ref();
                    me.is_some() && me == found.login()
                };
                found.is_by_writer() || is_mine()
            });
            if own.is_some() || is_last {
                return Ok(own);
            }
        }
        let line = format!(
            "comment: the issue has more than {} comments; use another issue",
            limits::COMMENT_PAGES as usize * PAGE_SIZE
        );
        Err(self.error(&line))
    }

    /// The login of the token's owner, if it is a person. GitHub hides private organization members from others.
    fn login(&self) -> Option<String> {
        let user = self.wait(&CALL, self.octocrab.current().user());
        user.ok().map(|user| user.login)
    }
}

impl FoundComment {
    /// Whether the author is a bot or can write to the repository.
    fn is_by_writer(&self) -> bool {
        use AuthorAssociation::{Collaborator, Member, Owner};
        let is_bot = self.user.as_ref().is_some_and(|user| user.r#type == "Bot");
        is_bot || matches!(self.author_association, Some(Owner | Member | Collaborator))
    }

    fn login(&self) -> Option<&String> {
        self.user.as_ref().map(|user| &user.login)
    }
}
