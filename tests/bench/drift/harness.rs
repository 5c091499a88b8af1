//! Measures error rates of `drift` on simulated streams: `harness MODE [--runs N] [--json FILE]` prints a table.
//!
//! The modes: `alarms` counts alarms by scenario and number of rows. `harm` compares estimated F1 with the true F1. `coverage`
//! counts intervals that contain the true F1. `loss`
//! counts retrain requests after a loss of F1. `once` counts retrain requests after a single newsletter. `year` counts false
//! retrains in a year without drift. `policies` runs a stream with harmless and harmful drift under each policy. The runs
//! use several models, each fitted on 5,000 rows without drift. In `coverage`, every run has its own model.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Write};

use serde_json::{Value, json};
use spamops::drift::decision::{DriftDecision, decide};
use spamops::drift::estimated_f1::EstimatedF1;
use spamops::drift::families::Family;
use spamops::drift::history::History;
use spamops::drift::observation::{Champion, DriftEvidence, PastRetrain, VerdictRows};
use spamops::drift::policy::{DriftPolicy, RetrainOn};
use spamops::drift::triggers::TriggerCode;
use spamops::drift::verdict::DriftVerdict;
use spamops::io::dates::Timestamp;
use spamops::io::result_file;
use spamops::io::stream::Place;
use spamops::model::fit::{FitProvenance, fit};
use spamops::model::model_file::Model;
use spamops::model::profile_builder::ProfileBuilder;
use spamops::model::recipe::Preset;
use spamops::model::row_score::ScoringBuffers;
use spamops::model::threads;
use spamops::model::training_rows::{ResourceLimits, TrainingRow};
use spamops::profile::summary::Profile;
use spamops::rows::label::Label;
use spamops::stats::confusion::Confusion;
use spamops::stats::metrics::{Figures, Metrics};
use stream::{Message, Scenario};

#[path = "stream.rs"]
mod stream;

type Done<T> = Result<T, Box<dyn Error>>;

const DAY: i64 = 86_400;

/// Number of rows to fit a model on.
const TRAINING_ROWS: usize = 5000;

/// Number of models.
const MODELS: u64 = 25;

fn main() -> Done<()> {
    let mut arguments = std::env::args().skip(1);
    let mode = arguments
        .next()
        .ok_or("harness alarms|harm|coverage|loss|once|year|policies [--runs N] [--json FILE]")?;
    let (mut runs, mut file) = (500, None);
    while let Some(option) = arguments.next() {
        let value = arguments.next().ok_or("an option needs a value")?;
        match option.as_str() {
            "--runs" => runs = value.parse()?,
            "--json" => file = Some(value),
            _ => return Err(format!("unknown option {option}; use --runs or --json").into()),
        }
    }
    let models = if mode == "coverage" { Vec::new() } else { models()? };
    let found = match mode.as_str() {
        "alarms" => alarms(&models, runs)?,
        "harm" => harm(&models)?,
        "coverage" => coverage(runs)?,
        "loss" => loss(&models, runs)?,
        "once" => once(&models, runs)?,
        "year" => year(&models, runs)?,
        "policies" => policies(&models, runs)?,
        _ => return Err(format!("unknown mode {mode}").into()),
    };
    if let Some(file) = file {
        result_file::write(&Place::File(file.into()), &found)?;
    }
    Ok(())
}

fn print(line: &str) -> Done<()> {
    Ok(writeln!(io::stdout().lock(), "{}", line.trim_end())?)
}

/// A model and the reference profile of its training rows.
struct WatchedModel {
    model: Model,
    profile: Profile,
}

/// State of `drift` between the days of a stream.
#[derive(Clone, Default)]
struct StreamState {
    history: History,
    last_retrain: Option<Timestamp>,
    retrains: Vec<PastRetrain>,
    day: i64,
    policy: DriftPolicy,
    /// Number of labelled rows that arrived, and the number at the last retrain.
    labelled: u64,
    learned: u64,
    /// Number of the current champion.
    champion: u64,
}

