//! spamops init: writes the files that a new repository needs, without overwriting existing files.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Parser;

use ::spamops::cli::tool::{self, Outcome, Scene, Tool};
use ::spamops::io::owned_file::create_directories_below;
use ::spamops::io::stream::Place;

/// Set up a repository: workflow, policy, contract and an empty registry
///
/// What it does: Writes four files and prints the next steps. If one of the files exists already, init writes nothing.
#[derive(Parser)]
#[command(
    name = "init",
    bin_name = "spamops init",
    after_help = "\
Examples:
  cd my-spam-filter && spamops init
  spamops init my-spam-filter --action org/spamops@v1"
)]
pub(crate) struct Args {
    /// Directory of the repository
    #[arg(value_name = "DIR", default_value = ".")]
    directory: PathBuf,

    /// Action that the workflow uses
    #[arg(long, value_name = "OWNER/NAME@REF", default_value = "org/spamops@v1", value_parser = action)]
    action: String,
}

/// The files to write: path and content.
const FILES: [(&str, &str); 4] = [
    (".github/workflows/spamops.yml", include_str!("init/spamops.yml")),
    ("spamops.toml", include_str!("init/spamops.toml")),
    ("data/contract.toml", include_str!("init/contract.toml")),
    ("models/README.md", include_str!("init/models.md")),
];

const NEXT: &str = "\
Next:
  1. Put your messages in data/messages.csv, with the columns text, label (spam, ham or empty) and date (optional).
  2. Check them:   spamops validate --contract data/contract.toml data/messages.csv --output /dev/null
  3. Commit them:  git add --all && git commit --message 'spamops'
  4. Push them:    git push   (the cycle runs every day at 04:17 UTC, and on demand from the Actions page)
";

impl Tool for Args {
    fn run(self, _: &Scene) -> Result<Outcome> {
        let existing: Vec<&str> =
            FILES.iter().map(|(path, _)| *path).filter(|path| self.directory.join(path).exists()).collect();
        if !existing.is_empty() {
            bail!(
                "{}: would overwrite {}; move the files away or choose another directory",
                self.directory.display(),
                existing.join(", ")
            );
        }
        let mut lines = String::new();
        for (path, text) in FILES {
            let directory = Path::new(path).parent().unwrap_or(Path::new(""));
            create_directories_below(&self.directory, directory)?;
            let place = Place::File(self.directory.join(path));
            place.write_text(&text.replace("org/spamops@v1", &self.action))?;
            lines.extend(["wrote ", path, "\n"]);
        }
        Place::Standard.write_text(&(lines + NEXT))?;
        Ok(Outcome::Done)
    }
}

fn action(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./@".contains(c);
    match text.split_once('@') {
        Some((name, reference)) if name.contains('/') && !reference.is_empty() && text.chars().all(plain) => {
            Ok(text.to_owned())
        }
        _ => Err("expected OWNER/NAME@REF, such as org/spamops@v1".into()),
    }
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
