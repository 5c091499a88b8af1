//! compare: is the challenger better than the champion?

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;

use spamops::cli::options::RowArgs;
use spamops::cli::tool::{self, Outcome, Scene, Tool};
use spamops::compare::decision::{self, CompareEvidence};
use spamops::compare::gates::Gate;
use spamops::compare::recent::{DatedRows, NewestRows};
use spamops::compare::sequential::SequentialTest;
use spamops::compare::slices::Slices;
use spamops::io::escape::neutral;
use spamops::io::fraction::Fraction;
use spamops::io::result_file;
use spamops::io::stream::{self, Output, Place};
use spamops::model::model_file::Model;
use spamops::model::paired_rows::{self, Judgement, PairedRow};
use spamops::model::row_score::{ColumnPlaces, ScoringBuffers};
use spamops::registry::golden;
use spamops::rows::label::LabelNames;
use spamops::rows::mask;
use spamops::rows::{self, CellValue, ReadOptions};
use spamops::stats::confusion::Confusion;
use spamops::stats::metrics::FigureName;
use spamops::stats::paired::PairedConfusion;
use spamops::stats::ranking::ScoredLabel;

/// Compare two models on the same rows: verdict and deploy_needed, with every reason
///
/// The challenger is better where its F1 is surely not lower by .005 (the lower bound of the difference, from rows drawn
/// again 10,000 times: Efron 1979), and either McNemar's exact test (1947) says at .05 that it is right more often, or F1 is
/// higher by .005 or more with a lower bound over 0. Where rows have dates that must be so on the newest of them, and on
/// all of them F1 must surely not be lower by .005. It is deployed where it is better, every gate is passed, no slice of
/// rows surely loses more than .03 of F1 (exact tests, adjusted after Holm 1979 for all slices), and every golden message
/// is judged right by the model as a fresh process loads it.
///
/// Otherwise it is worse, by the same tests the other way round, or the answer is inconclusive, with the number of rows
/// that would tell. With one scored file there is no champion, and the gates decide. Of simulated challengers that are no
/// better 3 in 100 are promoted at most (tests/bench/compare).
///
/// Rows without a label are passed over. Areas under the ROC curve are compared after DeLong (1988), shares after Newcombe
/// (1998). Streaming: both files are read side by side, with some fifty bytes for each labelled row; with --id the
/// champion's rows are kept without their texts.
#[derive(Parser)]
#[command(
    name = "compare",
    after_help = "\
Examples:
  compare champion-scored.csv challenger-scored.csv -o compare.json
  compare champion-scored.csv challenger-scored.csv --challenger challenger.json --golden golden.csv
  compare --champion champion.json --challenger challenger.json holdout.csv --flips flips.csv
  compare a.csv b.csv --id message_id --slice channel --recent 2026-07-01
  compare a.csv b.csv --gate f1=.9 --gate 'recall min_absolute_change=.01'
  compare challenger-scored.csv                    # the first model: the gates alone
  compare --champion a.json --challenger b.json today.csv --sequential state.json
  compare a.csv b.csv --exit-code > /dev/null && echo better

In spamops.toml, in the words of MLflow:
  [compare.gate.f1]
  threshold = 0.9
  min_absolute_change = 0.01"
)]
pub(crate) struct Args {
    /// The rows as the champion scored them, then as the challenger did; or the challenger's alone; or, with both models,
    /// labelled rows to be scored here
    #[arg(value_name = "FILE", required = true, num_args = 1..=2)]
    scored: Vec<Place>,

    /// The champion's model: with one file, it is scored here; with two, it tells why verdicts change
    #[arg(long, value_name = "FILE", requires = "challenger")]
    champion: Option<Place>,

    /// The challenger's model: one that missed what `fit --require` asked of it is not deployed
    #[arg(long, value_name = "FILE")]
    challenger: Option<Place>,

    /// Join the rows of two files by this column, in whatever order they are
    #[arg(long, value_name = "COLUMN")]
    id: Option<String>,

