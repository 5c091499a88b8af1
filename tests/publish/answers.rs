//! Builds GitHub's JSON objects with all fields that octocrab requires.

use serde_json::{Value, json};

/// The time of all events.
const TIME: &str = "2026-10-01T00:00:00Z";

/// An account. `kind` is `User` or `Bot`.
pub(crate) fn account(login: &str, kind: &str) -> Value {
    let mut account = json!({
        "login": login, "id": 1, "node_id": "U_1", "gravatar_id": "", "type": kind, "site_admin": false,
    });
    for link in [
        "avatar_url",
        "url",
        "html_url",
        "followers_url",
        "following_url",
        "gists_url",
        "starred_url",
        "subscriptions_url",
        "organizations_url",
        "repos_url",
        "events_url",
        "received_events_url",
    ] {
        account[link] = json!(format!("https://github.test/{login}/{link}"));
    }
    account
}

/// A comment by `somebody` on issue 7.
pub(crate) fn comment(id: u64, body: &str, association: &str, kind: &str) -> Value {
    json!({
        "id": id, "node_id": "IC_1", "body": body, "author_association": association, "user": account("somebody", kind),
        "url": format!("https://github.test/repos/o/r/issues/comments/{id}"),
        "html_url": format!("https://github.test/{id}"), "issue_url": "https://github.test/repos/o/r/issues/7",
        "created_at": TIME, "updated_at": TIME, "performed_via_github_app": null,
    })
}

/// Release 5 of the tag `spam@v3.0.0`, with uploads to `server`.
pub(crate) fn release(server: &str, draft: bool, assets: &Value) -> Value {
    json!({
        "id": 5, "node_id": "RE_5", "tag_name": "spam@v3.0.0", "target_commitish": "main", "name": "spam 3",
        "body": "text", "draft": draft, "prerelease": false, "assets": assets, "author": account("somebody", "User"),
        "url": "https://github.test/repos/o/r/releases/5", "html_url": "https://github.test/release",
        "assets_url": "https://github.test/repos/o/r/releases/5/assets",
        "upload_url": format!("{server}/upload/repos/o/r/releases/5/assets{{?name,label}}"),
        "tarball_url": "https://github.test/repos/o/r/tarball/5", "zipball_url": "https://github.test/repos/o/r/zipball/5",
        "created_at": TIME, "published_at": if draft { Value::Null } else { json!(TIME) },
    })
}

/// The asset `model.json` of release 5.
pub(crate) fn asset(state: &str, size: u64) -> Value {
    json!({
        "id": 8, "node_id": "RA_8", "name": "model.json", "label": null, "state": state, "size": size,
        "content_type": "application/json", "download_count": 0, "digest": null, "created_at": TIME, "updated_at": TIME,
        "url": "https://github.test/repos/o/r/releases/assets/8",
        "browser_download_url": "https://github.test/model.json", "uploader": account("somebody", "User"),
    })
}

/// A pushed tag.
pub(crate) fn tag(tag: &str) -> Value {
    json!({
        "ref": format!("refs/tags/{tag}"), "node_id": "REF_1", "url": "https://github.test/ref",
        "object": { "type": "tag", "sha": "940bd336248efae0f9ee5bc7b2d5c985887b16ac", "url": "https://github.test/tag" },
    })
}

/// A deployment of a tag to production.
pub(crate) fn deployment(id: u64, tag: &str) -> Value {
    json!({
        "id": id, "node_id": "DE_1", "sha": "940bd336248efae0f9ee5bc7b2d5c985887b16ac", "ref": tag, "task": "deploy",
        "payload": {}, "original_environment": "production", "environment": "production", "description": "d",
        "creator": account("somebody", "User"), "created_at": TIME, "updated_at": TIME,
        "url": format!("https://github.test/repos/o/r/deployments/{id}"),
        "statuses_url": format!("https://github.test/repos/o/r/deployments/{id}/statuses"),
        "repository_url": "https://github.test/repos/o/r",
    })
}

/// A status of deployment 4.
pub(crate) fn status(state: &str) -> Value {
    json!({
        "id": 1, "node_id": "DES_1", "state": state, "creator": account("somebody", "User"), "description": "d",
        "environment": "production", "target_url": "", "created_at": TIME, "updated_at": TIME,
        "url": "https://github.test/repos/o/r/deployments/4/statuses/1",
        "deployment_url": "https://github.test/repos/o/r/deployments/4",
        "repository_url": "https://github.test/repos/o/r", "environment_url": "", "log_url": "",
    })
}
