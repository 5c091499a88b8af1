//! Creates empty directories for tests.

use std::fs;
use std::path::{Path, PathBuf};

/// An empty directory, which no other test uses: its path has the name of the test.
pub(crate) fn fresh(name: &str) -> PathBuf {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("main").replace("::", "/");
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test).join(name);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    directory
}
