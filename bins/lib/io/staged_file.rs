//! Writes a file under a temporary name, then renames it: readers see the old file or the new one, never a part.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// What a placed file survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Durability {
    /// A kill of the process. Costs nothing.
    Kill,
    /// A loss of power, too: the file, and then its name, are waited for until they are on the disk.
    PowerLoss,
}

/// A file that is written and not yet under its name; dropped before that, it is removed.
pub(super) struct StagedFile {
    writer: BufWriter<File>,
    beside: PathBuf,
    path: PathBuf,
    durability: Durability,
}

impl StagedFile {
    /// Begins a file that is written under the name `beside`, in the directory of `path`.
    ///
    /// The name is no random one, as a library would choose: the next run takes over what a killed run has left.
    pub(super) fn create(path: &Path, beside: &str, durability: Durability) -> io::Result<Self> {
        let (path, beside) = (path.to_path_buf(), path.with_file_name(beside));
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(&beside)?;
        // What a killed run has left is not locked; what another output of this run writes is.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(io::Error::other("is written by another output already"));
        }
        file.set_len(0)?;
        Ok(Self { writer: BufWriter::new(file), beside, path, durability })
    }

    /// Gives the file the permissions of the one that it replaces.
    pub(super) fn set_permissions(&self, permissions: fs::Permissions) -> io::Result<()> {
        self.writer.get_ref().set_permissions(permissions)
    }

    /// Writes what is left in memory, so that only the name is missing.
    pub(super) fn complete(&mut self) -> io::Result<()> {
        self.writer.flush()?;
        match self.durability {
            Durability::Kill => Ok(()),
            Durability::PowerLoss => self.writer.get_ref().sync_all(),
        }
    }

    /// Gives the file, which is complete, its name.
    pub(super) fn place(self) -> io::Result<()> {
        fs::rename(&self.beside, &self.path)?;
        match self.durability {
            Durability::Kill => Ok(()),
            Durability::PowerLoss => sync_directory_of(&self.path),
        }
    }
}

impl Write for StagedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Drop for StagedFile {
    fn drop(&mut self) {
        // After `place` the file has moved and there is nothing to remove; that error is the good case.
        let _ = fs::remove_file(&self.beside);
    }
}

/// A name in a directory is on the disk only when the directory is.
pub(super) fn sync_directory_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(directory) if cfg!(unix) => {
            let is_here = directory.as_os_str().is_empty();
            File::open(if is_here { Path::new(".") } else { directory })?.sync_all()
        }
        _ => Ok(()),
    }
}
