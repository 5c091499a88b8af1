//! Removes credentials, query and fragment from a web address before it is shown.

/// Strips credentials, query and fragment from a URL.
///
/// The text need not be a valid URL. A URL parser would reject a typo such as `http://me:p@ss@host`, and the error
/// message would show the password.
pub fn bare(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_secrets_from_an_address() {
        for (url, expected) in [
            ("https://me:pa@ss@host:8/a/b?token=t#x", "https://host:8/a/b"),
            ("http://host", "http://host"),
            ("http://host?token=t", "http://host"),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(bare(url), expected);
        }
    }
}
