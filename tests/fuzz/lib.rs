//! Provides the fuzz targets with a directory for temporary files.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use spamops::io::stream::Place;

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("spamops-fuzz-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
});

/// The place of a temporary file.
pub fn place(name: &str) -> Place {
    Place::File(FOLDER.join(name))
}

/// Writes a temporary file and returns its place.
pub fn file(name: &str, bytes: &[u8]) -> Place {
    fs::write(FOLDER.join(name), bytes).unwrap();
    place(name)
}
