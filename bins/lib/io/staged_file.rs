//! Writes a file under a temporary name, then renames it: readers see the old file or the new one, never a part.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::Builder;

use super::live_files::LiveFile;

/// The failure that a placed file survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Durability {
    /// A killed process. No sync is needed.
    Kill,
    /// A killed process or a power loss. The file is synced, then its directory.
    PowerLoss,
}

/// Maximum number of characters of the final name in the temporary name, which has a limit of 255 bytes.
const MAX_SHOWN: usize = 50;

/// A file under a temporary name. Dropping it without [`StagedFile::place`] deletes it.
pub(super) struct StagedFile {
    writer: BufWriter<File>,
    temporary: LiveFile,
    path: PathBuf,
    durability: Durability,
}

impl StagedFile {
    /// Creates a file named `.NAME.RANDOM.tmp` in the directory of `path`.
    ///
    /// The name is random and new, because a link at a known name would lead the writer to another file.
    pub(super) fn create(path: &Path, durability: Durability) -> io::Result<Self> {
        let name = path.file_name().ok_or_else(|| io::Error::other("is not a file name; name a file"))?;
        let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
        let directory = directory.unwrap_or_else(|| Path::new(".")).canonicalize()?;
        let shown: String = name.to_string_lossy().chars().take(MAX_SHOWN).collect();
        let prefix = format!(".{shown}.");
        let mut names = Builder::new();
        names.prefix(&prefix).suffix(".tmp");
        let (file, temporary) = LiveFile::create(&names, &directory, Some(directory.join(name)), false)?;
        Ok(Self { writer: BufWriter::new(file), temporary, path: path.to_path_buf(), durability })
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
        self.temporary.place(&self.path)?;
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
