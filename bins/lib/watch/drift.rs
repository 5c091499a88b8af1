//! Is the live model still right for what arrives now? Every trigger of a retrain, whether it fired or not.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::data::dates::Timestamp;
use crate::data::results::Head;
use crate::data::share::Share;
use crate::judge::divergence;
use crate::judge::intervals;
use crate::judge::metrics::{Confusion, Metrics};
use crate::learn::profile::Profile;
use crate::watch::history::{Block, History, Past};
use crate::watch::moved::{self, Moved, Names};
use crate::watch::performance::{self, Performance};
use crate::watch::policy::{Persistence, Policy, RetrainOn};
use crate::watch::reason::Reason;
use crate::watch::shift::{Shift, shift};
use crate::watch::side::{STEPS, Scale, Side};
use crate::watch::signals::{self, Signal};

/// Distinct messages under which nothing is said.
pub const LEAST: u64 = 30;

/// Labelled rows, and positives or verdicts of it among them, under which F1 says nothing.
pub const LABELLED: (u64, u64) = (30, 10);

/// Distinct messages that performance, labelled or expected, is pooled over.
pub const EXPECTED: u64 = 2000;

/// What unlabelled messages cannot show, whatever is measured.
pub const BLIND: &str = "Without labels a change of what counts as positive cannot be seen, nor can mistakes that the model is \
    sure of: only labels show these.";

/// The champion, as far as it is watched.
#[derive(Clone, Copy, Debug)]
pub struct Champion {
    /// From where on it says yes.
    pub threshold: Share,
    /// Its verdicts on rows it had not seen, where that was measured.
    pub confusion: Option<Confusion>,
    /// When it was fitted.
    pub fitted: Option<Timestamp>,
}

/// What is held against each other.
#[derive(Clone, Debug, Default)]
pub struct Evidence<'a> {
    /// The champion, if there is one.
    pub champion: Option<Champion>,
    /// What messages looked like when it was fitted, or those that it is held against instead; and its digest.
    pub reference: Option<(&'a Profile, &'a str)>,
    /// The new messages.
    pub new: Profile,
    /// How their words are spelled.
    pub names: Names,
    /// What the champion scored on new rows with labels.
    pub metrics: Option<&'a Metrics>,
    /// The runs before this one.
    pub history: History,
    /// Files that are watched, each with its changed lines since the champion.
    pub changes: Vec<(String, u64)>,
    /// When a new model was last asked for.
    pub last_retrain: Option<Timestamp>,
}

/// What `drift` found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Schema and tool.
    #[serde(flatten)]
    pub head: Head,
    /// Seconds since 1970.
    pub time: i64,
    /// `drifted`, `steady` or `insufficient_data`.
    pub verdict: String,
    /// Whether a new model is asked for.
    pub retrain_needed: bool,
    /// Whether labels are asked for, without which a new model would have nothing to learn from.
    pub labels_needed: bool,
    /// The code of the first trigger that fired.
    pub reason: Option<String>,
    /// Every trigger, whether it fired or not.
    pub reasons: Vec<Reason>,
    /// What the verdict is about.
    pub window: Window,
    /// Every family of tests.
    pub signals: Vec<Signal>,
    /// What moved.
    pub moved: Vec<Moved>,
    /// Whether the share of positives moved, or what is in the messages.
    pub shift: Option<Shift>,
    /// The F1 to be expected.
    pub expected: Option<Performance>,
    /// Messages that came more than once.
    pub repeats: Repeats,
    /// How far sizes and scores are from the reference's; nothing is decided by these.
    pub distances: Vec<Distance>,
    /// Histograms of them.
    pub pictures: Vec<Picture>,
    /// The runs before this one, and this one, in a few words each.
    pub strip: Vec<Run>,
    /// What this schedule costs where nothing ever changes.
    pub schedule: Schedule,
    /// What unlabelled messages cannot show.
    pub blind: String,
}

/// What a verdict is about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// New rows of this run.
    pub rows: u64,
    /// Distinct messages among them, about.
    pub distinct: u64,
    /// Runs, this one and those before it, that were pooled.
    pub runs: usize,
    /// Distinct messages that were tested.
    pub messages: u64,
    /// Those they were held against.
    pub reference: u64,
    /// How many it takes to see a distance of .10 half of the time; none where the reference is too small for that.
    pub needed: Option<u64>,
    /// The least distance that these messages would show half of the time.
    pub detectable: Option<f64>,
    /// `history` where drift is news only if larger than in 95 of 100 windows before, else `iid-only`.
    pub calibration: String,
}

