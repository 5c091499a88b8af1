//! Removes secrets from a web address before it is shown, and says whether secrets can be sent to it.

use std::net::{Ipv4Addr, Ipv6Addr};

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

/// User name and password in a URL.
pub fn credentials(url: &str) -> Option<&str> {
    Some(authority(url)?.rsplit_once('@')?.0)
}

/// Whether nobody on the network can read what is sent to a URL: it uses HTTPS, or leads to this machine.
pub fn is_private(url: &str) -> bool {
    let Some((scheme, _)) = url.split_once("://") else { return false };
    let own = || scheme.eq_ignore_ascii_case("http") && authority(url).is_some_and(is_this_machine);
    scheme.eq_ignore_ascii_case("https") || own()
}

/// The part of a URL between the scheme and the path.
fn authority(url: &str) -> Option<&str> {
    url.split_once("://")?.1.split(['/', '?', '#', '\\']).next()
}

/// Whether an authority names a loopback address. A name such as `localhost.example` does not.
fn is_this_machine(authority: &str) -> bool {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if let Some(rest) = host.strip_prefix('[') {
        let address = rest.split_once(']').and_then(|(address, _)| address.parse::<Ipv6Addr>().ok());
        return address.is_some_and(|address| address.is_loopback());
    }
    let name = host.split(':').next().unwrap_or_default();
    name.eq_ignore_ascii_case("localhost") || name.parse::<Ipv4Addr>().is_ok_and(|name| name.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_sent_over_https_or_to_this_machine() {
        for url in [
            "https://host/a",
            "HTTPS://host",
            "http://localhost:5000",
            "http://LOCALHOST/a",
            "http://127.0.0.1:9/deep",
            "http://127.8.9.1",
            "http://[::1]:9",
            "http://me:p@ss@127.0.0.1",
        ] {
            assert!(is_private(url), "{url}");
        }
        for url in [
            "http://host",
            "http://localhost.example",
            "http://127.0.0.1.example:80",
            "http://127.0.0.1@host",
            "http://host/@localhost",
            "http://host\\@localhost",
            "http://host?@localhost",
            "http://[::2]:9",
            "http://10.0.0.1",
            "http://",
            "ftp://localhost",
            "localhost",
        ] {
            assert!(!is_private(url), "{url}");
        }
        assert_eq!(credentials("http://me:p@ss@host/a@b"), Some("me:p@ss"));
        assert_eq!(credentials("http://host/a@b"), None);
    }

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
