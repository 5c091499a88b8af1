//! Finds suspect groups: rows labelled negative that share a rare phrase, a day or a source, although the rest of their
//! text is positive.
//!
//! Such rows are the sign of a backdoor: spam with a signature, labelled ham, so that all spam with the signature passes
//! (Chen et al. 2017, "Targeted backdoor attacks on deep learning systems using data poisoning"). The search has four
//! steps. First, negative rows whose text is clearly positive without their rare negative terms are contested. Second,
//! the terms that only contested rows share are tainted. Third, contested rows that are clearly positive without the
//! tainted terms are suspect; newsletters are not, because their other words are negative too. Fourth, Fisher's exact
//! test finds the terms, days and sources that suspect rows share more often than chance allows.

use std::collections::{BTreeMap, HashMap, HashSet};

use anyhow::Result;
use xxhash_rust::xxh3::xxh3_64;

use crate::features::Analyzer;
use crate::io::dates::{DAY, Timestamp};
use crate::model::contested::{ContestedRow, RareTerms};
use crate::model::corpus::{Corpus, RowOrigin};
use crate::model::cross_validation::{OutOfFoldScores, RowFolds};
use crate::model::fold_model::FoldModel;
use crate::model::suspect_group::{SharedTrait, SuspectGroup};
use crate::model::training_rows::TrainingRow;
use crate::rows::label::Label;
use crate::rows::mask;
use crate::stats::two_by_two::TwoByTwo;

/// A row is clearly positive if its log-odds are above this quantile of the positive rows' log-odds.
const CLEARLY_POSITIVE: f64 = 0.25;

/// Minimum number of different rows that share a phrase.
const MIN_ROWS: u64 = 3;

/// A term is tainted if at least this share of its rows are contested.
const TAINTED: f64 = 0.35;

/// Significance level of a phrase, after Bonferroni's correction for the number of rare terms.
const LEVEL: f64 = 0.0001;

/// Maximum number of contested rows to examine. If there are more, every second row is kept, then every fourth.
const MAX_CONTESTED: usize = 1 << 14;

/// Minimum number of different suspect rows of a day or a source.
const MIN_ORIGIN_ROWS: u64 = 5;

/// Minimum share of the negative rows of a day or a source that are suspect.
const MIN_ORIGIN_SHARE: f64 = 0.1;

/// Maximum number of suspect groups in a model.
const MAX_GROUPS: usize = 5;

/// Maximum number of term hashes of a phrase.
const MAX_HASHES: usize = 16;

/// Maximum number of characters of a source that are shown.
const MAX_NAME: usize = 40;

/// Maximum number of words of a phrase that are shown.
const MAX_WORDS: usize = 8;

/// The counts of a term among contested rows.
#[derive(Clone, Copy, Debug, Default)]
struct ContestedCounts {
    /// Number of different rows.
    rows: u64,
    /// Number of rows, including copies.
    copies: u64,
}

/// Everything that the search needs to know about the training rows.
struct SuspectSearch<'a> {
    corpus: &'a Corpus<'a>,
    rare: RareTerms<'a>,
    /// Number of negative rows.
    negatives: u64,
    /// Number of terms that are tested.
    tests: f64,
    /// Log-odds from which a row is clearly positive.
    limit: f64,
}

/// Finds the suspect groups of the training rows.
pub(super) fn find(
    corpus: &Corpus,
    analyzer: &Analyzer,
    folds: &RowFolds,
    models: &[FoldModel],
    scores: &OutOfFoldScores,
) -> Result<Vec<SuspectGroup>> {
    let Some(limit) = clearly_positive(scores) else { return Ok(Vec::new()) };
    let mut numbers: Vec<usize> =
        scores.stripped.iter().filter(|(_, stripped)| *stripped >= limit).map(|(row, _)| *row).collect();
    while numbers.len() > MAX_CONTESTED {
        let mut odd = true;
        numbers.retain(|_| {
            odd = !odd;
            !odd
        });
    }
    if (numbers.len() as u64) < MIN_ROWS {
        return Ok(Vec::new());
    }
    let rare = RareTerms::of(&corpus.frequency, corpus.labels.len());
    let negatives = corpus.labels.iter().filter(|(label, _)| *label == Label::Negative).count() as u64;
    let tests = rare.shared_by(MIN_ROWS) as f64;
    let search = SuspectSearch { corpus, rare, negatives, tests, limit };
    let contested = contested(corpus, folds, models, &numbers)?;
    search.groups(search.suspect_rows(contested), analyzer)
}