fn models() -> Done<Vec<WatchedModel>> {
    let mut models: Vec<(u64, Option<WatchedModel>)> = (0..MODELS).map(|seed| (1000 + seed, None)).collect();
    threads::each(&mut models, 2, |(seed, model)| {
        *model = WatchedModel::of(stream::rows(Scenario::QUIET, TRAINING_ROWS, *seed)).ok();
    });
    let models: Vec<WatchedModel> = models.into_iter().filter_map(|(_, model)| model).collect();
    if models.len() as u64 == MODELS { Ok(models) } else { Err("a model cannot be fitted".into()) }
}

impl WatchedModel {
    fn of(messages: impl Iterator<Item = Message>) -> Done<Self> {
        let row = |Message { text, spam }| TrainingRow::new(text, label(spam));
        let rows: Vec<TrainingRow> = messages.map(row).collect();
        let limits = ResourceLimits { threads: 1, memory: usize::MAX };
        let model = fit(&rows, &Preset::Message.recipe(), FitProvenance::default(), limits)?;
        let profile = model.profile.profile()?;
        Ok(Self { model, profile })
    }

    /// The profile of new messages, and the model's verdicts on them.
    fn observe(&self, messages: impl Iterator<Item = Message>, labelled: bool) -> (Profile, Confusion) {
        let (mut observer, mut confusion) =
            (ProfileBuilder::new(Some(&self.model), |_, _| ()), Confusion::default());
        let mut buffers = ScoringBuffers::default();
        for Message { text, spam } in messages {
            let score = self.model.score(&text, &mut buffers);
            confusion.add(label(spam), self.model.verdict(score));
            observer.message(&text, labelled.then(|| label(spam)));
        }
        (observer.done(), confusion)
    }

    /// Runs `drift` on the next day. Also returns the true confusion.
    fn day(
        &self,
        days: &mut StreamState,
        messages: impl Iterator<Item = Message>,
        labelled: bool,
    ) -> Done<(DriftDecision, Confusion)> {
        let (new, confusion) = self.observe(messages, labelled);
        let figures = Figures::of(&mut [], confusion);
        let metrics = Metrics::new(confusion.total(), figures, "harness");
        let reference = format!("champion {}", days.champion);
        let evidence = DriftEvidence {
            champion: Some(Champion {
                threshold: self.model.threshold,
                confusion: Some(self.model.estimate.pooled.confusion),
                basis: VerdictRows::CrossValidation,
                fitted: None,
                learned: Some(days.learned + TRAINING_ROWS as u64),
            }),
            reference: Some((&self.profile, &reference)),
            new,
            metrics: labelled.then_some(&metrics),
            history: days.history.clone(),
            last_retrain: days.last_retrain,
            retrains: days.retrains.clone(),
            ..DriftEvidence::default()
        };
        let now = Timestamp(days.day * DAY);
        let (decision, record) = decide(&evidence, &days.policy, now)?;
        days.history.add(record)?;
        days.day += 1;
        days.labelled += if labelled { confusion.total() } else { 0 };
        if decision.retrain_needed {
            days.last_retrain = Some(now);
            days.retrains.push(PastRetrain { time: now, was_better: true });
            days.learned = days.labelled;
        }
        Ok((decision, confusion))
    }
}

fn label(spam: bool) -> Label {
    if spam { Label::Positive } else { Label::Negative }
}

fn model_for(models: &[WatchedModel], run: u64) -> &WatchedModel {
    &models[usize::try_from(run % MODELS).unwrap_or(0)]
}

/// The results of `work` for each run, on two threads.
fn each<T: Send>(runs: u64, work: impl Fn(u64) -> Done<T> + Sync) -> Done<Vec<T>> {
    let mut all: Vec<(u64, Option<T>)> = (0..runs).map(|run| (run, None)).collect();
    threads::each(&mut all, 2, |(run, found)| *found = work(*run).ok());
    let found: Vec<T> = all.into_iter().filter_map(|(_, found)| found).collect();
    if found.len() as u64 == runs { Ok(found) } else { Err("a run failed".into()) }
}

/// A rate with Wilson's 99% interval.
struct Rate {
    share: f64,
    low: f64,
    high: f64,
}