/// Messages that came more than once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Repeats {
    /// The share of this run's rows that repeat another.
    pub share: f64,
    /// The same in the reference.
    pub reference: Option<f64>,
    /// The most frequent messages, by some of their words.
    pub most: Vec<Repeated>,
}

/// A message that came often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Repeated {
    /// How often.
    pub copies: u32,
    /// Some of its words.
    pub words: Vec<String>,
    /// Its score.
    pub score: Option<f64>,
}

/// How far a size or score is from the reference's: PSI and Jensen-Shannon less what chance alone makes of them, and
/// Wasserstein's distance in standard deviations of the reference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Distance {
    /// Of what.
    pub what: String,
    /// The population stability index.
    pub psi: f64,
    /// Jensen and Shannon's divergence, in bits.
    pub jensen_shannon: f64,
    /// Wasserstein's distance.
    pub wasserstein: f64,
}

/// Two histograms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// Of what.
    pub what: String,
    /// Where each bin begins.
    pub from: Vec<f64>,
    /// Messages of the reference.
    pub reference: Vec<u64>,
    /// New messages.
    pub new: Vec<u64>,
}

/// A run in a few words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Seconds since 1970.
    pub time: i64,
    /// Its rows.
    pub rows: u64,
    /// Its verdict.
    pub verdict: String,
    /// The F1 that was to be expected.
    pub f1: Option<f64>,
}

/// What a schedule costs where nothing ever changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// Runs in a year, by the history; 365 where there is none.
    pub runs: f64,
    /// Retrains in a year that would be false, about; none where the policy is not the one that was simulated.
    pub false_retrains: Option<f64>,
}

/// False retrains in a year of daily runs where nothing changes, by simulation at the defaults, the larger of 100 and of 1,000
/// rows a day at the upper end of its 99% interval: `tests/real.sh drift`.
pub const FALSE_RETRAINS: f64 = 0.3;

/// Decides; gives the block for the history, too.
pub fn decide(evidence: Evidence, policy: &Policy, now: Timestamp, tool: &str) -> Result<(Report, Block)> {
    let Evidence { champion, reference, new, names, metrics, history, changes, last_retrain } = evidence;
    let mut block = Block::of(&new, reference.map_or("", |(_, digest)| digest), now.0)?;
    let past = history.before(&block, &new)?;
    block.confusion = metrics.map(|metrics| metrics.figures.confusion).unwrap_or_default();
    let mut seen = match reference {
        Some((reference, _)) => look(reference, champion, &new, &names, &past, &mut block, policy)?,
        None => Seen::default(),
    };
    let repeats = repeats(&new, reference.map(|(profile, _)| profile), &names);
    seen.window.rows = new.rows;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of messages")]
    let distinct = new.distinct().round() as u64;
    seen.window.distinct = distinct;
    block.since = past.since(&block);
    let triggers =
        Triggers { champion, policy, past: &past, block: &block, seen: &seen, metrics: metrics.is_some() };
    let forced = if policy.forced { "a retrain is forced" } else { "not forced" };
    let mut reasons =
        vec![Reason::plain("forced", policy.forced, forced), first(champion, reference.is_some())];
    reasons.push(triggers.labelled());
    reasons.push(triggers.expected());
    reasons.push(triggers.drift());
    reasons.extend(triggers.age(now));
    reasons.extend(triggers.rows());
    let last = reasons.len();
    reasons.extend(changes.into_iter().map(|(file, lines)| triggers.changes(&file, lines)));
    let compels = |reason: &Reason| reason.fired && matches!(reason.code.as_str(), "forced" | "no_champion");
    let compelled = reasons.iter().any(compels);
    // A word list that has changed is something to learn from; what the rows say needs labels.
    let learns = compelled || reasons[last..].iter().any(|reason| reason.fired);
    let asked = reasons.iter().find(|reason| reason.fired).map(|reason| reason.code.clone());
    let mut retrain_needed = asked.is_some();
    if let Some(mut held) = cooldown(last_retrain, policy.cooldown_hours, now).filter(|_| !compelled) {
        // What nobody asked for is not held back.
        held.fired &= retrain_needed;
        retrain_needed &= !held.fired;
        reasons.push(held);
    }
    let labels = triggers.labels();
    let labels_needed = retrain_needed && !learns && labels.fired;
    reasons.push(Reason { fired: labels_needed, ..labels });
    retrain_needed &= !labels_needed;
    if let Some(why) = &history.unreadable {
        let says = format!("a part of the history cannot be read and is left out ({why})");
        reasons.push(Reason::plain("history_unreadable", false, says));
    }
    let runs = history.interval(now.0).map_or(365.0, |days| 365.0 / days.max(1.0 / 24.0));
    let run = |block: &Block| Run {
        time: block.time,
        rows: block.rows,
        verdict: block.verdict.clone(),
        f1: block.f1,
    };
    block.verdict.clone_from(&seen.verdict);
    let is_earlier = |known: &&Block| known.id != block.id && known.time <= block.time;
    let strip = history.blocks().iter().filter(is_earlier).chain([&block]).map(run).collect();
    let report = Report {
        head: Head::new("drift", tool),
        time: now.0,
        verdict: seen.verdict,
        retrain_needed,
        labels_needed,
        reason: asked,
        reasons,
        window: seen.window,
        signals: seen.signals,
        moved: seen.moved,
        shift: seen.shift,
        expected: seen.expected,
        repeats,
        distances: seen.distances,
        pictures: seen.pictures,
        strip,
        schedule: Schedule {
            runs,
            false_retrains: policy.is_as_simulated().then_some(FALSE_RETRAINS * (runs / 365.0).max(1.0)),
        },
        blind: BLIND.into(),
    };
    Ok((report, block))
}

