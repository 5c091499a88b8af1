//! What `drift` says of made-up streams whose truth is known: `harness MODE [--runs N]` prints a table, `--json FILE` writes it.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Write};

use spamops::data::dates::Timestamp;
use spamops::data::label::Label;
use spamops::judge::confusion::Confusion;
use spamops::judge::metrics::Metrics;
use spamops::learn::corpus::{Lesson, Means};
use spamops::learn::fit::{About, fit};
use spamops::learn::model::{Desk, Model};
use spamops::learn::observe::Observer;
use spamops::learn::profile::Profile;
use spamops::learn::recipe::Preset;
use spamops::learn::threads;
use spamops::watch::drift::{self, Champion, Evidence, Policy, Report};
use spamops::watch::history::{Block, History};
use stream::{Message, Scenario};

#[path = "stream.rs"]
mod stream;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mode = arguments.next().ok_or("a mode is missing")?;
    let mut runs = 500;
    while let Some(option) = arguments.next() {
        let value = arguments.next().ok_or("an option wants a value")?;
        match option.as_str() {
            "--runs" => runs = value.parse()?,
            _ => return Err(format!("unknown option {option}").into()),
        }
    }
    match mode.as_str() {
        "alarms" => alarms(runs),
        _ => Err(format!("unknown mode {mode}").into()),
    }
}

/// A model with what it is watched by.
struct Watched {
    model: Model,
    profile: Profile,
}

impl Watched {
    fn fitted(rows: usize, seed: u64) -> Result<Self, Box<dyn Error>> {
        let lessons: Vec<Lesson> = stream::rows(Scenario::QUIET, rows, seed)
            .map(|Message { text, spam }| Lesson::new(text, label(spam)))
            .collect();
        let means = Means { threads: 1, memory: usize::MAX };
        let model = fit(&lessons, &Preset::Message.recipe(), About::default(), means)?;
        let profile = model.profile.profile()?;
        Ok(Self { model, profile })
    }

    /// The profile of new messages, and what the model makes of them.
    fn sees(&self, messages: impl Iterator<Item = Message>, labelled: bool) -> (Profile, Confusion) {
        let (mut observer, mut confusion) =
            (Observer::new(Some(&self.model), |_, _| ()), Confusion::default());
        let mut desk = Desk::default();
        for Message { text, spam } in messages {
            let score = self.model.score(&text, &mut desk);
            confusion.add(label(spam), self.model.verdict(score));
            observer.message(&text, labelled.then(|| label(spam)));
        }
        (observer.done(), confusion)
    }

    fn decide(
        &self,
        new: Profile,
        metrics: Option<&Metrics>,
        history: History,
        policy: &Policy,
        time: i64,
    ) -> Result<(Report, Block), Box<dyn Error>> {
        let champion = Champion {
            threshold: self.model.threshold,
            confusion: Some(self.model.estimate.pooled.confusion),
            fitted: Some(Timestamp(0)),
        };
        let evidence = Evidence {
            champion: Some(champion),
            reference: Some((&self.profile, "reference")),
            new,
            metrics,
            history,
            ..Evidence::default()
        };
        Ok(drift::decide(evidence, policy, Timestamp(time), "harness")?)
    }
}

fn label(spam: bool) -> Label {
    if spam { Label::Positive } else { Label::Negative }
}

/// Models that the runs are shared out to.
const REFERENCES: u64 = 25;

/// How often there is an alarm, by cell.
fn alarms(runs: u64) -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    let mut watched: Vec<(u64, Option<Watched>)> = (0..REFERENCES).map(|seed| (1000 + seed, None)).collect();
    threads::each(&mut watched, 2, |(seed, watched)| *watched = Watched::fitted(5000, *seed).ok());
    let watched: Vec<Watched> = watched.into_iter().filter_map(|(_, watched)| watched).collect();
    writeln!(out, "{:28} {:>6}  {:>6}  99% interval     F1     est   families", "scenario", "new", "alarms")?;
    for (name, strength, sizes) in [
        ("quiet", None, &[100, 500, 5000][..]),
        ("repeats", Some(0.3), &[100, 500, 5000]),
        ("campaign", Some(0.15), &[100, 500, 700]),
        ("campaign", Some(0.05), &[500, 5000]),
        ("prior", Some(0.1), &[500, 5000]),
        ("obfuscation", Some(0.3), &[500]),
        ("language", Some(0.1), &[500]),
        ("length", Some(0.5), &[500]),
        ("harmless", Some(0.3), &[500, 3000]),
        ("newsletter", Some(0.2), &[500]),
        ("graded", Some(0.25), &[500, 3000]),
        ("graded", Some(0.5), &[500, 3000]),
    ] {
        let scenario = Scenario::named(name, strength).ok_or("no such scenario")?;
        for &size in sizes {
            let mut work: Vec<(u64, Option<(Report, Confusion)>)> =
                (0..runs).map(|run| (run, None)).collect();
            threads::each(&mut work, 2, |(run, found)| {
                let watched = &watched[usize::try_from(*run).unwrap_or(0) % watched.len()];
                let (profile, confusion) =
                    watched.sees(stream::rows(scenario, size, 1_000_000 + *run), false);
                *found = watched
                    .decide(profile, None, History::default(), &Policy::default(), 0)
                    .ok()
                    .map(|(report, _)| (report, confusion));
            });
            let found: Vec<(Report, Confusion)> = work.into_iter().filter_map(|(_, found)| found).collect();
            let alarms = found.iter().filter(|(report, _)| report.verdict == "drifted").count();
            let mut families: BTreeMap<&str, usize> = BTreeMap::new();
            for (report, _) in &found {
                for signal in report.signals.iter().filter(|signal| signal.fired) {
                    *families.entry(&signal.family).or_default() += 1;
                }
            }
            let rate = alarms as f64 / found.len() as f64;
            let (low, high) = wilson99(alarms as f64, found.len() as f64);
            let mean = |of: &dyn Fn(&(Report, Confusion)) -> f64| {
                found.iter().map(of).sum::<f64>() / found.len() as f64
            };
            let f1 = mean(&|(_, confusion)| confusion.f1());
            let est = mean(&|(report, _)| report.expected.map_or(0.0, |expected| expected.expected.value));
            let losing =
                found.iter().filter(|(report, _)| report.retrain_needed || report.reason.is_some()).count();
            writeln!(
                out,
                "{:28} {size:6}  {rate:6.3}  [{low:.3}, {high:.3}]  {f1:.3}  {est:.3}  retrain {losing} {families:?}",
                format!("{name} {}", strength.map_or(String::new(), |s| s.to_string()))
            )?;
        }
    }
    Ok(())
}

fn wilson99(part: f64, whole: f64) -> (f64, f64) {
    let z = 2.575_829_303_548_901;
    let (share, square) = (part / whole, z * z / whole);
    let middle = (share + square / 2.0) / (1.0 + square);
    let reach = z * (share * (1.0 - share) / whole + square / whole / 4.0).sqrt() / (1.0 + square);
    (middle - reach, middle + reach)
}