impl Rate {
    fn of(part: usize, total: usize) -> Self {
        const Z: f64 = 2.575_829_303_548_901;
        let (share, square) = (part as f64 / total as f64, Z * Z / total as f64);
        let middle = (share + square / 2.0) / (1.0 + square);
        let half_width =
            Z * (share * (1.0 - share) / total as f64 + square / total as f64 / 4.0).sqrt() / (1.0 + square);
        Self { share, low: (middle - half_width).max(0.0), high: (middle + half_width).min(1.0) }
    }

    fn json(&self) -> Value {
        json!({"rate": self.share, "low": self.low, "high": self.high})
    }

    fn text(&self) -> String {
        format!("{:.3} [{:.3}, {:.3}]", self.share, self.low, self.high)
    }
}

fn named(name: &str, strength: f64) -> Done<Scenario> {
    Ok(Scenario::named(name, Some(strength)).ok_or("there is no such scenario")?)
}

/// Alarm rate by scenario and number of rows.
fn alarms(models: &[WatchedModel], runs: u64) -> Done<Value> {
    print(
        "scenario            new   alarms [99% interval]    F1     estimated label shift alarms by family",
    )?;
    let cells: [(&str, f64, &[usize]); 14] = [
        ("quiet", 0.0, &[100, 500, 5000]),
        ("repeats", 0.3, &[100, 500, 5000]),
        ("campaign", 0.02, &[500, 5000]),
        ("campaign", 0.05, &[500, 5000]),
        ("campaign", 0.15, &[100, 500, 5000]),
        ("campaign", 0.4, &[100, 500]),
        ("prior", 0.1, &[100, 500, 5000]),
        ("obfuscation", 0.3, &[100, 500]),
        ("language", 0.1, &[100, 500]),
        ("length", 0.5, &[100, 500]),
        ("harmless", 0.3, &[100, 500, 5000]),
        ("newsletter", 0.2, &[100, 500]),
        ("graded", 0.25, &[500, 5000]),
        ("graded", 0.5, &[500, 5000]),
    ];
    let mut all = Vec::new();
    for (name, strength, sizes) in cells {
        let scenario = named(name, strength)?;
        for &size in sizes {
            let found = each(runs, |run| {
                model_for(models, run).day(
                    &mut StreamState::default(),
                    stream::rows(scenario, size, 1_000_000 + run),
                    false,
                )
            })?;
            all.push(cell(&format!("{name} {strength}"), size, &found)?);
        }
    }
    // With labels, there is one more family of tests.
    for size in [500, 5000] {
        let found = each(runs, |run| {
            model_for(models, run).day(
                &mut StreamState::default(),
                stream::rows(Scenario::QUIET, size, 1_000_000 + run),
                true,
            )
        })?;
        all.push(cell("quiet, labelled", size, &found)?);
    }
    // A week of small days, each pooled with earlier days.
    let found = each(runs, |run| {
        let mut rows = stream::rows(named("campaign", 0.15)?, 700, 1_000_000 + run);
        let mut days = StreamState::default();
        let week: Vec<_> = (0..7)
            .map(|_| model_for(models, run).day(&mut days, rows.by_ref().take(100), false))
            .collect::<Done<_>>()?;
        let drifted = |(day, _): &&(DriftDecision, Confusion)| has_drifted(day);
        week.iter().find(drifted).or(week.last()).cloned().ok_or_else(|| "the week has no days".into())
    })?;
    all.push(cell("campaign 0.15, a week", 100, &found)?);
    Ok(json!({"runs": runs, "fitted": TRAINING_ROWS, "cells": all}))
}

fn has_drifted(decision: &DriftDecision) -> bool {
    decision.assessment.verdict == DriftVerdict::Drifted
}

