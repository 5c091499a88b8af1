//! Has what arrives changed? Families of tests on distinct messages, each with an effect that must be worth a word.

use serde::{Deserialize, Serialize};

use crate::drift::estimated_f1::EstimatedF1;
use crate::drift::messages::{HASHES, Messages, STEPS, SizeScale, distance, has_flag};
use crate::io::fraction::Fraction;
use crate::model::bayes::probability;
use crate::profile::descriptor::FLAGS;
use crate::rows::label::Label;
use crate::stats::corrections::{benjamini_hochberg, holm};
use crate::stats::power;
use crate::stats::ranking::{Ranking, ScoredLabel};
use crate::stats::significance::homogeneity;
use crate::stats::two_by_two::TwoByTwo;
use crate::stats::welch::{self, WelchSample};
use crate::verdict::p_value;

/// The chance of an alarm where nothing has changed, over all families of a run.
pub const ALPHA: f64 = 0.05;

/// Labelled messages on either side under which their labels are not compared.
const LABELLED: u64 = 30;

/// Messages that must have a word for it to be looked at.
const FREQUENT: u64 = 5;

/// What one family of tests says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// A word for programs, such as `words`.
    pub family: String,
    /// The test.
    pub test: String,
    /// What it is about, where the family has several: the one that moved most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// The p-value, all tests of the family taken into account (Bonferroni).
    pub p: f64,
    /// The p-value, all families taken into account (Holm 1979).
    pub corrected: f64,
    /// How large the change is, by `measure`.
    pub effect: f64,
    /// What the effect is measured in.
    pub measure: String,
    /// The least effect that counts, however small the p-value.
    pub floor: f64,
    /// How far it moved, as it is held against the blocks before: the effect, of a word the difference of its shares.
    pub strength: f64,
    /// How surprising it is next to the blocks before, where there are enough of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surprise: Option<f64>,
    /// Whether it is an alarm.
    pub fired: bool,
    /// A sentence for people.
    pub says: String,
}

/// One test of a family.
struct SignalTest {
    what: String,
    p: f64,
    effect: f64,
    /// How far it moved, where the effect does not say so.
    strength: Option<f64>,
    /// The change in words, such as `from 12% to 18%`.
    says: String,
}

/// What a family is, whatever comes of it.
struct Family {
    code: &'static str,
    test: &'static str,
    measure: &'static str,
    floor: f64,
}

impl Family {
    /// The signal of a family, by its most surprising test among those with a large enough effect. Whatever it is about,
    /// all tests that were made count.
    fn signal(&self, tests: Vec<SignalTest>, made: usize) -> Option<Signal> {
        let enough = |one: &SignalTest| one.effect.abs() >= self.floor;
        let key = |one: &SignalTest| (!enough(one), one.p, -one.effect.abs());
        let most = tests
            .into_iter()
            .min_by(|one, other| key(one).partial_cmp(&key(other)).unwrap_or(std::cmp::Ordering::Equal))?;
        let p = (most.p * made as f64).min(1.0);
        Some(Signal {
            family: self.code.into(),
            test: self.test.into(),
            what: Some(most.what),
            p,
            corrected: p,
            effect: most.effect,
            measure: self.measure.into(),
            floor: self.floor,
            strength: most.strength.unwrap_or(most.effect).abs(),
            surprise: None,
            fired: false,
            says: most.says,
        })
    }
}

const SIZES: Family = Family { code: "sizes", test: "Kolmogorov-Smirnov", measure: "D", floor: 0.10 };
const SCORE: Family = Family { code: "score", test: "Kolmogorov-Smirnov", measure: "D", floor: 0.10 };
const FLAGGED: Family = Family { code: "flags", test: "Fisher, exact", measure: "Cohen's h", floor: 0.10 };
const LABELS: Family =
    Family { code: "labels", test: "chi-square of homogeneity", measure: "difference", floor: 0.03 };
const VERDICTS: Family =
    Family { code: "verdicts", test: "chi-square of homogeneity", measure: "difference", floor: 0.03 };
const WORDS: Family = Family { code: "words", test: "Fisher, exact", measure: "log-odds", floor: 0.7 };
const CLASSIFIER: Family =
    Family { code: "classifier", test: "Welch's t, cross-fitted", measure: "AUC", floor: 0.55 };
const EXPECTED: Family = Family { code: "expected", test: "z", measure: "F1 lost", floor: 0.02 };

