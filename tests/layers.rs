//! Checks the architecture: allowed dependencies between modules, pure folders, type names and verdicts.
//!
//! A module uses only modules listed above it in `lib.rs` and in its folder, and a tool never uses another tool. The pure
//! folders use no clock, environment, stream or network, and a build without `net` has no network crate.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use spamops::cli::owned_directories::OWNED_DIRECTORIES;
use spamops::cli::tool_list::TOOLS;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Crates that open connections, and crates that only network crates use.
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
fn modules_use_only_modules_listed_above_them() {
    let lib = Path::new(ROOT).join("bins/lib");
    let mut modules = Modules::default();
    modules.list(&lib, &lib.join("lib.rs"), "");
    assert!(modules.order.len() > 100, "too few modules were found: {:?}", modules.order);
    let mut wrong = Vec::new();
    for file in rust_files(&lib) {
        let own = path_of(file.strip_prefix(&lib).unwrap());
        let Some(place) = modules.order.get(&own) else {
            assert!(own.is_empty() || file.ends_with("mod.rs"), "{}: no mod.rs lists it", file.display());
            continue;
        };
        for used in uses(&fs::read_to_string(&file).unwrap(), &own) {
            let Some(target) = modules.find(&used) else {
                wrong.push(format!("{own} uses {used}, which no mod.rs lists"));
                continue;
            };
            if modules.order[&target] > *place && !target.starts_with(&format!("{own}::")) {
                wrong.push(format!("{own} uses {target}, which is listed below it"));
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_mod_file_contains_only_a_list() {
    for file in rust_files(&Path::new(ROOT).join("bins/lib")) {
        if file.ends_with("mod.rs") || file.ends_with("lib.rs") {
            let text = fs::read_to_string(&file).unwrap();
            let code = text.lines().find(|line| {
                ["fn ", "struct ", "enum ", "impl ", "trait ", "const "]
                    .iter()
                    .any(|word| line.contains(word))
            });
            assert_eq!(code.filter(|line| !line.starts_with("//")), None, "{}", file.display());
        }
    }
}

#[test]
fn type_names_are_unique() {
    let mut places: HashMap<String, Vec<String>> = HashMap::new();
    for file in rust_files(&Path::new(ROOT).join("bins/lib")) {
        for line in fs::read_to_string(&file).unwrap().lines() {
            let line = line.trim_start();
            let public = line.strip_prefix("pub").and_then(|rest| rest.split_once(' '));
            let Some((kind, rest)) = public.map_or(line, |(_, rest)| rest).split_once(' ') else { continue };
            let name = rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap();
            // Associated types do not count: their trait names them.
            let is_type = ["struct", "enum", "trait", "union"].contains(&kind);
            if is_type && name.starts_with(|c: char| c.is_ascii_uppercase()) {
                places.entry(name.to_owned()).or_default().push(file.display().to_string());
            }
        }
    }
    assert!(places.len() > 300, "too few types were found: {places:?}");
    let twice: Vec<_> = places.iter().filter(|(_, files)| files.len() > 1).collect();
    assert!(twice.is_empty(), "{twice:#?}");
}

#[test]
fn verdicts_are_enums() {
    for file in rust_files(&Path::new(ROOT).join("bins")) {
        let text = fs::read_to_string(&file).unwrap();
        let found =
            ["verdict: String", "verdict == \"", "verdict != \""].iter().find(|words| text.contains(**words));
        assert_eq!(found, None, "{}", file.display());
    }
}

#[test]
fn deciding_functions_have_at_most_60_lines() {
    let lib = Path::new(ROOT).join("bins/lib");
    let mut functions = 0;
    for file in rust_files(&lib) {
        let inside = file.strip_prefix(&lib).unwrap();
        if !["compare", "drift", "cycle", "model/fit.rs"].iter().any(|place| inside.starts_with(place)) {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let lines: Vec<&str> = text.split("#[cfg(test)]").next().unwrap().lines().collect();
        for (start, line) in
            lines.iter().enumerate().filter(|(_, line)| line.contains("fn ") && line.ends_with('{'))
        {
            let indent = line.len() - line.trim_start().len();
            let end = format!("{}}}", " ".repeat(indent));
            let length = lines[start..].iter().position(|line| **line == *end).map_or(0, |place| place + 1);
            assert!(length <= 60, "{}: {length} lines: {line}", file.display());
            functions += 1;
        }
    }
    assert!(functions > 200, "only {functions} functions were found");
}

#[test]
fn tools_do_not_use_other_tools() {
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
        assert!(
            !text.contains("use crate::") && !text.contains("\nmod "),
            "{} uses another tool",
            tool.display()
        );
        assert!(text.starts_with("//! "), "{} does not begin with a //! comment", tool.display());
    }
}

#[test]
fn the_tool_list_matches_the_binaries() {
    let manifest: toml::Table =
        fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).unwrap().parse().unwrap();
    let bins = manifest["bin"].as_array().unwrap().iter().map(|bin| {
        let name = bin["name"].as_str().unwrap();
        assert_eq!(bin["path"].as_str().unwrap(), format!("bins/{name}.rs"));
        name
    });
    let bins: Vec<&str> = bins.collect();
    assert_eq!(bins, [TOOLS, &["spamops"]].concat());
}

#[test]
fn stats_compare_and_drift_are_pure() {
    let lib = Path::new(ROOT).join("bins/lib");
    let impure =
        ["std::time", "std::env", "std::io", "std::fs", "std::net", "std::process", "println!", "eprint"];
    for folder in ["stats", "compare", "drift"] {
        for file in rust_files(&lib.join(folder)) {
            let text = fs::read_to_string(&file).unwrap();
            let found = impure.iter().find(|word| text.contains(**word));
            assert_eq!(found, None, "{}", file.display());
        }
    }
}

#[test]
fn only_the_net_feature_opens_connections() {
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
    assert!(names.contains(&"csv-core"), "cargo tree printed no dependencies: {tree}");
    let found = names.iter().find(|name| NETWORK.contains(name));
    assert_eq!(found, None);
}

/// Calls that create, change or delete files.
const FILE_WRITERS: [&str; 12] = [
    "File::create",
    "File::options",
    "OpenOptions",
    "fs::write",
    "fs::copy",
    "fs::rename",
    "fs::hard_link",
    "fs::create_dir",
    "fs::remove_file",
    "fs::remove_dir",
    "fs::set_permissions",
    "::symlink(",
];

/// The only files of the library that write files: they follow no link. `tests/owned_files.rs` tests them.
const WRITING_FILES: [&str; 2] = ["io/live_files.rs", "io/owned_file.rs"];

#[test]
fn only_listed_files_write_files() {
    let lib = Path::new(ROOT).join("bins/lib");
    let mut directories = 0;
    for file in rust_files(&lib) {
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        directories += code.matches("OwnedDirectory = OwnedDirectory {").count();
        let begins_name = |start: usize| !code[..start].ends_with(|c: char| c.is_ascii_alphanumeric());
        let found = FILE_WRITERS.iter().find(|call| {
            code.match_indices(**call).any(|(start, _)| call.starts_with(':') || begins_name(start))
        });
        let is_allowed = WRITING_FILES.iter().any(|allowed| file == lib.join(allowed));
        assert!(is_allowed || found.is_none(), "{} uses {found:?}", file.display());
    }
    assert_eq!(directories, OWNED_DIRECTORIES.len(), "OWNED_DIRECTORIES must list every OwnedDirectory");
}

/// Files outside `publish` and `mlflow` that may use modules behind the feature `net`.
const NETWORK_USERS: [&str; 4] = ["lib/cli/publish_args.rs", "promote.rs", "track.rs", "spamops/notify.rs"];

/// Modules that use the network only through other modules.
const INDIRECT: [&str; 2] = ["publish::move_published", "cli::publish_args"];

/// Client libraries, each with the only module that may use it.
const CLIENTS: [(&str, &str); 2] = [("ureq", "lib/publish/http"), ("octocrab", "lib/publish/github")];

#[test]
fn only_listed_files_use_the_network() {
    let bins = Path::new(ROOT).join("bins");
    let mut network_modules = Vec::new();
    for folder in ["publish", "mlflow"] {
        let listed = fs::read_to_string(bins.join("lib").join(folder).join("mod.rs")).unwrap();
        let modules = listed.split("#[cfg(feature = \"net\")]\npub mod ").skip(1);
        network_modules
            .extend(modules.filter_map(|rest| Some(format!("{folder}::{}", rest.split(';').next()?))));
    }
    assert!(
        network_modules.contains(&"publish::http".into())
            && network_modules.contains(&"mlflow::server".into()),
        "{network_modules:?}"
    );
    for file in rust_files(&bins) {
        let text = fs::read_to_string(&file).unwrap();
        let inside = file.strip_prefix(&bins).unwrap();
        let uses_network = network_modules.iter().any(|module| text.contains(&format!("::{module}")))
            || INDIRECT.iter().any(|path| text.contains(path));
        let is_allowed = ["lib/publish", "lib/mlflow"].iter().any(|folder| inside.starts_with(folder))
            || NETWORK_USERS.iter().any(|user| inside == Path::new(user));
        assert!(is_allowed || !uses_network, "{} uses the network", file.display());
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
fn shipped_scripts_never_unpickle_or_evaluate() {
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

/// Modules of the library in the order of `lib.rs` and the `mod.rs` files, bottom up.
#[derive(Default)]
struct Modules {
    /// Position of each path, such as `rows::label`. A folder has the position of its last module.
    order: HashMap<String, usize>,
    /// Module of each re-exported name: `rows::Row` is in `rows::row`.
    re_exports: HashMap<String, String>,
}

impl Modules {
    /// Adds the modules that a file lists, then the modules that these modules list.
    fn list(&mut self, directory: &Path, file: &Path, path: &str) {
        let text = fs::read_to_string(file).unwrap();
        for line in text.lines() {
            let line =
                line.split_once("mod ").filter(|(before, _)| before.is_empty() || before.starts_with("pub"));
            let Some(name) = line.and_then(|(_, rest)| rest.strip_suffix(';')) else { continue };
            let inner = if path.is_empty() { name.to_owned() } else { format!("{path}::{name}") };
            let folder = directory.join(name);
            if folder.is_dir() {
                self.list(&folder, &folder.join("mod.rs"), &inner);
            }
            self.order.insert(inner, self.order.len());
        }
        for statement in text.split(';').map(str::trim_start).filter(|part| part.starts_with("pub")) {
            let Some((module, names)) =
                statement.split_once("use ").and_then(|(_, path)| path.rsplit_once("::"))
            else {
                continue;
            };
            for name in names.trim_matches(['{', '}']).split(',').map(str::trim) {
                self.re_exports.insert(format!("{path}::{name}"), format!("{path}::{module}"));
            }
        }
    }

    /// Module of a path. The last names of the path may be items.
    fn find(&self, path: &str) -> Option<String> {
        let mut path = path.to_owned();
        loop {
            if let Some(module) = self.re_exports.get(&path) {
                return Some(module.clone());
            }
            if self.order.contains_key(&path) {
                return Some(path);
            }
            path.truncate(path.rfind("::")?);
        }
    }
}

/// Module path of a file: `rows/label.rs` is `rows::label`.
fn path_of(file: &Path) -> String {
    let parts: Vec<&str> = file.iter().map(|part| part.to_str().unwrap()).collect();
    let path = parts.join("::");
    let path = path.strip_suffix(".rs").unwrap();
    if path == "lib" { String::new() } else { path.strip_suffix("::mod").unwrap_or(path).to_owned() }
}

/// All paths that a module uses through `crate::` or `super::`, with braces expanded. Unit tests are ignored.
fn uses(text: &str, own: &str) -> Vec<String> {
    let text = text.split("#[cfg(test)]").next().unwrap();
    let outer = own.rsplit_once("::").map_or("", |(outer, _)| outer);
    let mut found = Vec::new();
    for (word, base) in [("crate::", ""), ("super::", outer)] {
        for (start, _) in text.match_indices(word) {
            let rest = &text[start + word.len()..];
            let path: String =
                rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "_:".contains(*c)).collect();
            let list = rest[path.len()..].strip_prefix('{').and_then(|list| list.split('}').next());
            let prefix = if base.is_empty() { path.clone() } else { format!("{base}::{path}") };
            match list.filter(|_| path.is_empty() || path.ends_with("::")) {
                Some(list) => {
                    for name in list.split(',').map(str::trim).filter(|name| !name.is_empty()) {
                        let name = name.strip_prefix("self").unwrap_or(name);
                        found.push(format!("{prefix}{name}").trim_end_matches(':').to_owned());
                    }
                }
                None => found.push(prefix),
            }
        }
    }
    found
}

/// All Rust files under a directory.
fn rust_files(directory: &Path) -> Vec<PathBuf> {
    files(directory, &["rs"])
}

/// All files under a directory with one of these extensions.
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
