//! Crash-safe files for the registry and the MLflow spool: written, synced to disk, then renamed by `staged_file`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::staged_file::{Durability, StagedFile, sync_directory_of};

/// A whole file that is on the disk, and not yet under its name.
pub(crate) struct ReadyFile {
    file: StagedFile,
    path: PathBuf,
}

impl ReadyFile {
    /// Writes the bytes beside the file they become.
    pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<Self> {
        // Found out by the rename it would be too late: what makes the move happen was written by then.
        ensure!(!path.is_dir(), "{}: is a directory", path.display());
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let written = StagedFile::create(path, &format!(".{name}.tmp"), Durability::PowerLoss);
        let written = written.and_then(|mut file| {
            file.write_all(bytes)?;
            file.complete()?;
            Ok(file)
        });
        let file = written.with_context(|| path.display().to_string())?;
        Ok(Self { file, path: path.to_path_buf() })
    }

    /// Gives the file its name.
    pub(crate) fn place(self) -> Result<()> {
        let Self { file, path } = self;
        file.place().with_context(|| path.display().to_string())
    }
}

/// Writes a whole file; its directory is made where it is missing.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    path.parent().map_or(Ok(()), directory)?;
    ReadyFile::write(path, bytes)?.place()
}

/// Makes a directory where it is missing, and those above it.
pub(crate) fn directory(path: &Path) -> Result<()> {
    let is_missing = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
    let missing: Vec<&Path> = path.ancestors().take_while(is_missing).collect();
    let made = if missing.is_empty() { Ok(()) } else { fs::create_dir_all(path) };
    let made = made.and_then(|()| missing.into_iter().try_for_each(sync_directory_of));
    made.with_context(|| path.display().to_string())
}

/// What runs that were killed have left in a directory: files on their way to their name.
pub(crate) fn leftovers(directory: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| directory.display().to_string())?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.with_context(|| directory.display().to_string())?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // A link, too: what is written to it would be written elsewhere.
        let is_file = !entry.file_type().with_context(|| directory.display().to_string())?.is_dir();
        if name.starts_with('.') && name.ends_with(".tmp") && is_file {
            found.push(entry.path());
        }
    }
    found.sort_unstable();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_only_once_it_is_placed() {
        let directory = std::env::temp_dir().join(format!("spamops-durable-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let path = directory.join("a.json");
        let ready = ReadyFile::write(&path, b"one").unwrap();
        assert!(!path.exists());
        assert_eq!(leftovers(&directory).unwrap(), [directory.join(".a.json.tmp")]);
        drop(ready);
        assert!(leftovers(&directory).unwrap().is_empty());
        write(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        fs::remove_dir_all(&directory).unwrap();
    }
}