/// All families that there is something to compare for.
pub fn all(
    reference: &Messages,
    new: &Messages,
    threshold: Option<Fraction>,
    performance: Option<&EstimatedF1>,
) -> Vec<Signal> {
    let scored = reference.scored && new.scored;
    let threshold = threshold.filter(|_| scored);
    let mut signals: Vec<Signal> = [
        sizes(reference, new),
        if scored { score(reference, new) } else { None },
        flags(reference, new),
        labels(reference, new),
        threshold.and_then(|threshold| verdicts(reference, new, threshold)),
        words(reference, new),
        classifier(reference, new),
        performance.and_then(expected),
    ]
    .into_iter()
    .flatten()
    .collect();
    let corrected = holm(&signals.iter().map(|signal| signal.p).collect::<Vec<_>>());
    for (signal, corrected) in signals.iter_mut().zip(corrected) {
        signal.corrected = corrected;
        signal.fired = corrected <= ALPHA && signal.effect.abs() >= signal.floor;
        let side = if signal.fired { "" } else { ": no drift" };
        signal.says = format!("{} (p {} over all tests){side}", signal.says, p_value(corrected));
    }
    signals
}

/// The least distance that the tests of sizes would show with these messages half of the time.
pub fn detectable(reference: u64, new: u64) -> Option<f64> {
    power::distance(reference, new, level())
}

/// The new messages that these tests need for their floor; none where the reference is too small for any number to do.
pub fn needed(reference: u64) -> Option<u64> {
    power::rows_for_distance(reference, SIZES.floor, level())
}

/// The level of one test of sizes, all tests and families counted.
fn level() -> f64 {
    const FAMILIES: f64 = 8.0;
    ALPHA / FAMILIES / SizeScale::of_looks().count() as f64
}

/// Two histograms of a scale.
fn on_scale(scale: SizeScale, reference: &Messages, new: &Messages) -> Option<SignalTest> {
    let (one, other) = (reference.histogram(scale, reference), new.histogram(scale, reference));
    let (effect, p) = distance(&one, &other)?;
    let mean = |bins: &[u64]| {
        let sum: u64 = (0u64..).zip(bins).map(|(step, count)| step * count).sum();
        sum as f64 / bins.iter().sum::<u64>().max(1) as f64
    };
    let way = if mean(&other) < mean(&one) { "lower" } else { "higher" };
    let name = scale.name();
    Some(SignalTest {
        what: name.into(),
        p,
        effect,
        strength: None,
        says: format!("the {name} is {way} (D {effect:.3})"),
    })
}

fn sizes(reference: &Messages, new: &Messages) -> Option<Signal> {
    let tests: Vec<SignalTest> =
        SizeScale::of_looks().filter_map(|scale| on_scale(scale, reference, new)).collect();
    let made = tests.len();
    SIZES.signal(tests, made)
}

fn score(reference: &Messages, new: &Messages) -> Option<Signal> {
    SCORE.signal(on_scale(SizeScale::Score, reference, new).into_iter().collect(), 1)
}

/// Shares on either side.
fn shares(what: &str, table: TwoByTwo) -> String {
    let share = |[part, rest]: [u64; 2]| 100.0 * part as f64 / (part + rest).max(1) as f64;
    let [new, reference] = table.0;
    format!("{what}: {:.1}% of messages, {:.1}% before", share(new), share(reference))
}

fn flag_table(reference: &Messages, new: &Messages, flag: usize) -> Option<TwoByTwo> {
    let count = |side: &Messages| side.count(|record| has_flag(record, flag));
    TwoByTwo::of(count(new), new.len(), count(reference), reference.len())
}

fn flags(reference: &Messages, new: &Messages) -> Option<Signal> {
    let tests = (0..FLAGS.len()).filter_map(|flag| {
        let table = flag_table(reference, new, flag)?;
        let says = shares(FLAGS[flag], table);
        Some(SignalTest {
            what: FLAGS[flag].into(),
            p: table.exact(),
            effect: table.cohens_h(),
            strength: None,
            says,
        })
    });
    FLAGGED.signal(tests.collect(), FLAGS.len())
}

/// Whether a share has changed.
fn difference(what: &str, new: [u64; 2], reference: [u64; 2]) -> Option<SignalTest> {
    let test = homogeneity(&new, &reference)?;
    let share = |[no, yes]: [u64; 2]| yes as f64 / (no + yes) as f64;
    let table = TwoByTwo([[new[1], new[0]], [reference[1], reference[0]]]);
    Some(SignalTest {
        what: what.into(),
        p: test.p,
        effect: share(new) - share(reference),
        strength: None,
        says: shares(what, table),
    })
}

