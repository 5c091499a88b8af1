//! Creates empty directories for tests.

use std::fs;
use std::path::{Path, PathBuf};

/// Creates an empty directory that no other test uses. Its path contains the name of the test.
pub(crate) fn fresh(name: &str) -> PathBuf {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("main").replace("::", "/");
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test).join(name);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    directory
}