fn cell(name: &str, size: usize, found: &[(DriftDecision, Confusion)]) -> Done<Value> {
    let drifted = found.iter().filter(|(decision, _)| has_drifted(decision)).count();
    let rate = Rate::of(drifted, found.len());
    let mut families: BTreeMap<&str, usize> = BTreeMap::new();
    let signals = found.iter().flat_map(|(decision, _)| &decision.assessment.signals);
    for signal in signals.filter(|signal| signal.fired) {
        *families.entry(signal.test.family.name()).or_default() += 1;
    }
    let mean = |of: &dyn Fn(&(DriftDecision, Confusion)) -> f64| {
        found.iter().map(of).sum::<f64>() / found.len() as f64
    };
    let label_shift = mean(&|(decision, _)| {
        f64::from(u8::from(decision.assessment.shift.is_some_and(|shift| shift.only_base_rate)))
    });
    let f1 = mean(&|(_, confusion)| confusion.f1());
    let expected = mean(&|(decision, _)| {
        decision.assessment.expected.map_or(f64::NAN, |expected| expected.expected.value)
    });
    let by_family: Vec<String> = families.iter().map(|(family, count)| format!("{family} {count}")).collect();
    print(&format!(
        "{name:22} {size:5}  {}  {f1:.3}  {expected:.3}     {label_shift:.3}     {}",
        rate.text(),
        by_family.join(", ")
    ))?;
    Ok(
        json!({"scenario": name, "new": size, "alarms": rate.json(), "f1": f1, "expected": expected, "label_shift": label_shift, "families": families}),
    )
}

