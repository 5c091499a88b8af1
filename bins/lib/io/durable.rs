//! Files that survive a kill and a loss of power: whole under their name or not there, and on the disk when that is said.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// A file that is written and on the disk, and not yet under its name.
pub(crate) struct StagedFile {
    beside: PathBuf,
    path: PathBuf,
}

impl StagedFile {
    /// Writes the bytes beside the file they become.
    pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let ready = Self { beside: path.with_file_name(format!(".{name}.tmp")), path: path.to_path_buf() };
        // Found out by the rename it would be too late: what makes the move happen was written by then.
        ensure!(!path.is_dir(), "{}: is a directory", path.display());
        let written = File::create(&ready.beside).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        written.with_context(|| path.display().to_string())?;
        Ok(ready)
    }

    /// Gives the file its name.
    pub(crate) fn place(self) -> Result<()> {
        let placed = fs::rename(&self.beside, &self.path).and_then(|()| sync_directory_of(&self.path));
        placed.with_context(|| self.path.display().to_string())
    }
}

impl Drop for StagedFile {
    fn drop(&mut self) {
        // After `place` the file has moved and there is nothing to remove; that error is the good case.
        let _ = fs::remove_file(&self.beside);
    }
}

/// Writes a whole file; its directory is made where it is missing.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    path.parent().map_or(Ok(()), directory)?;
    StagedFile::write(path, bytes)?.place()
}

/// Makes a directory where it is missing, and those above it.
pub(crate) fn directory(path: &Path) -> Result<()> {
    let is_missing = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
    let missing: Vec<&Path> = path.ancestors().take_while(is_missing).collect();
    let made = if missing.is_empty() { Ok(()) } else { fs::create_dir_all(path) };
    let made = made.and_then(|()| missing.into_iter().try_for_each(sync_directory_of));
    made.with_context(|| path.display().to_string())
}

/// Adds bytes to the end of a file; where that fails, the file is as long as before.
pub(crate) fn append(path: &Path, bytes: &[u8]) -> Result<()> {
    let is_new = !path.exists();
    let appended = OpenOptions::new().append(true).create(true).open(path).and_then(|mut file| {
        let length = file.metadata()?.len();
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        if written.is_err() {
            file.set_len(length)?;
        }
        written?;
        if is_new { sync_directory_of(path) } else { Ok(()) }
    });
    appended.with_context(|| path.display().to_string())
}

/// Cuts a file to a length.
pub(crate) fn cut(path: &Path, length: u64) -> Result<()> {
    let cut = OpenOptions::new().write(true).open(path).and_then(|file| {
        file.set_len(length)?;
        file.sync_all()
    });
    cut.with_context(|| path.display().to_string())
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

/// A name in a directory is on the disk only when the directory is.
fn sync_directory_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(directory) if cfg!(unix) => {
            let is_here = directory.as_os_str().is_empty();
            File::open(if is_here { Path::new(".") } else { directory })?.sync_all()
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_only_once_it_is_placed() {
        let directory = std::env::temp_dir().join(format!("spamops-durable-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let path = directory.join("a.json");
        let ready = StagedFile::write(&path, b"one").unwrap();
        assert!(!path.exists());
        assert_eq!(leftovers(&directory).unwrap(), [directory.join(".a.json.tmp")]);
        drop(ready);
        assert!(leftovers(&directory).unwrap().is_empty());
        write(&path, b"two").unwrap();
        append(&path, b" three").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two three");
        cut(&path, 3).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        fs::remove_dir_all(&directory).unwrap();
    }
}