fn labels(reference: &Messages, new: &Messages) -> Option<Signal> {
    if are_picked(new) {
        return None;
    }
    let (new, reference) = (new.labels(), reference.labels());
    let enough = |labels: [u64; 2]| labels.iter().sum::<u64>() >= LABELLED;
    let test =
        if enough(new) && enough(reference) { difference("labelled positive", new, reference) } else { None };
    LABELS.signal(test.into_iter().collect(), 1)
}

/// Whether the labelled messages were picked, such as the least certain ones: their scores are not like those of the others,
/// and what they show is not so of all.
pub fn are_picked(new: &Messages) -> bool {
    const LEVEL: f64 = 0.01;
    let (mut labelled, mut others) = (vec![0; STEPS], vec![0; STEPS]);
    for (record, step) in new.steps(SizeScale::Score, new) {
        let side = if record.label().is_some() { &mut labelled } else { &mut others };
        side[step] += 1;
    }
    new.scored && distance(&labelled, &others).is_some_and(|(_, p)| p < LEVEL)
}

fn verdicts(reference: &Messages, new: &Messages, threshold: Fraction) -> Option<Signal> {
    let verdicts = |side: &Messages| [side.len() - side.verdicts(threshold), side.verdicts(threshold)];
    let test = difference("taken for positive", verdicts(new), verdicts(reference));
    VERDICTS.signal(test.into_iter().collect(), 1)
}

/// A word that moved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WordChange {
    /// Its hash.
    pub word: u16,
    /// How many messages have it: new ones, and those of the reference.
    pub counts: (u64, u64),
    /// Its log-odds, new over reference.
    pub log_odds: f64,
    /// The p-value of it alone.
    pub p: f64,
}

/// The exact test of every word that is frequent enough; how many were tested, and those that are not plainly at rest.
fn tested(reference: &Messages, new: &Messages) -> (usize, Vec<WordChange>) {
    let (mut made, mut moved) = (0, Vec::new());
    let part = new.len() as f64 / (new.len() + reference.len()) as f64;
    for (word, counts) in (0..=u16::MAX).zip(new.words.iter().zip(&reference.words)) {
        let counts = (u64::from(*counts.0), u64::from(*counts.1));
        let both = counts.0 + counts.1;
        if both < FREQUENT {
            continue;
        }
        made += 1;
        // An exact test takes time, and under two standard errors it finds nothing that survives so many tests.
        let expected = both as f64 * part;
        if (counts.0 as f64 - expected).powi(2) < 4.0 * expected * (1.0 - part) {
            continue;
        }
        if let Some(table) = TwoByTwo::of(counts.0, new.len(), counts.1, reference.len()) {
            moved.push(WordChange { word, counts, log_odds: table.log_odds(), p: table.exact() });
        }
    }
    (made, moved)
}

fn words(reference: &Messages, new: &Messages) -> Option<Signal> {
    let (made, moved) = tested(reference, new);
    let tests = moved.iter().map(|moved| {
        let says =
            shares("a word", TwoByTwo::of(moved.counts.0, new.len(), moved.counts.1, reference.len())?);
        let share = |count: u64, side: &Messages| count as f64 / side.len() as f64;
        let strength = Some(share(moved.counts.0, new) - share(moved.counts.1, reference));
        Some(SignalTest { what: moved.word.to_string(), p: moved.p, effect: moved.log_odds, strength, says })
    });
    let none = SignalTest {
        what: "no word".into(),
        p: 1.0,
        effect: 0.0,
        strength: None,
        says: "no word has moved".into(),
    };
    let tests = tests.flatten().chain([none]).collect();
    (made > 0).then(|| WORDS.signal(tests, made)).flatten()
}

/// The words that moved, by the rate of false discoveries (Benjamini & Hochberg 1995) and a least log-odds; the most
/// surprising first.
pub fn moved(reference: &Messages, new: &Messages) -> Vec<WordChange> {
    let (made, moved) = tested(reference, new);
    // What was not worth a test counts as one that found nothing.
    let mut p: Vec<f64> = moved.iter().map(|moved| moved.p).collect();
    p.resize(made, 1.0);
    let rates = benjamini_hochberg(&p);
    let found = moved
        .into_iter()
        .zip(rates)
        .filter(|(moved, rate)| *rate <= ALPHA && moved.log_odds.abs() >= WORDS.floor);
    let mut found: Vec<WordChange> = found.map(|(moved, _)| moved).collect();
    found.sort_by(|one, other| one.p.total_cmp(&other.p).then(one.word.cmp(&other.word)));
    found
}

