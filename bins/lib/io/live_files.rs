//! Deletes temporary files, and stops the started tool, when SIGHUP, SIGINT or SIGTERM ends the process.
//!
//! If the signal thread cannot be started, a signal ends the process at once, and the temporary files stay.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::Builder;

#[cfg(unix)]
use super::signals;

/// What a signal must undo.
struct Unfinished {
    files: Vec<UnfinishedFile>,
    /// Process ids of the started tools.
    tools: Vec<u32>,
}

struct UnfinishedFile {
    temporary: PathBuf,
    /// The path that the file will get; none if it is deleted after use.
    target: Option<PathBuf>,
}

/// The signal thread never releases this lock, so nothing new is created between the clean-up and the end.
static UNFINISHED: Mutex<Unfinished> = Mutex::new(Unfinished { files: Vec::new(), tools: Vec::new() });

fn unfinished() -> MutexGuard<'static, Unfinished> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A temporary file. Dropping the value deletes the file, and so does a signal.
pub(super) struct LiveFile {
    path: PathBuf,
}

impl LiveFile {
    /// Creates a file under a random name that no file or link has. Fails if this process already writes a file with
    /// the same target.
    pub(super) fn create(
        names: &Builder<'_, '_>,
        directory: &Path,
        target: Option<PathBuf>,
        is_private: bool,
    ) -> io::Result<(File, Self)> {
        signals::watch(clean_up);
        let mut unfinished = unfinished();
        if target.is_some() && unfinished.files.iter().any(|file| file.target == target) {
            return Err(io::Error::other("another output writes to this file; name a different one"));
        }
        let mut cause = None;
        let made = names.make_in(directory, |path| {
            let file = new_file(is_private).open(path);
            file.inspect_err(|error| cause = error.raw_os_error())
        });
        // The error of tempfile contains the random name, so use the error of the system.
        let made = made.map_err(|error| cause.map_or(error, io::Error::from_raw_os_error))?;
        let (file, path) = made.keep().map_err(|error| error.error)?;
        unfinished.files.push(UnfinishedFile { temporary: path.clone(), target });
        Ok((file, Self { path }))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Renames the file to its final name. If the final name is a link, the link is replaced, not its target.
    pub(super) fn place(self, path: &Path) -> io::Result<()> {
        let mut unfinished = unfinished();
        fs::rename(&self.path, path)?;
        unfinished.forget(&self.path);
        Ok(())
    }
}

impl Drop for LiveFile {
    fn drop(&mut self) {
        let mut unfinished = unfinished();
        if unfinished.forget(&self.path) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Unfinished {
    /// Returns whether the file was still unfinished.
    fn forget(&mut self, temporary: &Path) -> bool {
        let before = self.files.len();
        self.files.retain(|file| file.temporary != temporary);
        self.files.len() < before
    }
}

/// Creates a file that does not exist yet. Others can read the file if the umask allows it and it is not private.
fn new_file(is_private: bool) -> fs::OpenOptions {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, if is_private { 0o600 } else { 0o666 });
    #[cfg(not(unix))]
    let _ = is_private;
    options
}

/// Runs a command to its end. A signal that ends this process is sent to the command first, and the process waits until
/// the command has ended.
pub(crate) fn run_tool(command: &mut Command) -> io::Result<ExitStatus> {
    signals::watch(clean_up);
    let mut before = unfinished();
    let mut child = command.spawn()?;
    before.tools.push(child.id());
    drop(before);
    // The process id stays reserved until `wait`, so a signal cannot reach another process.
    signals::wait_for_end(child.id());
    signals::wait_for_own_end();
    let mut after = unfinished();
    after.tools.retain(|tool| *tool != child.id());
    child.wait()
}

/// Passes a signal on to the started tools, waits for their end, and deletes the temporary files.
fn clean_up(signal: i32) {
    let unfinished = unfinished();
    for tool in &unfinished.tools {
        signals::send(signal, *tool);
        signals::wait_for_end(*tool);
    }
    for file in &unfinished.files {
        let _ = fs::remove_file(&file.temporary);
    }
    // Keep the lock: the process ends now, and must create nothing before that.
    std::mem::forget(unfinished);
}

/// On other systems, a signal ends the process at once, and its temporary files stay.
#[cfg(not(unix))]
mod signals {
    pub(super) fn watch(_: fn(i32)) {}

    pub(super) fn send(_: i32, _: u32) {}

    pub(super) fn wait_for_end(_: u32) {}

    pub(super) fn wait_for_own_end() {}
}