/// Estimated and true F1 on blocks of 3,000 rows with graded harm, campaigns or harmless changes.
fn harm(models: &[WatchedModel]) -> Done<Value> {
    let mut blocks: Vec<(&'static str, f64)> =
        (0..20).map(|step| ("graded", f64::from(step) / 20.0)).collect();
    blocks.extend([0.05, 0.1, 0.15, 0.2, 0.3, 0.4].map(|strength| ("campaign", strength)));
    blocks.extend([0.1, 0.2, 0.3, 0.5, 0.7].map(|strength| ("harmless", strength)));
    blocks.extend([0.1, 0.3].map(|strength| ("newsletter", strength)));
    blocks.extend([0.3, 1.0].map(|strength| ("obfuscation", strength)));
    blocks.extend([("quiet", 0.0), ("quiet", 0.0), ("quiet", 0.0)]);
    let watched = model_for(models, 0);
    let found = each(blocks.len() as u64, |block| {
        let (name, strength) = blocks[usize::try_from(block)?];
        let rows = stream::rows(named(name, strength)?, 3000, 3_000_000 + block);
        let (decision, confusion) = watched.day(&mut StreamState::default(), rows, false)?;
        let estimated = decision.assessment.expected.map_err(|_| "F1 was not estimated")?;
        let distance = |family: Family| {
            let mut tests = decision.assessment.signals.iter().map(|signal| &signal.test);
            tests.find(|test| test.family == family).map_or(0.0, |test| test.effect)
        };
        Ok((
            name,
            strength,
            confusion.f1(),
            estimated.expected.value,
            distance(Family::Score),
            distance(Family::Classifier),
        ))
    })?;
    let truth: Vec<f64> = found.iter().map(|block| block.2).collect();
    let correlation =
        |of: &dyn Fn(&Block) -> f64| spearman(&truth, &found.iter().map(of).collect::<Vec<_>>());
    let (expected, score, classifier) =
        (correlation(&|block| block.3), correlation(&|block| block.4), correlation(&|block| block.5));
    print("block of 3000 rows      true F1  estimated score D  AUC")?;
    for (name, strength, f1, expected, score, classifier) in &found {
        print(&format!(
            "{:22}   {f1:.3}    {expected:.3}     {score:.3}   {classifier:.3}",
            format!("{name} {strength}")
        ))?;
    }
    print(&format!(
        "rank correlation with the true F1 over {} blocks: estimated F1 {expected:.3}, score D {score:.3}, AUC {classifier:.3}",
        found.len()
    ))?;
    let points: Vec<Value> = found
        .iter()
        .map(|(name, strength, f1, expected, ..)| json!([name, strength, f1, expected]))
        .collect();
    Ok(
        json!({"spearman": {"expected": expected, "score": score, "classifier": classifier}, "blocks": points}),
    )
}

/// How often the 95% interval of estimated F1 contains the true F1, if a score keeps its meaning. Every run has its own
/// model: runs with the same model would share the error of its calibration.
fn coverage(runs: u64) -> Done<Value> {
    let cells = [("quiet", 0.0), ("prior", 0.1), ("prior", -0.2), ("length", 0.5)]
        .into_iter()
        .flat_map(|(name, strength)| [300, 1000, 5000].map(|size| (name, strength, size)));
    let cells: Vec<(&str, f64, usize)> = cells.collect();
    let found = each(runs, |run| {
        let watched = WatchedModel::of(stream::rows(Scenario::QUIET, TRAINING_ROWS, 15_000_000 + run))?;
        let cell = |(name, strength, size): &(&str, f64, usize)| -> Done<(EstimatedF1, f64)> {
            let rows = stream::rows(named(name, *strength)?, *size, 13_000_000 + run);
            let (decision, confusion) = watched.day(&mut StreamState::default(), rows, false)?;
            Ok((decision.assessment.expected.map_err(|_| "F1 was not estimated")?, confusion.f1()))
        };
        cells.iter().map(cell).collect::<Done<Vec<_>>>()
    })?;
    print("scenario             new   coverage [99% interval]   F1     estimated width   adjusted doubted")?;
    let mut all = Vec::new();
    for (place, (name, strength, size)) in cells.iter().enumerate() {
        let found: Vec<(EstimatedF1, f64)> = found.iter().map(|run| run[place]).collect();
        let holds = |(estimated, truth): &&(EstimatedF1, f64)| {
            (estimated.expected.interval.0..=estimated.expected.interval.1).contains(truth)
        };
        let covered = Rate::of(found.iter().filter(holds).count(), found.len());
        let mean =
            |of: &dyn Fn(&(EstimatedF1, f64)) -> f64| found.iter().map(of).sum::<f64>() / found.len() as f64;
        let (truth, value) = (mean(&|run| run.1), mean(&|run| run.0.expected.value));
        let width = mean(&|run| run.0.expected.interval.1 - run.0.expected.interval.0);
        let adjusted = mean(&|run| f64::from(u8::from(run.0.adjusted)));
        let doubted = mean(&|run| f64::from(u8::from(run.0.doubt.is_some())));
        let scenario = format!("{name} {strength}");
        print(&format!(
            "{scenario:18} {size:5}   {}      {truth:.3}  {value:.3}     {width:.3}   {adjusted:.3}    {doubted:.3}",
            covered.text()
        ))?;
        all.push(json!({"scenario": scenario, "new": size, "covered": covered.json(), "f1": truth, "expected": value,
            "width": width, "adjusted": adjusted, "doubted": doubted}));
    }
    Ok(json!({"runs": runs, "cells": all}))
}

/// A block of rows: scenario, strength, true F1, estimated F1, distance of the scores, AUC of the drift classifier.
type Block = (&'static str, f64, f64, f64, f64, f64);

/// Spearman's rank correlation without a correction for ties.
fn spearman(one: &[f64], other: &[f64]) -> f64 {
    let ranks = |values: &[f64]| -> Vec<f64> {
        let below = |value: &f64| values.iter().filter(|other| *other < value).count() as f64;
        values.iter().map(below).collect()
    };
    let (one, other) = (ranks(one), ranks(other));
    let mean = one.iter().sum::<f64>() / one.len() as f64;
    let sum =
        |one: &[f64], other: &[f64]| one.iter().zip(other).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>();
    sum(&one, &other) / (sum(&one, &one) * sum(&other, &other)).sqrt()
}

/// Rate of retrain requests within three days of 1,000 rows and on one day of 3,000 rows.
fn loss(models: &[WatchedModel], runs: u64) -> Done<Value> {
    print("change, 3,000 rows         F1 lost   in three days [99%]     in one day [99%]")?;
    let mut all = Vec::new();
    for (name, strength, labelled, retrain_on) in [
        ("quiet", 0.0, false, RetrainOn::default()),
        ("graded", 0.45, false, RetrainOn::default()),
        ("campaign", 0.13, false, RetrainOn::default()),
        ("language", 0.12, false, RetrainOn::default()),
        ("relabel", 0.05, false, RetrainOn::default()),
        ("relabel", 0.05, true, RetrainOn::default()),
        ("harmless", 0.3, false, RetrainOn::Performance),
        ("harmless", 0.7, false, RetrainOn::Performance),
        ("newsletter", 0.2, false, RetrainOn::Performance),
        ("prior", -0.2, false, RetrainOn::Performance),
    ] {
        let scenario = named(name, strength)?;
        // Without a minimum of new labels, unlabelled rows can also request a retrain.
        let policy =
            DriftPolicy { retrain_on, min_new_labels: 0, max_label_growth: None, ..DriftPolicy::default() };
        let found = each(runs, |run| {
            let mut days = StreamState { policy: policy.clone(), ..StreamState::default() };
            let mut rows = stream::rows(scenario, 3000, 5_000_000 + run);
            let mut three = false;
            for _ in 0..3 {
                three |= model_for(models, run)
                    .day(&mut days, rows.by_ref().take(1000), labelled)?
                    .0
                    .retrain_needed;
            }
            let mut day = StreamState { policy: policy.clone(), ..StreamState::default() };
            let rows = stream::rows(scenario, 3000, 5_000_000 + run);
            let (decision, confusion) = model_for(models, run).day(&mut day, rows, labelled)?;
            Ok((
                three,
                decision.retrain_needed,
                model_for(models, run).model.estimate.pooled.f1 - confusion.f1(),
            ))
        })?;
        let count = |of: &dyn Fn(&(bool, bool, f64)) -> bool| {
            Rate::of(found.iter().filter(|run| of(run)).count(), found.len())
        };
        let (three, one) = (count(&|run| run.0), count(&|run| run.1));
        let lost = found.iter().map(|run| run.2).sum::<f64>() / found.len() as f64;
        let change = format!(
            "{name} {strength}{}{}",
            if labelled { ", labelled" } else { "" },
            if retrain_on == RetrainOn::Performance { ", performance" } else { "" }
        );
        print(&format!("{change:28} {lost:5.3}   {}   {}", three.text(), one.text()))?;
        all.push(json!({"change": change, "lost": lost, "three_days": three.json(), "one_day": one.json()}));
    }
    Ok(json!({"runs": runs, "changes": all}))
}

/// Twenty days without labels. On the tenth day, 30% of the rows are one newsletter. Counts the runs that detect it, and the
/// runs that request a retrain afterwards.
fn once(models: &[WatchedModel], runs: u64) -> Done<Value> {
    const NEWSLETTER: usize = 9;
    print("rows a day   newsletter detected      retrain requested")?;
    let mut all = Vec::new();
    for size in [100, 1000] {
        let found = each(runs, |run| {
            let (mut days, mut detected, mut requested) = (StreamState::default(), false, false);
            for day in 0..20 {
                let newsletter = if day == NEWSLETTER { 0.3 } else { 0.0 };
                let rows =
                    stream::rows(Scenario { newsletter, ..Scenario::QUIET }, size * 20, 11_000_000 + run);
                let rows = rows.skip(size * day).take(size);
                let (decision, _) = model_for(models, run).day(&mut days, rows, false)?;
                detected |= day >= NEWSLETTER && has_drifted(&decision);
                requested |= day >= NEWSLETTER && decision.retrain_needed;
            }
            Ok((detected, requested))
        })?;
        let detected = Rate::of(found.iter().filter(|run| run.0).count(), found.len());
        let requested = Rate::of(found.iter().filter(|run| run.1).count(), found.len());
        print(&format!("{size:10}   {}   {}", detected.text(), requested.text()))?;
        all.push(json!({"rows": size, "runs": runs, "seen": detected.json(), "asked": requested.json()}));
    }
    Ok(json!(all))
}

/// Number of false retrains in a year of daily runs without change. All rows are labelled, so that every trigger can fire.
fn year(models: &[WatchedModel], runs: u64) -> Done<Value> {
    print(
        "rows a day   false retrains a year   by reason                 years without any   for more labels",
    )?;
    let mut all = Vec::new();
    for size in [100, 1000] {
        let found = each(runs, |run| {
            let mut rows = stream::rows(Scenario::QUIET, size * 365, 7_000_000 + run);
            let (mut days, mut run_reasons) = (StreamState::default(), Vec::new());
            for _ in 0..365 {
                let (decision, _) =
                    model_for(models, run + days.champion).day(&mut days, rows.by_ref().take(size), true)?;
                if decision.retrain_needed {
                    run_reasons.push(decision.asked.map_or("", TriggerCode::name));
                    days.champion += 1;
                }
            }
            Ok(run_reasons)
        })?;
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        found.iter().flatten().for_each(|run_reasons| *reasons.entry(*run_reasons).or_default() += 1);
        // A retrain because there is more to learn from is not false.
        let more = reasons.remove(TriggerCode::MoreLabels.name()).unwrap_or(0);
        let sum: usize = reasons.values().sum();
        let rate = sum as f64 / found.len() as f64;
        // A normal approximation. Garwood's exact bound for Poisson counts is nearly the same.
        let most = rate + 2.576 * (sum.max(1) as f64).sqrt() / found.len() as f64;
        let is_false = |reason: &&str| *reason != TriggerCode::MoreLabels.name();
        let none = found.iter().filter(|run_reasons| !run_reasons.iter().any(&is_false)).count();
        let more = more as f64 / found.len() as f64;
        print(&format!(
            "{size:10}   {rate:.3} (at most {most:.3})   {reasons:?}   {none} of {}   {more:.2}",
            found.len()
        ))?;
        all.push(json!({"rows": size, "years": found.len(), "false_retrains": rate, "at_most": most, "reasons": reasons, "more_labels": more}));
    }
    Ok(json!(all))
}

/// Sixty days of 1,000 unlabelled rows: one newsletter on day 15, harmless new topics from day 25, harm from day 40. A retrain
/// fits on labelled rows of the same topics, so the next champion knows them.
fn policies(models: &[WatchedModel], runs: u64) -> Done<Value> {
    print("policy                   retrains before the harm   harm detected   mean delay in days")?;
    let mut all = Vec::new();
    let of =
        |retrain_on: RetrainOn| Some(DriftPolicy { retrain_on, min_new_labels: 0, ..DriftPolicy::default() });
    for (name, policy) in [
        ("always", None),
        ("never", None),
        ("every 30 days", None),
        ("performance", of(RetrainOn::Performance)),
        ("persistent-drift", of(RetrainOn::PersistentDrift)),
        ("any-drift", of(RetrainOn::AnyDrift)),
    ] {
        let found = each(runs, |run| match &policy {
            Some(policy) => retrain_days(model_for(models, run), policy, 9_000_000 + run),
            None => Ok((0..60)
                .filter(|day| name == "always" || name == "every 30 days" && day % 30 == 29)
                .collect()),
        })?;
        let runs = found.len() as f64;
        let before = found.iter().flatten().filter(|day| **day < HARM).count() as f64 / runs;
        let first = |days: &Vec<usize>| days.iter().find(|day| **day >= HARM).map(|day| day - HARM);
        let delays: Vec<usize> = found.iter().filter_map(first).collect();
        let delay = (!delays.is_empty()).then(|| delays.iter().sum::<usize>() as f64 / delays.len() as f64);
        let share = delays.len() as f64 / runs;
        let shown = delay.map_or("-".into(), |delay| format!("{delay:.1}"));
        print(&format!("{name:24} {before:12.2} {share:20.2} {shown:>16}"))?;
        all.push(json!({"policy": name, "before": before, "found": share, "delay": delay}));
    }
    Ok(json!({"runs": runs, "policies": all}))
}

/// The first day with harm.
const HARM: usize = 40;

/// The days on which a policy requests a retrain.
fn retrain_days(first: &WatchedModel, policy: &DriftPolicy, seed: u64) -> Done<Vec<usize>> {
    let news = Scenario { harmless: 0.2, ..Scenario::QUIET };
    let rows =
        |scenario: Scenario, from: usize, count: usize| stream::rows(scenario, from + count, seed).skip(from);
    let mut days = StreamState { policy: policy.clone(), ..StreamState::default() };
    let (mut retrains, mut next) = (Vec::new(), None);
    for day in 0..60 {
        let scenario = match day {
            15 => Scenario { newsletter: 0.3, ..Scenario::QUIET },
            25..HARM => news,
            HARM.. => Scenario { graded: 0.6, ..news },
            _ => Scenario::QUIET,
        };
        let champion = next.as_ref().unwrap_or(first);
        if champion.day(&mut days, rows(scenario, day * 1000, 1000), false)?.0.retrain_needed {
            retrains.push(day);
            days.champion += 1;
            let scenario = if day < 25 { Scenario::QUIET } else { news };
            next = Some(WatchedModel::of(rows(scenario, 60_000, TRAINING_ROWS))?);
        }
    }
    Ok(retrains)
}