    /// The least F1 of the challenger
    #[arg(long, value_name = "SHARE", default_value = "0.8")]
    min_f1: Fraction,

    /// What another figure must be: FIGURE=LIMIT, or FIGURE and threshold=, min_absolute_change=, min_relative_change= or
    /// greater_is_better=, as in MLflow; once for each
    #[arg(long, value_name = "GATE")]
    gate: Vec<Gate>,

    /// The newest rows, by their dates: a share of them, 0 for none, or a date [default: 0.25, but 500 rows or more]
    #[arg(long, value_name = "SHARE|DATE")]
    recent: Option<NewestRows>,

    /// Look at the rows by the values of this column, too, besides script, length, link and a column lang or language; once
    /// for each
    #[arg(long, value_name = "COLUMN")]
    slice: Vec<String>,

    /// Where the messages that change verdict go, as CSV: masked, and with the words that make them change where both models
    /// are given
    #[arg(long, value_name = "FILE")]
    flips: Option<Place>,

    /// Labelled messages that the challenger must get right, each of them, loaded and asked in a fresh process
    #[arg(long, value_name = "FILE", requires = "challenger")]
    golden: Option<Place>,

    /// Labels arrive over time: go on counting in this file, each row once (by --id, else by its text), and promote once
    /// the evidence, which may be looked at at any time, has been 20 (Ville 1939); slices and newest rows are not looked at.
    /// A file is about one pair of models, which are named with it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["recent", "slice"], requires_all = ["champion", "challenger"])]
    sequential: Option<Place>,

    /// Exit with 1 unless the challenger is to be deployed
    #[arg(long)]
    exit_code: bool,

    /// Where the report goes
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: Place,

    #[command(flatten)]
    rows: RowArgs,
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        stream::expect_apart(&[Some(&self.output), self.flips.as_ref(), self.sequential.as_ref()])?;
        let read = [&self.champion, &self.challenger, &self.golden].into_iter().flatten();
        let outputs = [Some(&self.output), self.flips.as_ref(), self.sequential.as_ref()];
        stream::expect_kept(&outputs, self.scored.iter().chain(read))?;
        let options = self.rows.options(scene);
        let [champion, challenger] =
            [&self.champion, &self.challenger].map(|model| model.as_ref().map(Model::read).transpose());
        let (champion, challenger) = (champion?, challenger?);
        let models = (champion.as_ref(), challenger.as_ref());
        let mut tally = Tally { arriving: self.arriving(models, scene)?, ..Tally::default() };
        let mut flips =
            self.flips.as_ref().map(|place| Flips::create(place, &self, models, &options)).transpose()?;
        self.each(models, &options, &mut |judged| {
            tally.add(judged, &self)?;
            flips.as_mut().map_or(Ok(()), |flips| flips.add(judged))
        })?;
        let asked_for_dates = self.recent.is_some() && tally.paired.rows() > 0;
        ensure!(
            !asked_for_dates || !tally.dated.is_empty(),
            "no row has a date for --recent; name the column with --date-column"
        );
        let golden = self
            .golden
            .as_ref()
            .zip(self.challenger.as_ref())
            .map(|(golden, model)| golden::rehearse(model, golden, &options, &self.rows.words()));
        let state = tally.arriving.clone();
        let mut report = decision::decide(
            CompareEvidence {
                gates: [Gate::least(FigureName::F1, self.min_f1.value())]
                    .into_iter()
                    .chain(self.gate.clone())
                    .collect(),
                required: models.1.map(|model| model.estimate.gates.clone()).unwrap_or_default(),
                golden: golden.transpose()?,
                ..tally.found(&self)
            },
            scene.name(),
        );
        report.head.run_id = scene.run_id();
        flips.map_or(Ok(()), |flips| flips.output.finish())?;
        result_file::write(&self.output, &report)?;
        if let Some((place, state)) = self.sequential.as_ref().zip(state) {
            if report.sequential.as_ref().is_some_and(|evidence| evidence.new == 0) {
                scene.tell(format!("{place}: no row is new: the evidence is what it was"));
            }
            result_file::write_compact(place, &state)?;
        }
        Ok(Outcome::answer(report.deploy_needed, self.exit_code))
    }
}

