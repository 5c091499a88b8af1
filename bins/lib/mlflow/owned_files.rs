//! Lists the files of the spool.

use crate::io::owned_file::OwnedDirectory;

pub const SPOOL_FILES: OwnedDirectory = OwnedDirectory {
    kind: "spool",
    paths: || ["plans/", "files/", "lock", "plans/*.json", "files/*"].map(str::to_owned).into(),
};
