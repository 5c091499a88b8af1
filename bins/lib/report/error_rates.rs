//! Lists the errors of champion and challenger for people: precision, recall, lost ham and missed spam.

use crate::compare::decision::BothFigures;
use crate::report::numbers::{count, figure, number};
use crate::stats::metrics::{Confusion, Figures};

/// The names of the columns: the figure, then both models.
pub(super) const HEAD: [&str; 3] = ["figure", "champion", "challenger"];

type FigureText = fn(&Figures) -> String;

/// A row of the table: the name of a figure, and its values.
pub(super) fn rows(figures: &BothFigures) -> Vec<[String; 3]> {
    let row = |(name, value): (&str, FigureText)| {
        let champion = figures.champion.as_ref().map_or_else(|| "–".into(), value);
        [name.to_owned(), champion, value(&figures.challenger)]
    };
    let named: [(&str, FigureText); 9] = [
        ("F1", |figures| figure(figures.f1)),
        ("precision", |figures| figure(figures.precision)),
        ("recall", |figures| figure(figures.recall)),
        ("ham lost per 1,000 ham", |Figures { confusion, .. }| lost(confusion)),
        ("spam missed per 1,000 spam", |Figures { confusion, .. }| missed(confusion)),
        ("ham with the verdict ham", |figures| count(figures.confusion.true_negative)),
        ("ham with the verdict spam", |figures| count(figures.confusion.false_positive)),
        ("spam with the verdict spam", |figures| count(figures.confusion.true_positive)),
        ("spam with the verdict ham", |figures| count(figures.confusion.false_negative)),
    ];
    named.into_iter().map(row).collect()
}

/// Ham with the verdict spam, per 1,000 ham.
pub(super) fn lost(confusion: &Confusion) -> String {
    per_thousand(confusion.false_positive, confusion.true_negative)
}

/// Spam with the verdict ham, per 1,000 spam.
pub(super) fn missed(confusion: &Confusion) -> String {
    per_thousand(confusion.false_negative, confusion.true_positive)
}

fn per_thousand(wrong: u64, right: u64) -> String {
    let all = wrong as f64 + right as f64;
    if all > 0.0 { number(1000.0 * wrong as f64 / all) } else { "–".into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lost_ham_and_missed_spam_per_thousand() {
        let confusion =
            Confusion { true_positive: 90, false_positive: 3, true_negative: 1197, false_negative: 10 };
        let challenger = Figures::of(&mut [], confusion);
        let shown: Vec<String> =
            rows(&BothFigures { champion: None, challenger }).iter().map(|row| row.join(" | ")).collect();
        assert_eq!(shown[3..5], ["ham lost per 1,000 ham | – | 2.5", "spam missed per 1,000 spam | – | 100"]);
        assert_eq!(shown[6], "ham with the verdict spam | – | 3");
        assert_eq!(lost(&Confusion::default()), "–");
    }
}
