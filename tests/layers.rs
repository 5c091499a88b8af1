//! The directions: a module uses only what stands above it in `lib.rs` and in its wing, a tool never uses a tool, the
//! pure wings know no clock, environment, stream or network, and a build without `net` has no network crate.

#![expect(clippy::unwrap_used, reason = "in a test a failed unwrap is the report")]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Crates that open connections, or exist to help those that do.
const NETWORK: [&str; 17] = [
    "axum",
    "curl",
    "h2",
    "hyper",
    "isahc",
    "mio",
    "native-tls",
    "octocrab",
    "openssl",
    "quinn",
    "reqwest",
    "ring",
    "rustls",
    "socket2",
    "tokio",
    "tungstenite",
    "ureq",
];

#[test]
fn modules_use_only_what_stands_above_them() {
    let lib = Path::new(ROOT).join("bins/lib");
    let mut order = HashMap::new();
    for wing in modules(&lib.join("lib.rs")) {
        for module in modules(&lib.join(&wing).join("mod.rs")) {
            let place = order.len();
            order.insert(format!("{wing}::{module}"), place);
        }
    }
    assert!(order.len() > 20, "the list of modules was not read: {order:?}");
    let mut wrong = Vec::new();
    for file in rust_files(&lib) {
        let inside = file.strip_prefix(&lib).unwrap().with_extension("");
        let mut parts = inside.iter().map(|part| part.to_str().unwrap());
        let (Some(wing), Some(module)) = (parts.next(), parts.next()) else { continue };
        let own = format!("{wing}::{module}");
        let Some(place) = order.get(&own) else { continue };
        for used in uses(&fs::read_to_string(&file).unwrap()) {
            let Some(theirs) = order.get(&used) else {
                wrong.push(format!("{}: uses crate::{used}, which lib.rs does not list", file.display()));
                continue;
            };
            if theirs > place {
                wrong.push(format!("{}: {own} uses {used}, which stands below it", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn tools_use_the_library_and_no_tool() {
    let bins = Path::new(ROOT).join("bins");
    let tools: Vec<PathBuf> = fs::read_dir(&bins)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter(|path| !path.ends_with("spamops.rs"))
        .collect();
    assert!(tools.len() >= 7);
    for tool in tools {
        let text = fs::read_to_string(&tool).unwrap();
        assert!(!text.contains("use crate::") && !text.contains("\nmod "), "{} uses a tool", tool.display());
        assert!(text.starts_with("//! "), "{} does not say what it is", tool.display());
    }
}

#[test]
fn judge_and_watch_are_pure() {
    let lib = Path::new(ROOT).join("bins/lib");
    let impure =
        ["std::time", "std::env", "std::io", "std::fs", "std::net", "std::process", "println!", "eprint"];
    for wing in ["judge", "watch"] {
        for file in rust_files(&lib.join(wing)) {
            let text = fs::read_to_string(&file).unwrap();
            let found = impure.iter().find(|word| text.contains(**word));
            assert_eq!(found, None, "{}", file.display());
        }
    }
}

#[test]
fn nothing_opens_a_connection_unless_it_is_behind_net() {
    for file in rust_files(&Path::new(ROOT).join("bins")) {
        let text = fs::read_to_string(&file).unwrap();
        let found = ["TcpStream", "TcpListener", "UdpSocket", "ToSocketAddrs"]
            .iter()
            .find(|word| text.contains(**word));
        assert_eq!(found, None, "{}", file.display());
    }
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--no-default-features",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--locked",
            "--offline",
        ])
        .current_dir(ROOT)
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).unwrap();
    let names: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains(&"csv-core"), "the tree was not read: {tree}");
    let found = names.iter().find(|name| NETWORK.contains(name));
    assert_eq!(found, None);
}

/// Who may use what talks to a network, besides the wing that does.
const TALKERS: [&str; 4] = ["lib/show/publishing.rs", "promote.rs", "track.rs", "spamops/notify.rs"];

/// What talks to a network by others, in a build that has one.
const BY_OTHERS: [&str; 2] = ["ship::publish::", "show::publishing::"];

/// The libraries of clients, each known to one module.
const CLIENTS: [(&str, &str); 2] = [("ureq", "lib/ship/http"), ("octocrab", "lib/ship/github")];

#[test]
fn only_these_use_what_talks_to_a_network() {
    let bins = Path::new(ROOT).join("bins");
    let listed = fs::read_to_string(bins.join("lib/ship/mod.rs")).unwrap();
    let behind: Vec<&str> = listed
        .split("#[cfg(feature = \"net\")]\npub mod ")
        .skip(1)
        .filter_map(|rest| rest.split(';').next())
        .collect();
    assert!(behind.contains(&"http"), "the list was not read: {behind:?}");
    for file in rust_files(&bins) {
        let text = fs::read_to_string(&file).unwrap();
        let inside = file.strip_prefix(&bins).unwrap();
        let talks = behind.iter().any(|module| text.contains(&format!("ship::{module}")))
            || BY_OTHERS.iter().any(|path| text.contains(path));
        let may = inside.starts_with("lib/ship") || TALKERS.iter().any(|talker| inside == Path::new(talker));
        assert!(may || !talks, "{} uses the network", file.display());
        for (library, module) in CLIENTS {
            let is_client = inside.with_extension("").starts_with(module);
            assert!(
                is_client || !text.contains(&format!("use {library}")),
                "{} uses {library}",
                file.display()
            );
        }
    }
}

#[test]
fn nothing_that_is_shipped_unpickles_or_evaluates() {
    let all = files(&Path::new(ROOT).join("bins"), &["py", "sh"]);
    assert!(all.len() >= 2, "{all:?}");
    for file in all.into_iter().chain([Path::new(ROOT).join("action.yml")]) {
        let text = fs::read_to_string(&file).unwrap();
        let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let found =
            words.find(|word| ["pickle", "cloudpickle", "joblib", "marshal", "eval", "exec"].contains(word));
        assert_eq!(found, None, "{}", file.display());
    }
}

/// The modules a file lists, in order.
fn modules(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    let listed = text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    listed.map(str::to_owned).collect()
}

/// `wing::module` for every `crate::wing::module` in a text, braces expanded.
fn uses(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (start, _) in text.match_indices("crate::") {
        let rest = &text[start + "crate::".len()..];
        let Some((wing, after)) = rest.split_once("::") else { continue };
        if !wing.chars().all(|c| c.is_ascii_lowercase()) {
            continue;
        }
        let names: Vec<&str> = match after.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap().split(',').collect(),
            None => vec![after],
        };
        for name in names {
            let name: String =
                name.trim().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            found.push(format!("{wing}::{name}"));
        }
    }
    found
}

/// All Rust files below a directory.
fn rust_files(directory: &Path) -> Vec<PathBuf> {
    files(directory, &["rs"])
}

/// All files below a directory with one of these extensions.
fn files(directory: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extensions));
        } else if path.extension().is_some_and(|own| extensions.iter().any(|extension| own == *extension)) {
            found.push(path);
        }
    }
    found
}