/// Can a classifier tell the sides apart by their words? It learns on one half and is tested on the other, and the other
/// way round; the better of two chances counts twice.
fn classifier(reference: &Messages, new: &Messages) -> Option<Signal> {
    let both = [learned(reference, new, false)?, learned(reference, new, true)?];
    let effect = f64::midpoint(both[0].1, both[1].1);
    let p = both[0].0.min(both[1].0);
    let says = format!("a classifier tells new messages from old ones with an AUC of {effect:.3}");
    CLASSIFIER
        .signal(vec![SignalTest { what: "all words together".into(), p, effect, strength: None, says }], 2)
}

/// What naive Bayes that has learned on one half gives for the other: the p-value of new messages scoring higher, and the AUC.
fn learned(reference: &Messages, new: &Messages, half: bool) -> Option<(f64, f64)> {
    let counts = |side: &Messages| {
        let mut counts = vec![0u32; HASHES];
        let mut rows = 0.0;
        for (record, _) in side.records.iter().zip(&side.halves).filter(|(_, of)| **of == half) {
            rows += 1.0;
            record.look.words.iter().for_each(|word| counts[usize::from(*word)] += 1);
        }
        (counts, rows)
    };
    let ((new_counts, new_rows), (old_counts, old_rows)) = (counts(new), counts(reference));
    let share = |count: u32, rows: f64| (f64::from(count) + 0.5) / (rows + 1.0);
    let counts = new_counts.iter().zip(&old_counts);
    let log_odds: Vec<f64> =
        counts.map(|(new, old)| (share(*new, new_rows) / share(*old, old_rows)).ln()).collect();
    let scores = |side: &Messages| -> Vec<f64> {
        let others = side.records.iter().zip(&side.halves).filter(|(_, of)| **of != half);
        let words = others.map(|(record, _)| record.look.words.iter());
        words.map(|words| words.map(|word| log_odds[usize::from(*word)]).sum()).collect()
    };
    let (new, old) = (scores(new), scores(reference));
    let test = welch::test(WelchSample::of(new.iter().copied()), WelchSample::of(old.iter().copied()))?;
    let p = if test.statistic > 0.0 { test.p / 2.0 } else { 1.0 - test.p / 2.0 };
    let labelled = |scores: Vec<f64>, label: Label| {
        scores.into_iter().map(move |score| ScoredLabel::new(probability(score), label))
    };
    let mut both: Vec<ScoredLabel> =
        labelled(new, Label::Positive).chain(labelled(old, Label::Negative)).collect();
    Some((p, Ranking::of(&mut both).roc_auc()?))
}

fn expected(performance: &EstimatedF1) -> Option<Signal> {
    let EstimatedF1 { expected, reference, .. } = performance;
    let says = format!("the F1 to be expected is {:.3}, {:.3} before", expected.value, reference.value);
    let one =
        SignalTest { what: "F1".into(), p: performance.p, effect: performance.lost(), strength: None, says };
    // A gain is no alarm.
    let one = SignalTest { effect: one.effect.max(0.0), ..one };
    EXPECTED.signal(vec![one], 1)
}

/// The flags that moved, each with its p-value, by the same rules.
pub fn moved_flags(reference: &Messages, new: &Messages) -> Vec<(usize, f64)> {
    let tests: Vec<(usize, TwoByTwo)> =
        (0..FLAGS.len()).filter_map(|flag| Some((flag, flag_table(reference, new, flag)?))).collect();
    let p: Vec<f64> = tests.iter().map(|(_, table)| table.exact()).collect();
    let rates = benjamini_hochberg(&p);
    let found = tests
        .iter()
        .zip(p)
        .zip(rates)
        .filter(|(((_, table), _), rate)| *rate <= ALPHA && table.cohens_h().abs() >= FLAGGED.floor);
    found.map(|(((flag, _), p), _)| (*flag, p)).collect()
}

/// The sizes that moved, each with its p-value, by the same rules.
pub fn moved_sizes(reference: &Messages, new: &Messages) -> Vec<(SizeScale, f64)> {
    let tests: Vec<(SizeScale, SignalTest)> =
        SizeScale::of_looks().filter_map(|scale| Some((scale, on_scale(scale, reference, new)?))).collect();
    let rates = benjamini_hochberg(&tests.iter().map(|(_, one)| one.p).collect::<Vec<_>>());
    let found =
        tests.iter().zip(rates).filter(|((_, one), rate)| *rate <= ALPHA && one.effect >= SIZES.floor);
    found.map(|((scale, one), _)| (*scale, one.p)).collect()
}
