//! Defines the head of a journal: the anchor outside the registry that shows whether lines were cut or changed.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Error, Result, ensure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The number of lines of a journal and the SHA-256 of its last line, written `LINES:SHA256`.
///
/// Each line contains the SHA-256 of the previous line, so a head stands for all lines up to it.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct JournalHead {
    /// Number of lines; none if only the digest is known.
    pub lines: Option<u64>,
    /// SHA-256 of the last of these lines, in lower-case hexadecimal.
    pub digest: String,
}

impl fmt::Display for JournalHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lines, digest } = self;
        match lines {
            Some(lines) => write!(f, "{lines}:{digest}"),
            None => f.write_str(digest),
        }
    }
}

impl FromStr for JournalHead {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let form = "expected LINES:SHA256, as promote and registry verify print it";
        let (lines, digest) = match text.split_once(':') {
            Some((lines, digest)) => {
                let lines = lines.parse().ok().filter(|lines: &u64| *lines > 0);
                (Some(lines.context(form)?), digest)
            }
            None => (None, text),
        };
        ensure!(digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()), form);
        Ok(Self { lines, digest: digest.to_ascii_lowercase() })
    }
}

impl TryFrom<String> for JournalHead {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<JournalHead> for String {
    fn from(head: JournalHead) -> Self {
        head.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_what_it_prints_and_rejects_other_texts() {
        let digest = "3f".repeat(32);
        for text in [format!("12:{digest}"), digest.clone()] {
            assert_eq!(text.parse::<JournalHead>().unwrap().to_string(), text);
        }
        let upper: JournalHead = format!("1:{}", digest.to_uppercase()).parse().unwrap();
        assert_eq!(upper.to_string(), format!("1:{digest}"));
        for text in [
            "",
            "12:",
            "0:",
            &digest[1..],
            &format!("0:{digest}"),
            &format!("-1:{digest}"),
            &format!("x:{digest}"),
        ] {
            assert!(text.parse::<JournalHead>().is_err(), "{text}");
        }
    }
}
