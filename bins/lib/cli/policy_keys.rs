//! Says which keys `spamops.toml` may set. The file is data: it may come from a pull request, so no key of it names a
//! destination, a host, a program or an action.

use anyhow::{Result, bail, ensure};
use toml::Value;

use crate::io::diagnostics::shown;

/// The meaning of an option. It decides whether a policy may set the option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionKind {
    /// Names a column of the rows, or the positive label.
    Column,
    /// Says how rows are read or how results are written.
    Format,
    /// A number of rows, threads, hours or bytes, a seed or a share.
    Amount,
    /// A limit of a decision.
    Limit,
    /// Says how a model is fitted.
    Recipe,
    /// A word list: the name of a built-in list, or a file.
    WordList,
    /// Names a file or a directory that is read or written.
    File,
    /// Names a server, a repository or a remote.
    Host,
    /// Names a program or an action that is run.
    Program,
    /// Names what is changed or told: a model, an alias, a run, a channel.
    Destination,
    /// Changes what the tool does, or how its caller continues.
    Action,
    /// Describes one call: its time, its reason, its person.
    Call,
}

/// The kind of every long option. An option has the same meaning in every tool, so the tool makes no difference.
const KINDS: [(OptionKind, &[&str]); 12] = [
    (
        OptionKind::Column,
        &[
            "text-column",
            "label-column",
            "date-column",
            "weight-column",
            "source-column",
            "score-column",
            "verdict-column",
            "positive",
            "features",
            "id",
            "slice",
            "stratify",
        ],
    ),
    (
        OptionKind::Format,
        &["input-format", "delimiter", "strict", "format", "mask", "safe-csv", "annotate", "json"],
    ),
    (
        OptionKind::Amount,
        &[
            "size",
            "seed",
            "near",
            "weight-half-life",
            "min-class",
            "memory",
            "threads",
            "explain",
            "prior",
            "repeat-hours",
            "days-without-rows",
            "days-held",
            "refused-challengers",
        ],
    ),
    (
        OptionKind::Limit,
        &[
            "threshold",
            "require",
            "min-f1",
            "gate",
            "recent",
            "retrain-on",
            "persistence",
            "margin",
            "max-age-days",
            "max-new-rows",
            "max-label-growth",
            "max-changes",
            "cooldown-hours",
            "min-new-labels",
            "overdue-days",
        ],
    ),
    (
        OptionKind::Recipe,
        &[
            "preset",
            "analyzer",
            "ngrams",
            "chars",
            "stem",
            "windows",
            "min-df",
            "max-df",
            "max-features",
            "sublinear",
            "idf",
            "norm",
            "learner",
            "alpha",
            "C",
            "folds",
            "calibrate",
            "maximize",
            "max-fpr",
            "min-recall",
            "cost-fp",
            "cost-fn",
            "search",
        ],
    ),
    (OptionKind::WordList, &["stop-words"]),
    (
        OptionKind::File,
        &[
            "output",
            "out-dir",
            "data",
            "registry",
            "state",
            "spool",
            "contract",
            "rejects",
            "report",
            "rest",
            "exclude",
            "against",
            "model",
            "metrics",
            "curve",
            "reference",
            "profile",
            "watch",
            "search-table",
            "champion",
            "challenger",
            "scores",
            "champion-scored",
            "flips",
            "golden",
            "labels",
            "asked",
            "sequential",
            "summary",
            "outputs",
            "rows",
        ],
    ),
    (OptionKind::Host, &["uri", "github", "dispatch", "push"]),
    (OptionKind::Program, &["program", "action"]),
    (
        OptionKind::Destination,
        &[
            "name",
            "alias",
            "to",
            "notify",
            "notify-on",
            "experiment",
            "run-id",
            "run-name",
            "environment",
            "deployment",
            "comment",
            "prefix",
        ],
    ),
    (
        OptionKind::Action,
        &[
            "force",
            "accept-suspect",
            "split",
            "for-labels",
            "infer",
            "merge",
            "refused",
            "mark",
            "after",
            "pending",
            "corrections",
            "last-label",
            "rollback",
            "hold",
            "resume",
            "commit",
            "tag",
            "release",
            "flush",
            "keep",
            "demo",
            "restart",
            "dry-run",
            "exit-code",
            "quiet",
        ],
    ),
    (
        OptionKind::Call,
        &[
            "config",
            "now",
            "run",
            "since",
            "until",
            "hold-until",
            "watch-since",
            "expect",
            "expect-head",
            "reason",
            "actor",
            "run-url",
            "failed",
            "version",
            "encoding",
            "help",
        ],
    ),
];

