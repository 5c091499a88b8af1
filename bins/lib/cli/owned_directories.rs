//! Lists the directories with files that only spamops writes, for the checks of symbolic links.

use crate::cycle::files::RUN_FILES;
use crate::io::owned_file::OwnedDirectory;
use crate::mlflow::owned_files::SPOOL_FILES;
use crate::registry::REGISTRY_FILES;
use crate::state::gathered::STATE_FILES;

/// Every directory with files that only spamops writes.
pub const OWNED_DIRECTORIES: [&OwnedDirectory; 4] = [&STATE_FILES, &REGISTRY_FILES, &RUN_FILES, &SPOOL_FILES];
