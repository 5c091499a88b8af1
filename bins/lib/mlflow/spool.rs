//! Defines the spool: plans that wait for a server, in order, and the contents of their files by digest.
//!
//! A plan gets its name only when it is complete, so a killed process never leaves an incomplete plan.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Error, Result, ensure};
use sha2::{Digest, Sha256};

use crate::io::durable;
use crate::io::limits;
use crate::io::owned_file::{create_directories, open_lock, remove};
use crate::io::result_file::{self, hex};
use crate::io::stream::{Place, read_file};
use crate::mlflow::owned_files::SPOOL_FILES;
use crate::mlflow::server::is_transient;
use crate::mlflow::tracking::{Contents, TrackReport, TrackingPlan};
use crate::registry::json_files;

/// The plans that were sent, and the plans that still wait.
#[derive(Default)]
pub struct FlushedPlans {
    /// Plans that were sent, with their reports.
    pub sent: Vec<(PathBuf, TrackReport)>,
    /// Plans that still wait, with the error; `None` if the plan was not tried.
    pub kept: Vec<(PathBuf, Option<Error>)>,
}

/// A directory of plans, locked against other processes while this value exists.
pub struct Spool {
    directory: PathBuf,
    _lock: File,
}

impl Spool {
    /// Opens the spool in a directory, and creates it if needed. Waits until no other process uses the spool, and deletes
    /// temporary files of killed processes.
    pub fn open(directory: &Path) -> Result<Self> {
        let shown = || directory.display().to_string();
        SPOOL_FILES.expect_no_links(directory)?;
        let folders = ["plans", "files"].map(|name| directory.join(name));
        for folder in &folders {
            create_directories(folder).with_context(shown)?;
        }
        let lock = open_lock(&directory.join("lock")).with_context(shown)?;
        lock.lock().with_context(shown)?;
        for folder in &folders {
            durable::leftovers(folder)?.iter().try_for_each(|path| remove(path))?;
        }
        Ok(Self { directory: directory.to_owned(), _lock: lock })
    }

    /// Adds a plan at the end of the queue, and returns its file.
    pub fn add(&self, plan: &TrackingPlan, contents: &Contents) -> Result<PathBuf> {
        for digest in plan.digests() {
            let path = self.file(digest);
            if !path.exists() {
                let bytes = contents
                    .get(digest)
                    .with_context(|| format!("the file with SHA-256 {digest} is missing; pass it again"))?;
                durable::write(&path, bytes)?;
            }
        }
        let last = self.plans()?.last().map_or(0, |path| number(path));
        let path = self.directory.join("plans").join(format!("{:08}.json", last + 1));
        let text = serde_json::to_string(plan)? + "\n";
        durable::write(&path, text.as_bytes())?;
        Ok(path)
    }

    /// The waiting plans, oldest first.
    pub fn plans(&self) -> Result<Vec<PathBuf>> {
        let mut plans = json_files(&self.directory.join("plans"))?;
        plans.sort_by_key(|path| number(path));
        Ok(plans)
    }

    pub fn read(&self, path: &Path) -> Result<TrackingPlan> {
        let place = Place::File(path.to_owned());
        let text = place.read_text_within(limits::RESULT_BYTES)?;
        ensure!(!text.trim().is_empty(), "{place}: is empty; remove it, then track the same files again");
        result_file::parse(&text, "plan").with_context(|| place.to_string())
    }

    /// The content with this digest. Fails if the content is damaged.
    pub fn contents(&self, digest: &str) -> Result<Vec<u8>> {
        let path = self.file(digest);
        let bytes = read_file(&path, limits::FILE_BYTES)?;
        ensure!(
            hex(&Sha256::digest(&bytes)) == digest,
            "{}: is damaged; remove it, then track the same files again",
            path.display()
        );
        Ok(bytes)
    }