/// What the messages show.
struct Seen {
    verdict: String,
    /// Runs, this one and those before it, that performance is about: the last ones, and more.
    runs: [usize; 2],
    /// Whether the labelled messages were picked.
    picked: bool,
    window: Window,
    signals: Vec<Signal>,
    moved: Vec<Moved>,
    shift: Option<Shift>,
    expected: Option<Performance>,
    distances: Vec<Distance>,
    pictures: Vec<Picture>,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            verdict: "insufficient_data".into(),
            runs: [1, 1],
            picked: false,
            window: Window { runs: 1, calibration: "iid-only".into(), ..Window::default() },
            signals: Vec::new(),
            moved: Vec::new(),
            shift: None,
            expected: None,
            distances: Vec::new(),
            pictures: Vec::new(),
        }
    }
}

fn look(
    reference: &Profile,
    champion: Option<Champion>,
    new: &Profile,
    names: &Names,
    past: &Past,
    block: &mut Block,
    policy: &Policy,
) -> Result<Seen> {
    let side = Side::of_reference(reference);
    let needed = signals::needed(side.len());
    let (pool, runs) = past.pooled(new, needed.unwrap_or(EXPECTED))?;
    let window = Side::of_new(&pool, reference);
    block.runs = runs;
    let threshold = champion.map(|champion| champion.threshold);
    let meaning = performance::calibration(&side);
    let known = threshold.zip(meaning.as_ref());
    let at = |window: &Side| {
        known.and_then(|(threshold, meaning)| Performance::of(&side, window, threshold, meaning))
    };
    let mut seen = Seen::default();
    seen.window.runs = runs;
    (seen.window.messages, seen.window.reference) = (window.len(), side.len());
    (seen.window.needed, seen.window.detectable) = (needed, signals::detectable(side.len(), window.len()));
    if window.len() < LEAST || side.len() < LEAST {
        return Ok(seen);
    }
    seen.signals = signals::all(&side, &window, threshold, at(&window).as_ref());
    let (longer, runs_of_longer) = past.pooled(new, EXPECTED)?;
    let longer = Side::of_new(&longer, reference);
    seen.runs = [runs, runs_of_longer];
    seen.picked = signals::are_picked(&longer);
    // What is fresh shows where only the last messages are asked, what is slight where many are.
    let lost = |one: &Performance, other: &Performance| one.surely_lost().total_cmp(&other.surely_lost());
    seen.expected = [at(&window), at(&longer)].into_iter().flatten().max_by(lost);
    block.f1 = seen.expected.map(|expected| expected.expected.value);
    // The last windows may be the beginning of what is looked for.
    let judged = policy.persistence.of - 1;
    for signal in &mut seen.signals {
        block.strengths.insert(signal.family.clone(), signal.strength);
        signal.surprise = past.surprise(block, &signal.family, signal.strength, judged);
        block.calibrated |= signal.surprise.is_some();
        let news = signal.surprise.is_none_or(|p| p <= signals::ALPHA);
        block.news |= signal.fired && news;
        if signal.fired && !news {
            signal.says += ": no more than in the windows before";
        }
        if signal.family == "words"
            && let Some(name) = signal.what.as_ref().and_then(|word| names.get(word.parse().ok()?))
        {
            signal.says = signal.says.replacen("a word", &format!("'{name}'"), 1);
            signal.what = Some(name);
        }
    }
    seen.window.calibration = if block.calibrated { "history" } else { "iid-only" }.into();
    let fired = seen.signals.iter().any(|signal| signal.fired);
    let enough = needed.is_some_and(|needed| window.len() >= needed);
    seen.verdict = if fired {
        "drifted"
    } else if enough {
        "steady"
    } else {
        "insufficient_data"
    }
    .into();
    block.verdict.clone_from(&seen.verdict);
    seen.moved = moved::all(&side, &window, names);
    seen.shift = known.and_then(|(threshold, meaning)| shift(&side, &window, threshold, meaning));
    (seen.distances, seen.pictures) = pictures(&side, &window);
    Ok(seen)
}