/// Names of the word lists that are part of the program.
const WORD_LISTS: [&str; 2] = ["english", "none"];

/// Keys that `spamops run` has an option for, so that every step of the cycle gets the value.
const OPTIONS_OF_RUN: [&str; 14] = [
    "data",
    "name",
    "out-dir",
    "registry",
    "state",
    "contract",
    "since",
    "until",
    "force",
    "notify",
    "notify-on",
    "labels",
    "golden",
    "watch",
];

/// Keys with an environment variable.
const VARIABLES: [(&str, &str); 4] = [
    ("uri", "MLFLOW_TRACKING_URI"),
    ("experiment", "MLFLOW_EXPERIMENT_NAME"),
    ("run-id", "MLFLOW_RUN_ID"),
    ("github", "GITHUB_REPOSITORY"),
];

impl OptionKind {
    /// The kind of a long option; none for an unknown name.
    pub fn of(option: &str) -> Option<Self> {
        KINDS.iter().find(|(_, names)| names.contains(&option)).map(|(kind, _)| *kind)
    }

    /// The reason why a policy must not set an option of this kind; none if a policy may set it.
    pub fn objection(self) -> Option<&'static str> {
        Some(match self {
            Self::Column | Self::Format | Self::Amount | Self::Limit | Self::Recipe | Self::WordList => {
                return None;
            }
            Self::File => "it names a file or a directory",
            Self::Host => "it names a server or a repository",
            Self::Program => "it names a program",
            Self::Destination => "it names the target of a change or an alert",
            Self::Action => "it changes what the tool does",
            Self::Call => "it describes one call",
        })
    }
}

/// Fails if a policy must not set this key to this value. Unknown keys pass; they fail in their tool.
pub fn expect_data(table: &str, key: &str, value: &Value) -> Result<()> {
    let Some(kind) = OptionKind::of(key) else { return Ok(()) };
    if kind == OptionKind::WordList {
        let is_built_in = value.as_str().is_some_and(|name| WORD_LISTS.contains(&name));
        ensure!(
            is_built_in,
            "a policy cannot name a file in {}; set it to english or none, or give --{key} on the command line",
            shown(key)
        );
    }
    if let Some(objection) = kind.objection() {
        bail!(
            "a policy cannot set {}, because {objection}; remove it, and {}",
            shown(key),
            remedy(table, key)
        );
    }
    Ok(())
}

/// How to set a key that a policy cannot set.
fn remedy(table: &str, key: &str) -> String {
    let tool = if table == "rows" { "the tool" } else { table };
    let run = if OPTIONS_OF_RUN.contains(&key) { " or spamops run" } else { "" };
    let variable = VARIABLES.iter().find(|(name, _)| *name == key);
    let variable = variable.map_or_else(String::new, |(_, variable)| format!(", or set {variable}"));
    format!("give --{key} to {tool}{run}{variable}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(table: &str, key: &str, value: &str) -> String {
        expect_data(table, key, &Value::String(value.into()))
            .map_err(|error| error.to_string())
            .err()
            .unwrap_or_default()
    }

    #[test]
    fn an_option_has_one_kind() {
        let names: Vec<&str> = KINDS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        let mut distinct = names.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(names.len(), distinct.len());
    }

    #[test]
    fn an_objection_names_the_reason_and_the_remedy() {
        assert_eq!(
            error("sample", "output", "v.sh"),
            "a policy cannot set 'output', because it names a file or a directory; remove it, and give --output to sample"
        );
        assert_eq!(
            error("compare", "golden", "g.csv"),
            "a policy cannot set 'golden', because it names a file or a directory; remove it, and give --golden to compare or spamops run"
        );
        assert_eq!(
            error("track", "uri", "https://a"),
            "a policy cannot set 'uri', because it names a server or a repository; remove it, and give --uri to track, or set MLFLOW_TRACKING_URI"
        );
        assert_eq!(error("drift", "min-f1", "0.9"), "");
        assert_eq!(error("drift", "unknown", "0.9"), "");
    }

    #[test]
    fn stop_words_are_a_built_in_list() {
        assert_eq!(error("fit", "stop-words", "english"), "");
        assert_eq!(
            error("fit", "stop-words", "/etc/passwd"),
            "a policy cannot name a file in 'stop-words'; set it to english or none, or give --stop-words on the command line"
        );
        let list = Value::Array(vec![Value::String("english".into())]);
        assert!(expect_data("fit", "stop-words", &list).is_err());
    }
}
