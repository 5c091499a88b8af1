//! The spool: plans that wait for a server, in order, and the contents of their files by digest.
//!
//! A plan is written under its name only when it is complete, so a killed process leaves a whole plan or none.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Error, Result, ensure};
use sha2::{Digest, Sha256};

use crate::io::durable;
use crate::io::result_file::{self, hex};
use crate::io::stream::Place;
use crate::mlflow::server::is_passing;
use crate::mlflow::tracking::{Contents, TrackReport, TrackingPlan};
use crate::registry::json_files;

/// What became of the plans.
#[derive(Default)]
pub struct FlushedPlans {
    /// Those that were carried out.
    pub sent: Vec<(PathBuf, TrackReport)>,
    /// Those that wait on, and why; none where it was not their turn.
    pub kept: Vec<(PathBuf, Option<Error>)>,
}

/// A directory of plans; as long as this lives nobody else adds to it or takes from it.
pub struct Spool {
    directory: PathBuf,
    _lock: File,
}

impl Spool {
    /// The spool in a directory, made where it is missing; waits for whoever uses it.
    pub fn open(directory: &Path) -> Result<Self> {
        let shown = || directory.display().to_string();
        for inside in ["plans", "files"] {
            fs::create_dir_all(directory.join(inside)).with_context(shown)?;
        }
        let lock = File::create(directory.join("lock")).with_context(shown)?;
        lock.lock().with_context(shown)?;
        Ok(Self { directory: directory.to_owned(), _lock: lock })
    }

    /// Adds a plan behind those that are there, and gives its file.
    pub fn add(&self, plan: &TrackingPlan, contents: &Contents) -> Result<PathBuf> {
        for digest in plan.digests() {
            let path = self.file(digest);
            if !path.exists() {
                let bytes =
                    contents.get(digest).with_context(|| format!("the file {digest} is not there"))?;
                durable::write(&path, bytes)?;
            }
        }
        let last = self.plans()?.last().map_or(0, |path| number(path));
        let path = self.directory.join("plans").join(format!("{:08}.json", last + 1));
        let text = serde_json::to_string(plan)? + "\n";
        durable::write(&path, text.as_bytes())?;
        Ok(path)
    }

    /// The plans that wait, the oldest first.
    pub fn plans(&self) -> Result<Vec<PathBuf>> {
        let mut plans = json_files(&self.directory.join("plans"))?;
        plans.sort_by_key(|path| number(path));
        Ok(plans)
    }

    /// A plan from its file.
    pub fn read(&self, path: &Path) -> Result<TrackingPlan> {
        result_file::read(&Place::File(path.to_owned()), "plan")
    }

    /// The contents of a digest, which are checked.
    pub fn contents(&self, digest: &str) -> Result<Vec<u8>> {
        let path = self.file(digest);
        let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
        ensure!(hex(&Sha256::digest(&bytes)) == digest, "{}: is damaged; remove it", path.display());
        Ok(bytes)
    }

    /// Removes a plan that was carried out, and the contents that no other needs.
    pub fn remove(&self, path: &Path) -> Result<()> {
        fs::remove_file(path).with_context(|| path.display().to_string())?;
        let mut needed = Vec::new();
        for path in self.plans()? {
            match self.read(&path) {
                Ok(plan) => needed.extend(plan.digests().cloned()),
                // What a plan needs that cannot be read is not known: nothing goes.
                Err(_) => return Ok(()),
            }
        }
        let files = self.directory.join("files");
        for entry in fs::read_dir(&files).with_context(|| files.display().to_string())? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !needed.contains(&name) {
                fs::remove_file(&path).with_context(|| path.display().to_string())?;
            }
        }
        Ok(())
    }

    /// Has the plans carried out in their order, and removes those that were. One that the server refuses stays and the next
    /// has its turn; where there is no server, all that are left stay.
    pub fn drain(
        &self,
        carry_out: &mut dyn FnMut(&TrackingPlan) -> Result<TrackReport>,
    ) -> Result<FlushedPlans> {
        let mut drained = FlushedPlans::default();
        let mut is_over = false;
        for path in self.plans()? {
            if is_over {
                drained.kept.push((path, None));
                continue;
            }
            match self.read(&path).and_then(|plan| carry_out(&plan)) {
                Ok(tracked) => {
                    self.remove(&path)?;
                    drained.sent.push((path, tracked));
                }
                Err(error) => {
                    is_over = is_passing(&error);
                    drained.kept.push((path, Some(error)));
                }
            }
        }
        Ok(drained)
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
    fn plans_come_out_as_they_went_in_and_leave_nothing() {
        let directory = std::env::temp_dir().join(format!("spamops-spool-{}", std::process::id()));
        let _ = fs::remove_dir_all(&directory);
        let spool = Spool::open(&directory).unwrap();
        let mut contents = Contents::new();
        let [one, other] = ["one", "other"].map(|reason| plan(reason, &mut contents));
        let first = spool.add(&one, &contents).unwrap();
        // What a killed run has left is in nobody's way.
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
        assert!(damaged.ends_with(": is damaged; remove it"), "{damaged}");
        spool.remove(&second).unwrap();
        assert_eq!(fs::read_dir(directory.join("files")).unwrap().count(), 0);
        fs::remove_dir_all(&directory).unwrap();
    }
}