/// The log-odds from which a row is clearly positive; none if no positive row was scored.
fn clearly_positive(scores: &OutOfFoldScores) -> Option<f64> {
    let positive = scores.rows.iter().filter(|row| row.label == Label::Positive);
    let mut positive: Vec<f64> = positive.map(|row| row.score).collect();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a length")]
    let place = (positive.len() as f64 * CLEARLY_POSITIVE) as usize;
    if positive.is_empty() {
        return None;
    }
    let (_, quantile, _) = positive.select_nth_unstable_by(place, f64::total_cmp);
    Some(quantile.max(0.0))
}

/// The rows with these indexes, with the terms and weights of their out-of-fold model. Copies are counted once.
fn contested(
    corpus: &Corpus,
    folds: &RowFolds,
    models: &[FoldModel],
    numbers: &[usize],
) -> Result<Vec<ContestedRow>> {
    let mut found: Vec<ContestedRow> = Vec::new();
    let mut places: HashMap<u64, usize> = HashMap::new();
    let (mut wanted, mut weights) = (numbers.iter().copied().peekable(), Vec::new());
    corpus.each_block(&mut |first, rows| {
        for (row, terms) in (first..).zip(rows.iter()) {
            if wanted.next_if_eq(&row).is_none() {
                continue;
            }
            let Some(model) = models.iter().find(|model| model.can_score(folds.of_row[row])) else {
                continue;
            };
            if let Some(&place) = places.get(&folds.prints[row].content()) {
                found[place].copies += 1;
            } else {
                places.insert(folds.prints[row].content(), found.len());
                model.space.weigh(terms, &mut weights);
                found.push(ContestedRow::new(row, model, &weights));
            }
        }
    })?;
    Ok(found)
}