fn first(champion: Option<Champion>, reference: bool) -> Reason {
    let says = match (champion, reference) {
        (Some(_), _) => "there is a champion",
        (None, true) => "no champion is asked about",
        (None, false) => "there is no champion yet",
    };
    Reason::plain("no_champion", champion.is_none() && !reference, says)
}

/// All that triggers look at.
struct Triggers<'a> {
    champion: Option<Champion>,
    policy: &'a Policy,
    past: &'a Past<'a>,
    block: &'a Block,
    seen: &'a Seen,
    /// Whether there are metrics.
    metrics: bool,
}

impl Triggers<'_> {
    /// F1 on labelled rows, of this run and some before it: only what is surely lost counts.
    fn labelled(&self) -> Reason {
        let [short, long] = self.seen.runs;
        // Twice the chances of a false alarm ask for surer bounds of the one that is looked at more often.
        let last = self.labelled_of(short, if short < long { SURER } else { 1.0 });
        if last.fired || short == long { last } else { self.labelled_of(long, 1.0) }
    }

    /// The same of so many runs, the bounds being so much wider.
    fn labelled_of(&self, runs: usize, wider: f64) -> Reason {
        let code = "performance";
        let Self { champion, policy, past, block, seen, .. } = self;
        let confusion = past.confusion(block, runs);
        let rows = confusion.total();
        let few = |says: String| Reason::plain(code, false, says);
        if !self.metrics && rows == 0 {
            return few("no --metrics that say what the champion made of labelled rows".into());
        }
        if rows < LABELLED.0 || involved(confusion) < LABELLED.1 {
            let involved = involved(confusion);
            return few(format!(
                "{rows} labelled rows, {involved} of them positive or taken for it, are too few for F1"
            ));
        }
        if seen.picked {
            return few(format!(
                "the {rows} labelled rows were picked: they do not score as the others do, and say nothing of all"
            ));
        }
        let (f1, low, high) = f1(confusion);
        let found = format!("F1 {f1:.3} ({low:.3} to {high:.3}) on {rows} labelled rows");
        let share = (confusion.true_positive + confusion.false_negative) as f64 / rows as f64;
        let before = champion.and_then(|champion| champion.confusion).and_then(|known| f1_at(known, share));
        match (policy.min_f1, before) {
            (Some(gate), _) => {
                let (gate, fired) = (gate.value(), f1 + wider * (high - f1) < gate.value());
                let side = if fired { "is below" } else { "is not surely below" };
                Reason::against(code, fired, format!("{found} {side} {gate}"), f1, gate)
            }
            (None, Some((before, least))) => {
                // The bounds of a difference from those of its parts (Zou & Donner 2008).
                let surely = before - f1 - wider * (before - least).hypot(high - f1);
                let fired = surely > policy.margin;
                let side = if fired { "is less" } else { "is not surely less" };
                let says =
                    format!("{found} {side} than {before:.3}, out of fold, by more than {}", policy.margin);
                Reason::against(code, fired, says, surely, policy.margin)
            }
            (None, None) => few(format!("{found}; nothing says what it should be, see --min-f1")),
        }
    }

    /// F1 as the scores of unlabelled rows let it expect.
    fn expected(&self) -> Reason {
        let code = "expected_performance";
        let Some(expected) = &self.seen.expected else {
            return Reason::plain(code, false, "no scores and labels to tell by what F1 is to be expected");
        };
        let (surely, margin) = (expected.surely_lost(), self.policy.margin);
        let Performance { expected: now, reference: before, messages, .. } = expected;
        let seen = format!(
            "F1 {:.3} ({:.3} to {:.3}) is to be expected of {messages} distinct messages, {:.3} of the reference at their share of positives",
            now.value, now.interval.0, now.interval.1, before.value
        );
        let fired = surely > margin;
        let side = if fired { "more" } else { "not surely more" };
        let says = format!("{seen}: {side} than {margin} is lost");
        Reason::against(code, fired, says, surely, margin)
    }

    /// Drift, as the policy wants it.
    fn drift(&self) -> Reason {
        let Self { policy, past, block, .. } = self;
        let Persistence { windows, of } = policy.persistence;
        let drifted = past.drifted(block, of);
        let says = match &*block.verdict {
            "drifted" if !block.news => "messages have drifted, no more than in the windows before",
            "drifted" => "messages have drifted",
            "steady" => "messages have not drifted",
            _ => "too few messages to say that they have not drifted",
        };
        let (fired, says, limit) = match policy.retrain_on {
            RetrainOn::Performance => {
                (false, format!("{says}, and only performance asks for a retrain"), windows)
            }
            RetrainOn::AnyDrift => (block.news, says.into(), 1),
            RetrainOn::PersistentDrift => (
                drifted >= windows && block.news,
                format!("{says}: {drifted} of the last {of} windows have, {windows} ask for a retrain"),
                windows,
            ),
        };
        Reason::against("drift", fired, says, drifted as f64, limit as f64)
    }

    fn age(&self, now: Timestamp) -> Option<Reason> {
        let (limit, fitted) = (self.policy.max_age_days?, self.champion?.fitted);
        let Some(fitted) = fitted else {
            return Some(Reason::plain("age", false, "nobody knows when the champion was fitted"));
        };
        let days = (now.0 - fitted.0) as f64 / 86_400.0;
        let fired = days > limit;
        Some(Reason::against(
            "age",
            fired,
            format!("the champion is {days:.1} days old, may be {limit}"),
            days,
            limit,
        ))
    }

    fn rows(&self) -> Option<Reason> {
        let limit = self.policy.max_new_rows?;
        let (rows, _) = self.block.since;
        let says = format!("{rows} rows have come since the champion, may be {limit}");
        Some(Reason::against("new_rows", rows > limit, says, rows as f64, limit as f64))
    }

    fn changes(&self, file: &str, lines: u64) -> Reason {
        let limit = self.policy.max_changes;
        let says = format!("{lines} lines of {file} have changed since the champion, may be {limit}");
        Reason::against("changes", lines > limit, says, lines as f64, limit as f64)
    }

    fn labels(&self) -> Reason {
        let limit = self.policy.min_new_labels;
        let (_, labels) = self.block.since;
        let says = format!("{labels} rows have been labelled since the champion, a retrain takes {limit}");
        Reason::against("labels_needed", labels < limit, says, labels as f64, limit as f64)
    }
}

