//! Appends lines to files, and removes a line that a killed writer left incomplete.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use serde::de::IgnoredAny;

use super::limits;
use super::owned_file::{create_directories, open_to_append};
use super::staged_file::sync_directory_of;

pub(crate) struct AppendLog {
    file: File,
    path: PathBuf,
}

impl AppendLog {
    /// Opens a file, and creates it if it is missing. The caller must prevent other writers.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let is_new = !path.exists();
        let file = open_to_append(path)
            .and_then(|file| if is_new { sync_directory_of(path).map(|()| file) } else { Ok(file) });
        let file = file.with_context(|| path.display().to_string())?;
        Ok(Self { file, path: path.to_path_buf() })
    }

    /// Opens a file of JSON Lines for one writer at a time; other writers wait. Creates the file and its directory.
    ///
    /// A killed run can leave a last line without a newline. If the line is complete JSON, a newline is added. If not,
    /// the line is removed.
    pub(crate) fn open_locked(path: &Path) -> Result<Self> {
        if let Some(directory) = path.parent() {
            create_directories(directory).with_context(|| directory.display().to_string())?;
        }
        let mut log = Self::open(path)?;
        log.file.lock().with_context(|| log.name())?;
        let complete = log.lines()?.try_fold(0, |sum, line| anyhow::Ok(sum + line?.len() as u64 + 1))?;
        let mut tail = Vec::new();
        let read = log.file.seek(SeekFrom::Start(complete));
        let read = read.and_then(|_| (&log.file).take(limits::FILE_BYTES + 1).read_to_end(&mut tail));
        read.with_context(|| log.name())?;
        ensure!(tail.len() as u64 <= limits::FILE_BYTES, "{}: {}", log.name(), too_long());
        if serde_json::from_slice::<IgnoredAny>(&tail).is_ok() {
            log.append(b"\n")?;
        } else {
            log.cut(complete)?;
        }
        Ok(log)
    }

    /// The complete lines, without their newlines.
    pub(crate) fn lines(&mut self) -> Result<impl Iterator<Item = Result<Vec<u8>>>> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0)).with_context(|| self.name())?;
        let name = self.name();
        Ok(complete_lines(BufReader::new(file)).map(move |line| line.with_context(|| name.clone())))
    }

    /// Appends bytes and syncs them to disk. If an error occurs, the file keeps its previous length.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.try_append(bytes).with_context(|| self.name())
    }

    fn try_append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        let written = self.file.write_all(bytes).and_then(|()| self.file.sync_all());
        if written.is_err() {
            self.file.set_len(length)?;
        }
        written
    }

    /// Truncates the file to a length in bytes.
    pub(crate) fn cut(&mut self, length: u64) -> Result<()> {
        let cut = self.file.set_len(length).and_then(|()| self.file.sync_all());
        cut.with_context(|| self.name())
    }

    fn name(&self) -> String {
        self.path.display().to_string()
    }
}

/// The complete lines, without their newlines.
pub(crate) fn complete_lines(mut from: impl BufRead) -> impl Iterator<Item = Result<Vec<u8>>> {
    std::iter::from_fn(move || {
        let mut line = Vec::new();
        match from.by_ref().take(limits::FILE_BYTES + 1).read_until(b'\n', &mut line) {
            Ok(count) if count as u64 > limits::FILE_BYTES => Some(Err(anyhow!(too_long()))),
            Ok(_) if line.last() == Some(&b'\n') => {
                line.pop();
                Some(Ok(line))
            }
            Ok(_) => None,
            Err(error) => Some(Err(error.into())),
        }
    })
}

fn too_long() -> String {
    format!("a line is longer than {} MB; remove it", limits::FILE_BYTES >> 20)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn appends_at_the_end_and_truncates() {
        let path = std::env::temp_dir().join(format!("spamops-append-{}", std::process::id()));
        fs::write(&path, b"two").unwrap();
        let mut log = AppendLog::open(&path).unwrap();
        log.append(b" three").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two three");
        log.cut(3).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        fs::remove_file(&path).unwrap();
    }
}
