//! Judges the last move of the champion on labels that arrived after it: the steps `watch` and `resume`.

use std::path::Path;

use anyhow::Result;

use super::run::CycleRun;
use crate::compare::paired_result::CompareVerdict;
use crate::compare::report::CompareReport;
use crate::cycle::command_line::text;
use crate::cycle::files::RunFile;
use crate::cycle::step::CycleStep;
use crate::registry::CHAMPION;
use crate::registry::holds::AliasHold;
use crate::registry::journal::{JournalAction, JournalEntry};

/// Share of the gathered rows for training. The rest is the holdout.
pub(super) const TRAINING: &str = "0.7";

/// Minimum number of distinct messages on which a challenger must be better to end the hold after a rollback.
const TO_RESUME: u64 = 200;

/// The name of the mark that separates the rows before a move from the rows after it.
pub(super) fn mark(entry: &JournalEntry) -> String {
    let digest = entry.digest.get(..12).unwrap_or_default();
    format!("{CHAMPION}-{}-{digest}", entry.sequence.unwrap_or(0))
}

impl CycleRun<'_> {
    /// The last move of the champion; none without a champion.
    pub(super) fn last_move(&self) -> Result<Option<JournalEntry>> {
        Ok(self.registry().journal()?.moves(CHAMPION).next_back().cloned())
    }

    /// The version before the last move, and that move, if it was of this kind and the registry has both models.
    fn moved_from(&self, action: JournalAction) -> Result<Option<(u64, JournalEntry)>> {
        let journal = self.registry().journal()?;
        let last = journal.moves(CHAMPION).next_back().filter(|entry| entry.action == action);
        let from = last.and_then(|entry| Some((entry.from?, entry.clone())));
        Ok(from.filter(|(from, _)| !journal.is_removed(*from)))
    }

    /// Compares the champion with its predecessor on all labels since the promotion, and rolls it back if it is worse.
    pub(super) fn watch(&self) -> Result<()> {
        let Some((from, entry)) = self.moved_from(JournalAction::Assigned)? else { return Ok(()) };
        let is_scored = self.dry_run || self.record.champion == Some(entry.version);
        if !is_scored || !self.write_rows_since(&entry)? {
            return Ok(());
        }
        let settings = &self.record.settings;
        let [rows, champion, former, watch, record] =
            [RunFile::SinceMove, RunFile::Champion, RunFile::Former, RunFile::Watch, RunFile::Promote]
                .map(|file| self.files.name(file));
        self.expect(&champion, CycleStep::Score)?;
        self.export(from)?;
        let evidence = self.in_state(&format!("promotion-{}.json", mark(&entry))).display().to_string();
        let words = ["--champion", &former, "--challenger", &champion, &rows, "--sequential", &evidence];
        self.call_for_result("compare", words.into_iter().chain(["-o", &watch]))?;
        // A person who holds the champion decides about a rollback, too.
        let is_held = self.record.hold.as_ref().is_some_and(|hold| hold.action == JournalAction::Held);
        let report: Option<CompareReport> = self.result_in("watch.json", "compare")?;
        let Some(report) = report.filter(|report| report.verdict == CompareVerdict::Worse && !is_held) else {
            return Ok(());
        };
        let evidence = report.sequential.map_or(0.0, |evidence| evidence.most_for_champion);
        let why = format!(
            "version {} is worse than version {from}: evidence {evidence:.0} (limit 20) on {} distinct labelled messages since its promotion",
            entry.version,
            report.counted()
        );
        let (from, current) = (from.to_string(), entry.version.to_string());
        let in_registry = settings.in_registry();
        let words = ["--rollback", "--to", &from].into_iter().chain(text(&in_registry));
        let words =
            words.chain(["--expect", &current]).chain(["--reason", &why, "--report", &watch, "-o", &record]);
        self.call_for_result("promote", words)
    }

    /// After a rollback, compares the challenger with the current version and with the version that was rolled back, on
    /// the holdout rows that arrived since.
    pub(super) fn resume(&self) -> Result<()> {
        let is_rollback = self.record.hold.as_ref().is_some_and(|hold| hold.rolled_back.is_some());
        let moved = self.moved_from(JournalAction::RolledBack)?.filter(|_| self.dry_run || is_rollback);
        let Some((from, entry)) = moved else { return Ok(()) };
        let is_better =
            self.dry_run || self.result("compare")?.is_some_and(|report: CompareReport| report.deploy_needed);
        if !is_better || !self.write_rows_since(&entry)? {
            return Ok(());
        }
        let [rows, pool, holdout, champion, former, challenger] = [
            RunFile::SinceMove,
            RunFile::SinceMovePool,
            RunFile::SinceMoveHoldout,
            RunFile::Champion,
            RunFile::Former,
            RunFile::Challenger,
        ]
        .map(|file| self.files.name(file));
        // The challenger has learned from the rows of the other side.
        self.call("sample", ["--split", TRAINING, "--rest", &holdout, &rows, "-o", &pool])?;
        if !self.has_rows(&holdout) {
            return Ok(());
        }
        self.export(from)?;
        for (model, report) in [(&champion, RunFile::ResumeCurrent), (&former, RunFile::ResumeFormer)] {
            let words = ["--champion", model, "--challenger", &challenger, &holdout, "-o"];
            self.call_for_result("compare", words.into_iter().chain([&*self.files.name(report)]))?;
        }
        Ok(())
    }

    /// Whether the challenger is better than both versions on enough messages.
    pub(super) fn beats_both(&self) -> Result<bool> {
        let [current, former] = self.resume_reports()?;
        let beats = |report: Option<CompareReport>| {
            report.is_some_and(|report| {
                report.verdict == CompareVerdict::Better && report.counted() >= TO_RESUME
            })
        };
        Ok(beats(current) && beats(former))
    }

    fn resume_reports(&self) -> Result<[Option<CompareReport>; 2]> {
        let read = |name| self.result_in(name, "compare");
        Ok([read("resume-current.json")?, read("resume-former.json")?])
    }

    /// The reason of a promotion that ends a hold.
    pub(super) fn why_resumed(&self, hold: &AliasHold) -> Result<String> {
        let [current, _] = self.resume_reports()?;
        let former = hold.rolled_back.map_or(String::new(), |version| format!(" and version {version}"));
        let messages = current.map_or(0, |report| report.counted());
        Ok(format!(
            "better than version {}{former} on {messages} distinct labelled messages since the rollback",
            hold.version
        ))
    }

    /// Writes the labelled rows that arrived after a move and were not picked. Returns whether there are any.
    fn write_rows_since(&self, entry: &JournalEntry) -> Result<bool> {
        if self.dry_run {
            (self.echo)("# if labels have arrived since the last move of the champion:");
        }
        let rows = self.files.name(RunFile::SinceMove);
        let state = &self.record.settings.state;
        self.call("state", ["labelled", "--state", state, "--after", &mark(entry), "-o", &rows])?;
        Ok(self.has_rows(&rows))
    }

    fn has_rows(&self, path: &str) -> bool {
        self.dry_run || Path::new(path).metadata().is_ok_and(|file| file.len() > 0)
    }

    /// Writes the model of the version before the last move.
    fn export(&self, version: u64) -> Result<()> {
        let in_registry = self.record.settings.in_registry();
        let (version, former) = (version.to_string(), self.files.name(RunFile::Former));
        let words = ["export", &version].into_iter().chain(text(&in_registry));
        self.call("registry", words.chain(["-o", &former]))
    }
}
