//! Builds the model card: everything in a model file except its terms (Mitchell et al. 2019, "Model Cards").

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::features::columns::FeatureColumn;
use crate::features::row::FeatureSpec;
use crate::io::diagnostics::{inert, shown};
use crate::io::escape::neutral;
use crate::io::fraction::Fraction;
use crate::io::result_file::{self, ResultHead, ToolVersion};
use crate::model::calibrate::Calibration;
use crate::model::change::{ModelChange, TermChange};
use crate::model::estimate::{DistinctEstimate, Estimate};
use crate::model::model_file::{Model, Provenance, Windows};
use crate::model::tfidf::Weighting;
use crate::report::aligned::aligned;
use crate::rows::csv;
use crate::rows::label::LabelNames;
use crate::rows::mask::MaskKind;
use crate::stats::metrics::{Confusion, FigureName};

/// The JSON that `model card` writes.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct ModelCard {
    /// Schema and tool.
    #[serde(flatten)]
    pub head: ResultHead,
    /// The tool that wrote the model.
    pub fitted_by: ToolVersion,
    /// SHA-256 of the model file.
    pub digest: String,
    /// Size of the model file in bytes.
    pub bytes: u64,
    /// Number of terms.
    pub terms: u64,
    /// Log-odds of a text without known terms.
    pub bias: f64,
    /// The names of the two labels.
    pub names: LabelNames,
    /// Minimum score of a positive row, 0 to 1.
    pub threshold: Fraction,
    /// Kinds of personal data that are masked before scoring.
    pub masked: Vec<MaskKind>,
    /// The data, commit and options that the model was fitted from.
    pub provenance: Provenance,
    /// Cross-validated metrics and gates.
    pub estimate: Estimate,
    /// How a row is converted into terms.
    pub features: FeatureSpec,
    /// How term counts are converted into weights.
    pub weighting: Weighting,
    /// Settings for scoring the parts of a long message; null if parts are not scored.
    pub windows: Option<Windows>,
    /// How a sum of weights is converted into a probability.
    pub calibration: Calibration,
}

impl ModelCard {
    /// Builds the card. `text` is the content of the model file.
    pub fn of(model: &Model, text: &str, tool: &str) -> Self {
        Self {
            head: ResultHead::new("card", tool),
            fitted_by: model.tool().clone(),
            digest: result_file::digest(text),
            bytes: text.len() as u64,
            terms: model.terms.len() as u64,
            bias: model.bias,
            names: model.names.clone(),
            threshold: model.threshold,
            masked: model.masked.clone(),
            provenance: model.provenance.clone(),
            estimate: model.estimate.clone(),
            features: model.features.clone(),
            weighting: model.weighting,
            windows: model.windows,
            calibration: model.calibration.clone(),
        }
    }

    /// The card as plain text.
    pub fn text(&self) -> String {
        let mut rows: Vec<Vec<String>> =
            self.settings().into_iter().map(|(name, value)| vec![name, value]).collect();
        let Estimate { folds, pooled, distinct, by_fold, gates } = &self.estimate;
        rows.extend(gates.iter().map(|gate| vec!["gate".into(), inert(&gate.to_string())]));
        if *folds == 0 {
            rows.push(vec!["estimate".into(), "none: the model was fitted without folds".into()]);
            return aligned(&rows);
        }
        let Confusion { true_positive, false_positive, true_negative, false_negative } = pooled.confusion;
        let verdicts = format!(
            "{true_positive} true positives, {false_negative} false negatives, {false_positive} false positives, {true_negative} true negatives"
        );
        rows.push(vec!["out of fold".into(), verdicts]);
        if let Some(DistinctEstimate { messages, figures }) = distinct {
            let (f1, copies) = (short(Some(figures.f1)), pooled.confusion.total().saturating_sub(*messages));
            let text = format!(
                "{messages} (F1 {f1}), because {copies} rows are copies; they decide gates and drift"
            );
            rows.push(vec!["distinct messages".into(), text]);
        }
        let head = ["figure", "out of fold", "95% interval", "mean of folds", "sd"];
        let mut figures = vec![head.map(str::to_owned).to_vec()];
        for figure in FigureName::ALL {
            let (name, value) = (figure.to_string(), figure.of(pooled));
            let interval = figure.interval(&pooled.intervals);
            let interval =
                interval.map_or("-".into(), |bounds| format!("{:.4} to {:.4}", bounds.0, bounds.1));
            let spread = by_fold.get(&name);
            let [mean, sd] = [spread.map(|spread| spread.mean), spread.map(|spread| spread.sd)].map(short);
            figures.push(vec![name, short(value), interval, mean, sd]);
        }
        format!("{}\n{}", aligned(&rows), aligned(&figures))
    }