/// A model, or none.
type Given<'a> = Option<&'a Model>;

impl Args {
    fn has_champion(&self) -> bool {
        self.scored.len() == 2 || self.champion.is_some()
    }

    /// Reads the rows, in whichever of the three ways.
    fn each(
        &self,
        models: (Given, Given),
        options: &ReadOptions,
        each: &mut paired_rows::PairedVisitor,
    ) -> Result<()> {
        match (&self.scored[..], &self.id) {
            ([rows], _) => paired_rows::one(rows, options, models, each),
            ([champion, challenger], Some(id)) => paired_rows::by_id(champion, challenger, id, options, each),
            ([champion, challenger], None) => paired_rows::side_by_side(champion, challenger, options, each),
            _ => bail!("expected one or two files"),
        }
    }

    /// The state of a comparison over time, where one is asked for: a new one where there is no file yet.
    fn arriving(&self, models: (Given, Given), scene: &Scene) -> Result<Option<SequentialTest>> {
        let Some(place) = &self.sequential else { return Ok(None) };
        let mut state = match place.path() {
            Some(path) if path.exists() => {
                let state: SequentialTest = result_file::read(place, "sequential")?;
                state.check().with_context(|| place.to_string())?;
                state
            }
            Some(_) => SequentialTest::new(scene.name()),
            None => bail!("--sequential wants a file to go on with"),
        };
        let digests = [models.0, models.1].map(|model| model.map(Model::digest));
        state.expect_models(digests[0], digests[1]).with_context(|| place.to_string())?;
        state.look();
        Ok(Some(state))
    }
}

/// What is counted row by row.
#[derive(Default)]
struct Tally {
    alone: Confusion,
    paired: PairedConfusion,
    dated: DatedRows,
    slices: Slices,
    champion_scores: Vec<ScoredLabel>,
    challenger_scores: Vec<ScoredLabel>,
    arriving: Option<SequentialTest>,
    /// Rows that the state had not counted.
    new: u64,
}

impl Tally {
    fn add(&mut self, judged: &PairedRow, asked: &Args) -> Result<()> {
        let PairedRow { rows, row, truth, champion, challenger } = *judged;
        self.challenger_scores.extend(challenger.score.map(|score| ScoredLabel::new(score, truth)));
        let Some(champion) = champion else {
            self.alone.add(truth, challenger.verdict);
            return Ok(());
        };
        self.champion_scores.extend(champion.score.map(|score| ScoredLabel::new(score, truth)));
        let verdicts = (champion.verdict, challenger.verdict);
        if let Some(state) = &mut self.arriving {
            let number = judged.number(asked.id.as_deref())?;
            self.new += u64::from(state.add(number, truth, verdicts.0, verdicts.1));
            return Ok(());
        }
        self.paired.add(truth, verdicts.0, verdicts.1);
        self.dated.add(rows.date(row), truth, verdicts.0, verdicts.1);
        self.slices.add_text(rows.text(row).unwrap_or_default(), truth, verdicts.0, verdicts.1);
        let usual =
            ["lang", "language"].into_iter().filter_map(|name| Some((name, rows.header().find(name)?)));
        for (name, column) in usual.filter(|(name, _)| !asked.slice.iter().any(|asked| asked == name)) {
            self.slices.add(name, row.get(column), truth, verdicts.0, verdicts.1);
        }
        for name in &asked.slice {
            self.slices.add(name, row.get(rows.column(name)?), truth, verdicts.0, verdicts.1);
        }
        Ok(())
    }