/// How much wider than 95 times in 100 the bounds are that leave out 3 of 1,000.
const SURER: f64 = 1.5;

/// F1 out of fold at another share of positives, and the least it is, 97.5 times in 100, by the bounds of both rates (Zou &
/// Donner 2008); none where a class has no rows.
fn f1_at(known: Confusion, share: f64) -> Option<(f64, f64)> {
    let Confusion { true_positive, false_positive, true_negative, false_negative } = known;
    let (positive, negative) = (true_positive + false_negative, false_positive + true_negative);
    let f1 = |found: f64, alarms: f64| 2.0 * share * found / (share * found + (1.0 - share) * alarms + share);
    let (found, alarms) =
        (intervals::wilson(true_positive, positive)?, intervals::wilson(false_positive, negative)?);
    let rates = (true_positive as f64 / positive as f64, false_positive as f64 / negative as f64);
    let value = f1(rates.0, rates.1);
    let off = (value - f1(found.0, rates.1)).hypot(value - f1(rates.0, alarms.1));
    (share > 0.0).then_some((value, value - off))
}

/// F1 with its bounds, 95 times in 100.
fn f1(confusion: Confusion) -> (f64, f64, f64) {
    let interval = intervals::of_f1(confusion.true_positive, involved(confusion));
    let (low, high) = interval.map_or((0.0, 1.0), |interval| (interval.0, interval.1));
    (confusion.f1(), low, high)
}