    /// Settings and facts as names and values.
    fn settings(&self) -> Vec<(String, String)> {
        let Provenance { fitted, commit, rows, positive, digest, options } = &self.provenance;
        let share = 100.0 * *positive as f64 / (*rows).max(1) as f64;
        let mut settings = vec![
            ("positive", shown(&self.names.positive)),
            ("negative", shown(&self.names.negative)),
            ("threshold", self.threshold.to_string()),
            ("calibration", calibration(&self.calibration)),
            ("text", text(&self.features)),
        ];
        let columns: Vec<String> = self.features.columns.0.iter().map(column).collect();
        let masked: Vec<String> = self.masked.iter().map(ToString::to_string).collect();
        for (name, list) in [("columns", columns), ("masked", masked)] {
            if !list.is_empty() {
                settings.push((name, list.join(", ")));
            }
        }
        if let Some(Windows { words, margin }) = self.windows {
            settings.push(("windows", format!("{words} words, margin {margin} log-odds")));
        }
        settings.push(("weighting", weighting(self.weighting)));
        settings.extend(options.iter().map(|(name, value)| (name.as_str(), value.clone())));
        settings.extend([
            ("rows", format!("{rows}, {positive} of them positive ({share:.1}%)")),
            ("data", digest.clone()),
            ("fitted", fitted.clone()),
        ]);
        settings.extend(commit.as_ref().map(|commit| ("commit", commit.clone())));
        settings.extend([
            ("by", format!("{} {}", self.fitted_by.name, self.fitted_by.version)),
            ("bias", self.bias.to_string()),
            ("terms", self.terms.to_string()),
            ("bytes", self.bytes.to_string()),
            ("digest", self.digest.clone()),
        ]);
        settings.into_iter().map(|(name, value)| (inert(name), inert(&value))).collect()
    }
}

