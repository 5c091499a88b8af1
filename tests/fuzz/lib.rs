//! Shared by the fuzz targets: a directory for the files of one process.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use spamops::io::stream::Place;

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("spamops-fuzz-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
});

/// A file of this name in the folder.
pub fn place(name: &str) -> Place {
    Place::File(FOLDER.join(name))
}

/// A file of this name with these bytes: the tools read places, and so do the targets.
pub fn file(name: &str, bytes: &[u8]) -> Place {
    fs::write(FOLDER.join(name), bytes).unwrap();
    place(name)
}