    /// Removes a plan that was sent, and the contents that no other plan needs.
    pub fn remove(&self, path: &Path) -> Result<()> {
        remove(path)?;
        let mut needed = Vec::new();
        for path in self.plans()? {
            match self.read(&path) {
                Ok(plan) => needed.extend(plan.digests().cloned()),
                // An unreadable plan may need any content, so nothing is removed.
                Err(_) => return Ok(()),
            }
        }
        let files = self.directory.join("files");
        for entry in fs::read_dir(&files).with_context(|| files.display().to_string())? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !needed.contains(&name) {
                remove(&path)?;
            }
        }
        Ok(())
    }

    /// Sends the plans in order, and removes each plan that was sent.
    ///
    /// If the server rejects a plan, the plan stays and the next one is sent. If the server cannot be reached, all
    /// remaining plans stay.
    pub fn drain(&self, send: &mut dyn FnMut(&TrackingPlan) -> Result<TrackReport>) -> Result<FlushedPlans> {
        let mut flushed = FlushedPlans::default();
        let mut is_unreachable = false;
        for path in self.plans()? {
            if is_unreachable {
                flushed.kept.push((path, None));
                continue;
            }
            match self.read(&path).and_then(|plan| send(&plan)) {
                Ok(tracked) => {
                    self.remove(&path)?;
                    flushed.sent.push((path, tracked));
                }
                Err(error) => {
                    is_unreachable = is_transient(&error);
                    flushed.kept.push((path, Some(error)));
                }
            }
        }
        Ok(flushed)
    }

    fn file(&self, digest: &str) -> PathBuf {
        self.directory.join("files").join(digest)
    }
}

fn number(path: &Path) -> u64 {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    stem.parse().unwrap_or(u64::MAX - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mlflow::tracking::{TrackedFile, TrackingTarget};

    fn plan(reason: &str, contents: &mut Contents) -> TrackingPlan {
        let promotion = format!(
            r#"{{"schema": "spamops/promote/1", "tool": {{"name": "promote", "version": "1"}}, "name": "mail",
            "alias": "champion", "action": "assigned", "changed": true, "version": 3, "previous_version": null,
            "digest": "93f64caf354f8c51372d24c1fa53fdd8c54a24b11605cbaff49cdb5ad6a587ea", "sequence": 9, "moved": "2026-10-01", "reason": "{reason}", "actor": null, "writes": []}}"#
        );
        let promotion = TrackedFile { name: "promote.json".into(), bytes: promotion.into() };
        let other = TrackedFile { name: "a.txt".into(), bytes: "the same".into() };
        TrackingPlan::new("track", 7, TrackingTarget::default(), vec![promotion, other], contents).unwrap()
    }

    #[test]
    fn keeps_plans_unchanged_and_leaves_no_files() {
        let directory = std::env::temp_dir().join(format!("spamops-spool-{}", std::process::id()));
        let _ = fs::remove_dir_all(&directory);
        let spool = Spool::open(&directory).unwrap();
        let mut contents = Contents::new();
        let [one, other] = ["one", "other"].map(|reason| plan(reason, &mut contents));
        let first = spool.add(&one, &contents).unwrap();
        // A killed run can leave a temporary file. The spool ignores this file.
        fs::write(directory.join("plans/.00000002.json.tmp"), "{").unwrap();
        let second = spool.add(&other, &contents).unwrap();
        assert_eq!(spool.plans().unwrap(), [first.clone(), second.clone()]);
        assert_eq!((spool.read(&first).unwrap(), spool.read(&second).unwrap()), (one.clone(), other.clone()));
        spool.remove(&first).unwrap();
        for document in &other.documents {
            assert_eq!(spool.contents(&document.digest).unwrap(), contents[&document.digest]);
        }
        assert_eq!(fs::read_dir(directory.join("files")).unwrap().count(), 2);
        fs::write(directory.join("files").join(&other.documents[0].digest), "changed").unwrap();
        let damaged = spool.contents(&other.documents[0].digest).unwrap_err().to_string();
        assert!(damaged.ends_with(": is damaged; remove it, then track the same files again"), "{damaged}");
        spool.remove(&second).unwrap();
        assert_eq!(fs::read_dir(directory.join("files")).unwrap().count(), 0);
        drop(spool);
        Spool::open(&directory).unwrap();
        assert_eq!(fs::read_dir(directory.join("plans")).unwrap().count(), 0);
        fs::remove_dir_all(&directory).unwrap();
    }
}