/// Compares two models, each with its card and its name, and lists up to `max_terms` changed terms.
pub fn difference(
    one: (&Model, &ModelCard, &str),
    other: (&Model, &ModelCard, &str),
    max_terms: usize,
) -> String {
    let (before, after) = (one.1, other.1);
    let [first, second] = [one.2, other.2].map(inert);
    let mut rows = vec![vec![String::new(), first.clone(), second.clone()]];
    let (old, new) = (before.settings(), after.settings());
    let find = |name: &str, list: &[(String, String)]| {
        list.iter().find(|(known, _)| known == name).map_or("-".to_owned(), |(_, value)| value.clone())
    };
    let removed = old.iter().filter(|(name, _)| !new.iter().any(|(known, _)| known == name));
    for (name, _) in new.iter().chain(removed) {
        let (was, is) = (find(name, &old), find(name, &new));
        if was != is {
            rows.push(vec![name.clone(), was, is]);
        }
    }
    let mut figures = vec![vec!["figure".into(), first, second, "change".into()]];
    for figure in FigureName::ALL {
        let [was, is] = [before, after]
            .map(|card| (card.estimate.folds > 0).then(|| figure.of(&card.estimate.pooled)).flatten());
        if was != is {
            let change = was.zip(is).map_or("-".into(), |(was, is)| format!("{:+.4}", is - was));
            figures.push(vec![figure.to_string(), short(was), short(is), change]);
        }
    }
    let change = ModelChange::between(one.0, other.0, max_terms);
    let ModelChange { gained, lost, kept, moved } = &change;
    let counts = format!("terms: {kept} in both, {gained} gained, {lost} lost\n");
    let mut terms = vec![["term", "moved", "weight", "texts"].map(str::to_owned).to_vec()];
    for TermChange { term, before, after, by } in moved {
        let model = if after.is_some() { other.0 } else { one.0 };
        let pair = |of: fn((u32, f64)) -> String| {
            [before, after].map(|found| found.map_or("-".into(), of)).join(" -> ")
        };
        let weights = pair(|(_, weight)| format!("{weight:+.3}"));
        let texts = pair(|(texts, _)| texts.to_string());
        terms.push(vec![model.features.analyzer.spelled(term), format!("{by:+.4}"), weights, texts]);
    }
    let tables =
        [rows, figures, terms].map(|rows| if rows.len() > 1 { aligned(&rows) } else { String::new() });
    let [rows, figures, terms] = tables;
    let parts = [rows, figures, counts + &terms];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

/// The `size` terms with the largest weight for each label, as CSV.
pub fn top(model: &Model, size: usize) -> String {
    let mut terms: Vec<(&str, u32, f64)> = model.terms.iter().collect();
    // The largest weight first; ties by frequency, then by spelling.
    terms.sort_unstable_by(|one, other| {
        other.2.total_cmp(&one.2).then(other.1.cmp(&one.1)).then(one.0.cmp(other.0))
    });
    let for_positive: Vec<_> = terms.iter().filter(|term| term.2 > 0.0).take(size).copied().collect();
    terms.sort_unstable_by(|one, other| {
        one.2.total_cmp(&other.2).then(other.1.cmp(&one.1)).then(one.0.cmp(other.0))
    });
    let for_negative: Vec<_> = terms.iter().filter(|term| term.2 < 0.0).take(size).copied().collect();
    let mut lines = String::from("side,term,texts,weight\n");
    let LabelNames { positive, negative } = &model.names;
    for (name, terms) in [(positive, for_positive), (negative, for_negative)] {
        let name = inert(name);
        for (term, texts, weight) in terms {
            let term = model.features.analyzer.spelled(term);
            lines.push_str(&csv(&[
                &neutral(&name),
                &neutral(&term),
                &texts.to_string(),
                &weight.to_string(),
            ]));
            lines.push('\n');
        }
    }
    lines
}

fn short(value: Option<f64>) -> String {
    value.map_or("-".into(), |value| format!("{value:.4}"))
}

fn calibration(calibration: &Calibration) -> String {
    match calibration {
        Calibration::None => "none".into(),
        Calibration::Sigmoid { slope, shift } => format!("sigmoid, slope {slope}, shift {shift}"),
        Calibration::Isotonic(points) => {
            let points: Vec<String> = points.iter().map(|(z, p)| format!("{z}: {p}")).collect();
            format!("isotonic, {}", points.join(", "))
        }
    }
}

fn text(features: &FeatureSpec) -> String {
    if !features.text {
        return "none".into();
    }
    let analyzer = &features.analyzer;
    let mut parts = vec![name(&analyzer.kind), format!("n-grams {}", analyzer.ngrams)];
    parts.extend(analyzer.chars.map(|runs| format!("characters {runs}")));
    parts.push(if analyzer.lowercase { "case folded" } else { "case kept" }.into());
    parts.extend(analyzer.stem.map(|language| format!("stems {}", String::from(language))));
    if !analyzer.stop.is_empty() {
        let words = serde_json::to_string(&analyzer.stop).unwrap_or_default();
        let digest = result_file::digest(&words);
        parts.push(format!("{} stop words ({})", analyzer.stop.len(), digest.get(..12).unwrap_or_default()));
    }
    parts.join(", ")
}

fn column(column: &FeatureColumn) -> String {
    if column.edges.is_empty() {
        return shown(&column.name);
    }
    let edges: Vec<String> = column.edges.iter().map(ToString::to_string).collect();
    format!("{} (bins from {})", shown(&column.name), edges.join(" "))
}

fn weighting(Weighting { sublinear, idf, smooth, norm }: Weighting) -> String {
    let count = if sublinear { "(1 + ln count)" } else { "count" };
    let rarity = match (idf, smooth) {
        (false, _) => "",
        (true, true) => " × smooth IDF",
        (true, false) => " × IDF",
    };
    format!("{count}{rarity}, norm {}", name(&norm))
}

/// The name of a value in the model file.
fn name(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).ok();
    value.as_ref().and_then(|value| value.as_str()).unwrap_or_default().to_owned()
}
