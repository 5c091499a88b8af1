//! Opens the files that spamops owns without following symbolic links, and lists these files by directory.
//!
//! Git carries symbolic links, so a repository can contain a link at any of these paths. spamops follows links only in
//! the part of a path that you name on the command line, never below it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// A directory with files that only spamops writes.
pub struct OwnedDirectory {
    /// Kind of the directory, such as `state`.
    pub kind: &'static str,
    /// Paths below the directory. A path that ends with `/` is a directory and stands before the paths below it. `*`
    /// stands for any part of a file name.
    pub paths: fn() -> Vec<String>,
}

impl OwnedDirectory {
    /// The paths below `root` that are symbolic links.
    pub fn links(&self, root: &Path) -> Result<Vec<PathBuf>> {
        let mut links: Vec<PathBuf> = Vec::new();
        for pattern in (self.paths)() {
            let pattern = pattern.trim_end_matches('/');
            let path = root.join(pattern);
            let Some((before, after)) = pattern.split_once('*') else {
                links.extend(Some(path).filter(|path| is_link(path)));
                continue;
            };
            let directory = path.parent().unwrap_or(root);
            if links.iter().any(|link| link == directory) {
                continue;
            }
            let start = before.rsplit('/').next().unwrap_or_default();
            links.extend(matching_links(directory, start, after)?);
        }
        Ok(links)
    }

    /// Fails if one of the paths below `root` is a symbolic link.
    pub fn expect_no_links(&self, root: &Path) -> Result<()> {
        self.links(root)?.first().map_or(Ok(()), |link| bail!("{}: {LINK}", link.display()))
    }
}

/// The error of a path that is a link.
pub(crate) const LINK: &str =
    "is a symbolic link, and links are not followed here; replace it with the file or directory itself";

/// The links in a directory whose names start and end with these texts, by name. Hidden links do not count.
fn matching_links(directory: &Path, start: &str, end: &str) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(directory) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        entries => entries.with_context(|| directory.display().to_string())?,
    };
    let mut links = Vec::new();
    for entry in entries {
        let entry = entry.with_context(|| directory.display().to_string())?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(start) && name.ends_with(end) && !name.starts_with('.') && is_link(&entry.path())
        {
            links.push(entry.path());
        }
    }
    links.sort_unstable();
    Ok(links)
}

pub(crate) fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink())
}

/// Fails if the path itself is a symbolic link.
pub fn expect_no_link(path: &Path) -> Result<()> {
    if is_link(path) {
        bail!("{}: {LINK}", path.display())
    }
    Ok(())
}

/// Creates the directories of a path below `root`. Fails if one of them is a symbolic link.
pub fn create_directories_below(root: &Path, path: &Path) -> Result<()> {
    let mut directory = root.to_path_buf();
    for part in path.components() {
        directory.push(part);
        expect_no_link(&directory)?;
    }
    create_directories(&directory).with_context(|| directory.display().to_string())
}

/// Opens or creates a file of ours that is locked and never read.
pub(crate) fn open_lock(path: &Path) -> io::Result<File> {
    open(path, OpenOptions::new().write(true).create(true).truncate(false))
}

/// Opens or creates a file of ours to read it and to append to it.
pub(crate) fn open_to_append(path: &Path) -> io::Result<File> {
    open(path, OpenOptions::new().read(true).append(true).create(true))
}

/// Copies a file of ours to a name that no file or link has.
pub(crate) fn copy_to_new(from: &Path, to: &Path) -> io::Result<()> {
    let mut from = open(from, OpenOptions::new().read(true))?;
    let mut to = open(to, OpenOptions::new().write(true).create_new(true))?;
    io::copy(&mut from, &mut to).map(drop)
}

fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    // The flag stops a link that appears after this check.
    if is_link(path) {
        return Err(io::Error::other(LINK));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    }
    options.open(path)
}

/// Deletes a file. A link is deleted, not its target.
pub(crate) fn remove(path: &Path) -> Result<()> {
    fs::remove_file(path).with_context(|| path.display().to_string())
}

/// Creates a directory and its parents if they are missing.
pub(crate) fn create_directories(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// Where an output goes that you name, with `-o` for example.
pub(super) enum NamedOutput {
    /// A device or pipe. It is written directly, because a rename would replace it with a file.
    Device(File),
    /// A file that is replaced as a whole; with its permissions if it exists.
    File(PathBuf, Option<fs::Permissions>),
}

/// Finds out what kind of output a path is. A path that is a link itself is an error, except a link of the system, such
/// as /dev/stdout.
pub(super) fn named_output(path: &Path) -> io::Result<NamedOutput> {
    let is_system_link = expect_own_link(path)?;
    let found = fs::metadata(path).ok();
    if found.as_ref().is_some_and(|found| !found.is_file()) {
        return OpenOptions::new().write(true).open(path).map(NamedOutput::Device);
    }
    let path = if is_system_link && found.is_some() { fs::canonicalize(path)? } else { path.to_path_buf() };
    Ok(NamedOutput::File(path, found.map(|found| without_run_bits(&found.permissions()))))
}

/// Appends to a file that the environment names, such as the job summary.
pub(crate) fn append_to_named(path: &Path, text: &str) -> io::Result<()> {
    expect_own_link(path)?;
    OpenOptions::new().append(true).create(true).open(path)?.write_all(text.as_bytes())
}

/// Whether the path is a link of the system. Any other link is an error.
fn expect_own_link(path: &Path) -> io::Result<bool> {
    let is_system_link = is_link(path) && ["/dev", "/proc"].iter().any(|folder| path.starts_with(folder));
    if is_link(path) && !is_system_link {
        return Err(io::Error::other(
            "is a symbolic link, and links are not followed here; name the file that it points to",
        ));
    }
    Ok(is_system_link)
}

/// Results are data, so a replaced program does not stay one.
#[cfg(unix)]
fn without_run_bits(permissions: &fs::Permissions) -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(permissions.mode() & 0o666)
}

#[cfg(not(unix))]
fn without_run_bits(permissions: &fs::Permissions) -> fs::Permissions {
    permissions.clone()
}