    fn found(self, asked: &Args) -> CompareEvidence {
        let paired = self.arriving.as_ref().map_or(self.paired, |state| state.counters);
        let alone = decision::RowCounts::Alone(self.alone);
        let rows = if asked.has_champion() { decision::RowCounts::Paired(paired) } else { alone };
        CompareEvidence {
            recent: self.dated.newest(asked.recent),
            champion_scores: self.champion_scores,
            challenger_scores: self.challenger_scores,
            slices: self.slices,
            sequential: self.arriving.map(|state| state.evidence(self.new)),
            ..CompareEvidence::of(rows)
        }
    }
}

/// Words that are named for a message that changes verdict.
const WORDS: usize = 8;

/// Messages that change verdict, on their way to a file.
struct Flips<'a> {
    output: Output,
    place: &'a Place,
    id: Option<&'a str>,
    names: LabelNames,
    models: (Given<'a>, Given<'a>),
    columns: Option<[ColumnPlaces; 2]>,
    desk: ScoringBuffers,
}

impl<'a> Flips<'a> {
    fn create(
        place: &'a Place,
        asked: &'a Args,
        models: (Given<'a>, Given<'a>),
        options: &ReadOptions,
    ) -> Result<Self> {
        let positive = options.spelling.positive.clone();
        let names = match (models.1, positive) {
            (Some(model), _) => model.names.clone(),
            (None, Some(positive)) => LabelNames { negative: format!("not {positive}"), positive },
            (None, None) => LabelNames::default(),
        };
        let id = asked.id.as_deref();
        let mut flips = Self {
            output: place.writer()?,
            place,
            id,
            names,
            models,
            columns: None,
            desk: ScoringBuffers::default(),
        };
        flips.line(&[
            id.unwrap_or("line"),
            "label",
            "champion",
            "challenger",
            "champion_score",
            "challenger_score",
            "words",
            "text",
        ])?;
        Ok(flips)
    }

    fn line(&mut self, cells: &[&str]) -> Result<()> {
        writeln!(self.output, "{}", rows::csv(cells)).with_context(|| self.place.to_string())
    }

    fn add(&mut self, judged: &PairedRow) -> Result<()> {
        let PairedRow { rows, row, truth, champion: Some(champion), challenger } = *judged else {
            return Ok(());
        };
        if champion.verdict == challenger.verdict {
            return Ok(());
        }
        let masked = |text: &str| mask::masked(text, &mask::ALL);
        let name = match self.id {
            Some(id) => masked(row.get(rows.column(id)?)),
            None => row.line().to_string(),
        };
        let text = masked(rows.text(row)?);
        let words = self.words(judged, &text)?;
        let score = |Judgement { score, .. }: Judgement| {
            score.map_or(String::new(), |score| CellValue::Number(score).cell())
        };
        let cells = [
            name,
            self.names.of(truth).to_owned(),
            self.names.of(champion.verdict).to_owned(),
            self.names.of(challenger.verdict).to_owned(),
            score(champion),
            score(challenger),
            masked(&words),
            text,
        ];
        let cells = cells.each_ref().map(|cell| neutral(cell));
        self.line(&cells.each_ref().map(AsRef::as_ref))
    }

    /// The words that make a verdict change, but for those that are masked in the text; with one model there is nothing to
    /// tell them by.
    fn words(&mut self, judged: &PairedRow, masked: &str) -> Result<String> {
        let (Some(champion), Some(challenger)) = self.models else { return Ok(String::new()) };
        if self.columns.is_none() {
            self.columns = Some([champion.columns(judged.rows)?, challenger.columns(judged.rows)?]);
        }
        let Some([theirs, ours]) = &self.columns else { return Ok(String::new()) };
        let [masked, text] = [masked, judged.rows.text(judged.row)?].map(str::to_lowercase);
        let hides = |term: &str| {
            let mut parts = term.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
            parts.any(|part| text.contains(part) && !masked.contains(part))
        };
        Ok(challenger.differs(ours, (champion, theirs), judged.row, &mut self.desk, WORDS, &hides))
    }
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