/// Rows that F1 is about: positive, or taken for it.
fn involved(confusion: Confusion) -> u64 {
    confusion.total() - confusion.true_negative
}

fn cooldown(last: Option<Timestamp>, hours: f64, now: Timestamp) -> Option<Reason> {
    let since = (now.0 - last?.0) as f64 / 3600.0;
    // A retrain a little ahead is a clock that was put back: the safe reading is that it was just now. One that is further
    // ahead than any cooldown was never taken at that time.
    let holds = -hours <= since && since < hours;
    let verb = if holds { "holds" } else { "is over" };
    let says = format!(
        "cooldown {verb}: the last retrain was {:.1} hours ago, the limit is {hours}",
        since.max(0.0)
    );
    Some(Reason::against("cooldown", holds, says, since, hours))
}

/// The share of rows that repeat another, and the most frequent messages.
fn repeats(new: &Profile, reference: Option<&Profile>, names: &Names) -> Repeats {
    const NAMED: usize = 5;
    let share = |profile: &Profile| {
        let copies: u64 = profile.records().map(|record| u64::from(record.copies)).sum();
        if copies == 0 { 0.0 } else { 1.0 - profile.len() as f64 / copies as f64 }
    };
    let mut most: Vec<_> = new.records().filter(|record| record.copies > 2).collect();
    most.sort_by(|one, other| other.copies.cmp(&one.copies).then(one.look.cmp(&other.look)));
    let words = |words: &[u16]| words.iter().filter_map(|word| names.get(*word)).take(6).collect();
    let most = most.into_iter().take(NAMED).map(|record| Repeated {
        copies: record.copies,
        words: words(&record.look.words),
        score: new.scored.then(|| record.score()),
    });
    Repeats { share: share(new), reference: reference.map(share), most: most.collect() }
}

/// The standard deviation of what is at these places so often.
fn deviation(bins: &[u64], places: &[f64]) -> f64 {
    let rows = bins.iter().sum::<u64>().max(1) as f64;
    let mean_of = |of: &dyn Fn(f64) -> f64| {
        bins.iter().zip(places).map(|(count, place)| *count as f64 * of(*place)).sum::<f64>() / rows
    };
    let mean = mean_of(&|place| place);
    mean_of(&|place| (place - mean).powi(2)).sqrt()
}

/// Bins of a picture.
const BINS: usize = 16;

/// Distances and histograms of all scales.
fn pictures(reference: &Side, new: &Side) -> (Vec<Distance>, Vec<Picture>) {
    let scored = reference.scored && new.scored;
    let scales = Scale::of_looks().chain(scored.then_some(Scale::Score));
    let both = scales.filter_map(|scale| {
        let one = reference.histogram(scale, reference);
        let other = new.histogram(scale, reference);
        let used = |bins: &[u64]| bins.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
        let last = if scale == Scale::Score { STEPS } else { used(&one).max(used(&other)) };
        let width = last.div_ceil(BINS).max(1);
        let wide =
            |bins: &[u64]| -> Vec<u64> { bins[..last].chunks(width).map(|bins| bins.iter().sum()).collect() };
        let (narrow, narrow_other) = (&one[..last], &other[..last]);
        let (one, other) = (wide(&one), wide(&other));
        let places: Vec<f64> = (0..last).map(|step| moved::number(scale, step)).collect();
        let distance = Distance {
            what: scale.name().into(),
            psi: divergence::stability_index(&one, &other)?.debiased,
            jensen_shannon: divergence::jensen_shannon(&one, &other)?.debiased,
            wasserstein: divergence::wasserstein(narrow, narrow_other, &places)?.debiased
                / deviation(narrow, &places).max(f64::MIN_POSITIVE),
        };
        let from = (0..last).step_by(width).map(|step| moved::number(scale, step)).collect();
        Some((distance, Picture { what: scale.name().into(), from, reference: one, new: other }))
    });
    both.unzip()
}