impl SuspectSearch<'_> {
    fn counts(&self, rows: &[ContestedRow]) -> HashMap<u32, ContestedCounts> {
        let mut counts: HashMap<u32, ContestedCounts> = HashMap::new();
        for row in rows {
            for term in row.rare_negative_terms(self.rare) {
                let count = counts.entry(term).or_default();
                *count = ContestedCounts { rows: count.rows + 1, copies: count.copies + row.copies };
            }
        }
        counts
    }

    /// The contested rows that are clearly positive without the tainted terms.
    fn suspect_rows(&self, mut contested: Vec<ContestedRow>) -> Vec<ContestedRow> {
        let counts = self.counts(&contested);
        let is_tainted = |term: u32| {
            counts.get(&term).is_some_and(|count| {
                let share = count.copies as f64 / self.rare.rows_with(term) as f64;
                count.rows >= MIN_ROWS && share >= TAINTED
            })
        };
        contested.retain(|row| row.without(is_tainted) >= self.limit);
        contested
    }

    /// The phrases that suspect rows share, the most significant first; then the days and sources of the other rows.
    fn groups(&self, mut suspects: Vec<ContestedRow>, analyzer: &Analyzer) -> Result<Vec<SuspectGroup>> {
        let mut found = Vec::new();
        while found.len() < MAX_GROUPS {
            let terms = self.significant(&suspects);
            let Some(&(p, strongest)) = terms.first() else { break };
            let has = |row: &ContestedRow, term| row.terms.iter().any(|other| other.term == term);
            let (shared, rest): (Vec<_>, Vec<_>) = suspects.into_iter().partition(|row| has(row, strongest));
            let mut inside: BTreeMap<u32, usize> = BTreeMap::new();
            shared
                .iter()
                .flat_map(|row| &row.terms)
                .for_each(|term| *inside.entry(term.term).or_default() += 1);
            let is_common = |term: &u32| inside.get(term).is_some_and(|rows| 4 * rows >= shared.len());
            let terms: Vec<u32> = terms.into_iter().map(|(_, term)| term).filter(is_common).collect();
            found.push(self.phrase(&shared, &terms, p, analyzer)?);
            suspects = rest;
        }
        for shares in [SharedTrait::Day, SharedTrait::Source] {
            found.extend(self.origins(&suspects, shares)?);
        }
        found.truncate(MAX_GROUPS);
        Ok(found)
    }

    /// The days or sources that more suspect rows share than chance allows, the most significant first.
    fn origins(&self, suspects: &[ContestedRow], shares: SharedTrait) -> Result<Vec<SuspectGroup>> {
        let key = |row: usize| {
            let RowOrigin { day, source } = self.corpus.origins[row];
            if shares == SharedTrait::Day { day.map(|day| xxh3_64(&day.to_le_bytes())) } else { source }
        };
        let mut by_key: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for row in suspects {
            if let Some(key) = key(row.row) {
                by_key.entry(key).or_default().push(row.row);
            }
        }
        by_key.retain(|_, rows| rows.len() as u64 >= MIN_ORIGIN_ROWS);
        if by_key.is_empty() {
            return Ok(Vec::new());
        }
        let mut sizes: HashMap<u64, u64> = HashMap::new();
        let negative = (0..).zip(&self.corpus.labels).filter(|(_, (label, _))| *label == Label::Negative);
        negative.filter_map(|(row, _)| key(row)).for_each(|key| *sizes.entry(key).or_default() += 1);
        let tests = sizes.values().filter(|size| **size >= MIN_ORIGIN_ROWS).count() as f64;
        let all = suspects.len() as u64;
        let mut found = Vec::new();
        for (key, rows) in by_key {
            let (count, size) = (rows.len() as u64, sizes.get(&key).copied().unwrap_or_default());
            let table = TwoByTwo::of(count, size, all - count, self.negatives.saturating_sub(size));
            let p = table.map_or(1.0, |table| (table.upper() * tests).min(1.0));
            if p > LEVEL || (count as f64) < MIN_ORIGIN_SHARE * size as f64 {
                continue;
            }
            let (id, name) = (format!("{:08x}", key >> 32), self.origin_name(rows[0], shares)?);
            let hashes = vec![format!("{key:016x}")];
            found.push(SuspectGroup { id, shares, name, rows: count, rows_with: size, p, hashes });
        }
        found.sort_by(|one, other| one.p.total_cmp(&other.p));
        Ok(found)
    }

    /// The day or the source of a row, masked and shortened.
    fn origin_name(&self, row: usize, shares: SharedTrait) -> Result<String> {
        let Some(TrainingRow { day, source, .. }) = self.corpus.row(row)? else { return Ok(String::new()) };
        if shares == SharedTrait::Source {
            return Ok(mask::masked(&source, &mask::ALL).chars().take(MAX_NAME).collect());
        }
        let day = Timestamp(day.unwrap_or_default() * DAY).to_string();
        Ok(day.split('T').next().unwrap_or_default().to_owned())
    }

    /// The terms that more suspect rows share than chance allows, each with its p-value, the most significant first.
    fn significant(&self, suspects: &[ContestedRow]) -> Vec<(f64, u32)> {
        let all = suspects.len() as u64;
        let p = |term: u32, count: ContestedCounts| {
            let with_term = (self.rare.rows_with(term) + count.rows).saturating_sub(count.copies);
            let others = self.negatives.saturating_sub(with_term).max(all - count.rows);
            TwoByTwo::of(count.rows, with_term, all - count.rows, others).map_or(1.0, TwoByTwo::upper)
        };
        let counts = self.counts(suspects).into_iter().filter(|(_, count)| count.rows >= MIN_ROWS);
        let tested = counts.map(|(term, count)| ((p(term, count) * self.tests).min(1.0), term));
        let mut terms: Vec<(f64, u32)> = tested.filter(|(p, _)| *p <= LEVEL).collect();
        terms.sort_unstable_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
        terms
    }

    /// Describes the phrase that rows share. `terms` lists its terms, the most significant first.
    fn phrase(
        &self,
        shared: &[ContestedRow],
        terms: &[u32],
        p: f64,
        analyzer: &Analyzer,
    ) -> Result<SuspectGroup> {
        let hash = |term: &u32| xxh3_64(self.corpus.terms.term(*term as usize).as_bytes());
        let hashes: Vec<String> =
            terms.iter().take(MAX_HASHES).map(|term| format!("{:016x}", hash(term))).collect();
        let id = hashes.first().map_or("", |first| &first[..8]).to_owned();
        let rows_with = terms.first().map_or(0, |term| self.rare.rows_with(*term));
        let rows = shared.len() as u64;
        let name =
            shared.first().map(|row| self.words(row, terms, analyzer)).transpose()?.unwrap_or_default();
        Ok(SuspectGroup { id, shares: SharedTrait::Phrase, name, rows, rows_with, p, hashes })
    }

    /// The words of a phrase, in the order of a row. Words that masking removes from the text are left out.
    fn words(&self, row: &ContestedRow, terms: &[u32], analyzer: &Analyzer) -> Result<String> {
        let text = self.corpus.row(row.row)?.map_or_else(String::new, |row| row.text);
        let [masked, text] = [mask::masked(&text, &mask::ALL), text].map(|text| text.to_lowercase());
        let is_hidden = |term: &str| {
            let mut parts = term.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
            parts.any(|part| text.contains(part) && !masked.contains(part))
        };
        let wanted: HashSet<u32> = terms.iter().copied().collect();
        let spelled = row.terms.iter().filter(|term| wanted.contains(&term.term));
        let spelled = spelled.map(|term| self.corpus.terms.term(term.term as usize));
        let (mut single, joined): (Vec<&str>, Vec<&str>) = spelled.partition(|term| !term.contains(' '));
        if single.is_empty() {
            single = joined;
        }
        let words = single.into_iter().filter(|term| !is_hidden(term)).map(|term| analyzer.spelled(term));
        Ok(words.take(MAX_WORDS).collect::<Vec<_>>().join(" "))
    }
}
