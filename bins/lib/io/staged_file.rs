//! Writes a file under a temporary name, then renames it: readers see the old file or the new one, never a part.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// The failure that a placed file survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Durability {
    /// A killed process. No sync is needed.
    Kill,
    /// A killed process or a power loss. The file is synced, then its directory.
    PowerLoss,
}

/// A file under a temporary name. Dropping it without [`StagedFile::place`] deletes it.
pub(super) struct StagedFile {
    writer: BufWriter<File>,
    temporary: PathBuf,
    path: PathBuf,
    durability: Durability,
}

impl StagedFile {
    /// Creates a file named `temporary` in the directory of `path`.
    ///
    /// The name is fixed, not random, so that the next run reuses the file that a killed run left.
    pub(super) fn create(path: &Path, temporary: &str, durability: Durability) -> io::Result<Self> {
        let (path, temporary) = (path.to_path_buf(), path.with_file_name(temporary));
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(&temporary)?;
        // A file left by a killed run is not locked. A file that another output of this run writes is locked.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(io::Error::other("another output writes to this file; name a different one"));
        }
        file.set_len(0)?;
        Ok(Self { writer: BufWriter::new(file), temporary, path, durability })
    }

    /// Sets the permissions, usually the permissions of the file that it replaces.
    pub(super) fn set_permissions(&self, permissions: fs::Permissions) -> io::Result<()> {
        self.writer.get_ref().set_permissions(permissions)
    }

    /// Writes all data. After this call, only the rename can fail.
    pub(super) fn complete(&mut self) -> io::Result<()> {
        self.writer.flush()?;
        match self.durability {
            Durability::Kill => Ok(()),
            Durability::PowerLoss => self.writer.get_ref().sync_all(),
        }
    }

    /// Renames the complete file to its final name.
    pub(super) fn place(self) -> io::Result<()> {
        fs::rename(&self.temporary, &self.path)?;
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
        // After `place`, the temporary file is gone, so the removal fails as expected.
        let _ = fs::remove_file(&self.temporary);
    }
}

/// Syncs the parent directory. A new file name is safe on disk only after this call.
pub(super) fn sync_directory_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(directory) if cfg!(unix) => {
            let is_here = directory.as_os_str().is_empty();
            File::open(if is_here { Path::new(".") } else { directory })?.sync_all()
        }
        _ => Ok(()),
    }
}
