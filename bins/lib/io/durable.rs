//! Writes crash-safe files for the registry and the MLflow spool: write, sync to disk, rename.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::owned_file::{create_directories, expect_no_link};
use super::staged_file::{Durability, StagedFile, sync_directory_of};

/// A complete file on disk, still under a temporary name.
pub(crate) struct ReadyFile {
    file: StagedFile,
    path: PathBuf,
}

impl ReadyFile {
    /// Writes the bytes to a temporary file next to `path`.
    pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<Self> {
        // Check now. The rename happens after the journal line is written, when it is too late to fail.
        ensure!(!path.is_dir(), "{}: is a directory; remove or rename it", path.display());
        expect_no_link(path)?;
        let written = StagedFile::create(path, Durability::PowerLoss);
        let written = written.and_then(|mut file| {
            file.write_all(bytes)?;
            file.complete()?;
            Ok(file)
        });
        let file = written.with_context(|| path.display().to_string())?;
        Ok(Self { file, path: path.to_path_buf() })
    }

    /// Renames the file to its final name.
    pub(crate) fn place(self) -> Result<()> {
        let Self { file, path } = self;
        file.place().with_context(|| path.display().to_string())
    }
}

/// Writes a complete file, and creates its directory if it is missing.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    path.parent().map_or(Ok(()), directory)?;
    ReadyFile::write(path, bytes)?.place()
}

/// Creates a directory and its parents if they are missing.
pub(crate) fn directory(path: &Path) -> Result<()> {
    let is_missing = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
    let missing: Vec<&Path> = path.ancestors().take_while(is_missing).collect();
    let made = if missing.is_empty() { Ok(()) } else { create_directories(path) };
    let made = made.and_then(|()| missing.into_iter().try_for_each(sync_directory_of));
    made.with_context(|| path.display().to_string())
}

/// Temporary files that killed runs left in a directory.
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
        // Include symbolic links: removing a link does not change the file that it points to.
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
    fn a_file_appears_when_it_is_placed() {
        let directory = std::env::temp_dir().join(format!("spamops-durable-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let path = directory.join("a.json");
        let ready = ReadyFile::write(&path, b"one").unwrap();
        assert!(!path.exists());
        let left = leftovers(&directory).unwrap();
        let name = left[0].file_name().unwrap().to_str().unwrap();
        assert!(left.len() == 1 && name.starts_with(".a.json.") && name.len() > 12, "{left:?}");
        drop(ready);
        assert!(leftovers(&directory).unwrap().is_empty());
        write(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        fs::remove_dir_all(&directory).unwrap();
    }
}
