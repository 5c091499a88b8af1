//! compare: is the challenger better than the champion?

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Parser;

use spamops::data::label::Label;
use spamops::data::place::Place;
use spamops::data::results;
use spamops::data::rows::{Options, Row, Rows};
use spamops::data::share::Share;
use spamops::learn::model::Model;
use spamops::show::options::RowArgs;
use spamops::show::tool::{self, Scene, Tool, Verdict};
use spamops::watch::compare::{self, Pairs};

/// Compare two models on the same scored rows: verdict and deploy_needed, with every reason
///
/// The challenger is better where the exact test of McNemar says so at level .05, and is deployed where its F1 passes the
/// gate, too, and with --challenger its model passed what `fit --require` asked of it. Rows without a label are passed over. With one file alone there is no champion, and the gate decides.
/// Streaming: both files are read side by side.
#[derive(Parser)]
#[command(
    name = "compare",
    after_help = "\
Examples:
  compare champion-scored.csv challenger-scored.csv -o compare.json
  compare champion-scored.csv challenger-scored.csv --challenger challenger.json -o compare.json
  compare challenger-scored.csv                    # the first model: the gate alone
  compare a.csv b.csv --exit-code > /dev/null && echo better"
)]
pub(crate) struct Args {
    /// The rows as the champion scored them, then as the challenger did; or the challenger's alone
    #[arg(value_name = "FILE", required = true, num_args = 1..=2)]
    scored: Vec<Place>,

    /// The challenger's model: one that missed what its fit required is not deployed
    #[arg(long, value_name = "FILE")]
    challenger: Option<Place>,

    /// The least F1 of the challenger
    #[arg(long, value_name = "SHARE", default_value = "0.8")]
    min_f1: Share,

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
    fn run(self, scene: &Scene) -> Result<Verdict> {
        let options = self.rows.options(scene);
        let pairs = match &self.scored[..] {
            [challenger] => alone(Judged::open(challenger, &options)?)?,
            [champion, challenger] => {
                paired(Judged::open(champion, &options)?, Judged::open(challenger, &options)?)?
            }
            _ => bail!("expected one or two files"),
        };
        let model = self.challenger.as_ref().map(Model::read).transpose()?;
        let required = model.map(|model| model.estimate.gates).unwrap_or_default();
        let report = compare::decide(pairs, self.scored.len() == 2, self.min_f1, &required, scene.name());
        results::write(&self.output, &report)?;
        Ok(Verdict::answer(report.deploy_needed, self.exit_code))
    }
}

/// Scored rows and the place of their verdicts.
struct Judged {
    rows: Rows,
    row: Row,
}

impl Judged {
    fn open(place: &Place, options: &Options) -> Result<Self> {
        let rows = Rows::open(place, options)?;
        rows.expect_text()?;
        Ok(Self { rows, row: Row::default() })
    }

    fn next(&mut self) -> Result<bool> {
        self.rows.read(&mut self.row)
    }

    fn truth(&self) -> Result<Option<Label>> {
        self.rows.label(&self.row)
    }

    fn verdict(&self) -> Result<Label> {
        let verdict = self.rows.label_in(&self.row, self.rows.column("verdict")?)?;
        verdict.with_context(|| self.rows.error(&self.row, "the verdict is empty; score the rows first"))
    }
}

fn alone(mut challenger: Judged) -> Result<Pairs> {
    let mut pairs = Pairs::default();
    while challenger.next()? {
        if let Some(truth) = challenger.truth()? {
            pairs.add(truth, None, challenger.verdict()?);
        }
    }
    Ok(pairs)
}

fn paired(mut champion: Judged, mut challenger: Judged) -> Result<Pairs> {
    let mut pairs = Pairs::default();
    loop {
        match (champion.next()?, challenger.next()?) {
            (false, false) => return Ok(pairs),
            (true, true) => {}
            (more, _) => {
                let (longer, shorter) =
                    if more { (&champion, &challenger) } else { (&challenger, &champion) };
                bail!(
                    "{} ends before {}; score the same rows twice",
                    shorter.rows.place(),
                    longer.rows.place()
                );
            }
        }
        let texts = (champion.rows.text(&champion.row)?, challenger.rows.text(&challenger.row)?);
        let truths = (champion.truth()?, challenger.truth()?);
        if texts.0 != texts.1 || truths.0 != truths.1 {
            let other = challenger.rows.place();
            let what = format!(
                "is another row than line {} of {other}; score the same rows twice",
                challenger.row.line()
            );
            return Err(champion.rows.error(&champion.row, what));
        }
        if let Some(truth) = truths.0 {
            pairs.add(truth, Some(champion.verdict()?), challenger.verdict()?);
        }
    }
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
