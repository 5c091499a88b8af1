//! Creates or updates one comment for each topic on an issue or pull request, found again by a hidden mark.

use anyhow::{Context, Result};
use octocrab::models::{Author, AuthorAssociation};
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
    /// Says something on an issue or pull request, in the one comment that is about `topic`.
    pub fn comment(&self, issue: u64, topic: &str, text: &str) -> Result<Comment> {
        let mark = format!("<!-- spamops:{topic} -->");
        let text = if text.chars().count() > MOST {
            format!("{}\n…", text.chars().take(MOST).collect::<String>())
        } else {
            text.to_owned()
        };
        let body = format!("{mark}\n{text}");
        let Some(found) = self.marked(issue, &mark)? else {
            let made = self.wait(&DOING, self.issues().create_comment(issue, body))?;
            return Ok(Comment { url: made.html_url.into(), action: "made" });
        };
        // GitHub gives line ends back as it got them, a form of its page as CRLF.
        if found.body.as_deref().is_some_and(|before| before.replace('\r', "").trim_end() == body.trim_end())
        {
            return Ok(Comment { url: found.html_url, action: "unchanged" });
        }
        // By path: octocrab's `update_comment` sends POST, but GitHub's API has PATCH here.
        let path = self.path(&format!("issues/comments/{}", found.id));
        let body = json!({ "body": body });
        let changed: FoundComment = self.wait(&DOING, self.octocrab.patch(path, Some(&body)))?;
        Ok(Comment { url: changed.html_url, action: "updated" })
    }

    /// The first comment that begins with a mark, by somebody who may write here: anybody can type a mark.
    fn marked(&self, issue: u64, mark: &str) -> Result<Option<FoundComment>> {
        let mut me = None;
        for page in 1_u32.. {
            let path = self.path(&format!("issues/{issue}/comments?per_page={PAGE}&page={page}"));
            let found: Vec<FoundComment> = self.wait(&DOING, self.octocrab.get(path, None::<&()>))?;
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

    /// The login of the token, if it is a person's. GitHub does not tell others who is a private member of an organization.
    fn login(&self) -> Option<String> {
        let user = self.wait(&DOING, self.octocrab.current().user());
        user.ok().map(|user| user.login)
    }
}

impl FoundComment {
    /// Whether its author may write here.
    fn is_known(&self) -> bool {
        use AuthorAssociation::{Collaborator, Member, Owner};
        let is_bot = self.user.as_ref().is_some_and(|user| user.r#type == "Bot");
        is_bot || matches!(self.author_association, Some(Owner | Member | Collaborator))
    }

    fn login(&self) -> Option<&String> {
        self.user.as_ref().map(|user| &user.login)
    }
}
