//! Assigns rows to folds: near-duplicates share a fold, and each fold has its share of both classes.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64;

use crate::rows::fingerprint::{Fingerprint, mix};
use crate::rows::label::Label;

/// Maximum number of rows to search for near-duplicates. With more rows, only exact copies share a fold.
pub const SKETCHED: usize = 1 << 18;

/// Number of values in a sketch.
const VALUES: usize = 64;

/// Number of adjacent sketch values that two texts must share to be compared.
const BAND: usize = 4;

/// Two texts are near-duplicates if their sketches share at least this fraction of values.
const NEAR: f64 = 0.7;

/// Recognises copies of a row: a hash of its content, and a sketch that estimates how much two texts share. The sketch
/// has the lowest hash of the text's word pairs in each of 64 ranges (one permutation hashing, Li, Owen & Zhang 2012).
#[derive(Clone, Debug)]
pub struct FoldPrint {
    content: u64,
    sketch: Option<Box<[u32; VALUES]>>,
}

impl FoldPrint {
    /// A hash that copies share.
    pub fn content(&self) -> u64 {
        self.content
    }

    /// Frees the memory of the sketch.
    pub fn forget(&mut self) {
        self.sketch = None;
    }

    /// The print of a row. A row without a text is unique, so that customers on the same plan do not share a fold.
    pub fn of(text: &str, cells: &[String], row: usize, sketched: bool) -> Self {
        if text.is_empty() && !cells.is_empty() {
            return Self { content: mix(row as u64), sketch: None };
        }
        let sketch = sketched.then(|| {
            let mut values = Box::new([u32::MAX; VALUES]);
            let mut before = 0;
            let words = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
            for word in words {
                let word = if word.bytes().any(|byte| byte.is_ascii_uppercase()) {
                    xxh3_64(word.to_ascii_lowercase().as_bytes())
                } else {
                    xxh3_64(word.as_bytes())
                };
                let pair = mix(before ^ word);
                before = word;
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "the value is the low half; the range is the top six bits"
                )]
                let (range, value) = ((pair >> 58) as usize, pair as u32);
                values[range] = values[range].min(value);
            }
            values
        });
        Self { content: Fingerprint::of(text).0, sketch }
    }
}

/// Whether two sketches belong to near-duplicates.
fn are_near(one: &[u32; VALUES], other: &[u32; VALUES]) -> bool {
    let there = one.iter().zip(other).filter(|(a, b)| **a != u32::MAX || **b != u32::MAX);
    let (all, same) = there.fold((0, 0), |(all, same), (a, b)| (all + 1, same + i32::from(a == b)));
    f64::from(same) >= NEAR * f64::from(all)
}

/// The fold of each row, and the rows that count as messages.
pub struct FoldAssignment {
    /// The index of each row's fold.
    pub of_row: Vec<u8>,
    /// Whether the row is the first of its group with its label.
    pub is_first: Vec<bool>,
}

/// Assigns each row to a fold. Groups of near-duplicates are taken in the order of their hashes. Each group goes to the
/// fold with the fewest rows of the group's class so far.
pub fn assign(prints: &[FoldPrint], labels: &[(Label, f64)], folds: usize) -> FoldAssignment {
    let (groups, count) = groups(prints);
    let mut sizes = vec![[0u32; 2]; count];
    let mut hashes = vec![u64::MAX; count];
    for ((print, group), (label, _)) in prints.iter().zip(&groups).zip(labels) {
        sizes[*group as usize][usize::from(*label == Label::Positive)] += 1;
        hashes[*group as usize] = hashes[*group as usize].min(mix(print.content ^ 0x464f_4c44));
    }
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_unstable_by_key(|&group| hashes[group]);
    let mut filled = vec![[0u32; 2]; folds];
    let mut fold_of = vec![0u8; count];
    for group in order {
        let class = usize::from(sizes[group][1] > sizes[group][0]);
        let emptiest = (0..folds).min_by_key(|&fold| filled[fold][class]).unwrap_or(0);
        fold_of[group] = u8::try_from(emptiest).unwrap_or(0);
        (0..2).for_each(|class| filled[emptiest][class] += sizes[group][class]);
    }
    let mut is_known = vec![[false; 2]; count];
    let is_first = groups.iter().zip(labels).map(|(group, (label, _))| {
        let is_known = &mut is_known[*group as usize][usize::from(*label == Label::Positive)];
        !std::mem::replace(is_known, true)
    });
    let is_first = is_first.collect();
    FoldAssignment { of_row: groups.into_iter().map(|group| fold_of[group as usize]).collect(), is_first }
}

/// The index of each row's group of near-duplicates, and the number of groups.
fn groups(prints: &[FoldPrint]) -> (Vec<u32>, usize) {
    let mut known: HashMap<u64, u32> = HashMap::new();
    let mut contents: Vec<&FoldPrint> = Vec::new();
    let copies: Vec<u32> = prints
        .iter()
        .map(|print| {
            *known.entry(print.content).or_insert_with(|| {
                contents.push(print);
                u32::try_from(contents.len() - 1).unwrap_or(u32::MAX)
            })
        })
        .collect();
    let mut parents: Vec<u32> = (0..).take(contents.len()).collect();
    if prints.len() > SKETCHED {
        return (copies, contents.len());
    }
    let mut bands: HashMap<u64, u32> = HashMap::new();
    for (print, number) in contents.iter().zip(0u32..) {
        let Some(sketch) = &print.sketch else { continue };
        for (band, values) in sketch.chunks_exact(BAND).enumerate() {
            if values.iter().all(|value| *value == u32::MAX) {
                continue;
            }
            let key = values.iter().fold(band as u64, |hash, value| mix(hash ^ u64::from(*value)));
            let first = *bands.entry(key).or_insert(number);
            let other = contents[first as usize].sketch.as_ref();
            if first != number && other.is_some_and(|other| are_near(sketch, other)) {
                let (one, other) = (root(&mut parents, first), root(&mut parents, number));
                parents[one.max(other) as usize] = one.min(other);
            }
        }
    }
    let groups = copies.iter().map(|&number| root(&mut parents, number)).collect();
    (groups, contents.len())
}

fn root(parents: &mut [u32], mut number: u32) -> u32 {
    while parents[number as usize] != number {
        let above = parents[parents[number as usize] as usize];
        parents[number as usize] = above;
        number = above;
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prints(texts: &[String]) -> Vec<FoldPrint> {
        texts.iter().map(|text| FoldPrint::of(text, &[], 0, true)).collect()
    }

    #[test]
    fn near_duplicates_share_a_fold() {
        let text =
            |n: u64| (0..30).map(|i| format!("w{}", mix(n * 31 + i) % 900)).collect::<Vec<_>>().join(" ");
        let digits = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
        let letters = |text: String| (0..10).fold(text, |text, n| text.replace(&n.to_string(), digits[n]));
        let mut texts: Vec<String> = (0..200).map(|n| letters(text(n))).collect();
        let near: Vec<String> = texts.iter().map(|text| format!("{} indeed", text.to_uppercase())).collect();
        texts.extend(near);
        let labels = vec![(Label::Positive, 1.0); 400];
        let folds = assign(&prints(&texts), &labels, 5).of_row;
        let together = (0..200).filter(|&n| folds[n] == folds[n + 200]).count();
        assert!(together >= 198, "{together}");
        let size = |fold: u8| folds.iter().map(|of_row| usize::from(*of_row == fold)).sum();
        let sizes: Vec<usize> = (0..5).map(size).collect();
        assert!(sizes.iter().all(|size| (76..=84).contains(size)), "{sizes:?}");
    }

    #[test]
    fn rows_without_a_text_are_not_copies() {
        let cells = ["the same plan".to_owned()];
        let rows: Vec<FoldPrint> = (0..100).map(|row| FoldPrint::of("", &cells, row, true)).collect();
        let folds = assign(&rows, &[(Label::Positive, 1.0); 100], 5).of_row;
        assert!((0..5).all(|fold| folds.contains(&fold)));
    }

    #[test]
    fn the_first_row_of_a_group_with_each_label_counts() {
        use Label::{Negative, Positive};
        let text = "win a prize in the big draw today and call us now";
        let texts =
            [text, "see you at noon", &text.to_uppercase(), text, "see you at noon"].map(str::to_owned);
        let labels = [Positive, Negative, Positive, Negative, Negative].map(|label| (label, 1.0));
        assert_eq!(assign(&prints(&texts), &labels, 2).is_first, [true, true, false, true, false]);
    }

    #[test]
    fn every_fold_has_its_share_of_a_rare_class() {
        let texts: Vec<String> = (0..1000).map(|n| format!("message number {}", "x".repeat(n))).collect();
        let labels: Vec<(Label, f64)> =
            (0..1000).map(|n| (if n % 100 == 0 { Label::Positive } else { Label::Negative }, 1.0)).collect();
        let plain: Vec<FoldPrint> = texts.iter().map(|text| FoldPrint::of(text, &[], 0, false)).collect();
        let folds = assign(&plain, &labels, 5).of_row;
        for fold in 0..5 {
            let rare = (0..1000).filter(|&n| n % 100 == 0 && folds[n] == fold).count();
            assert_eq!(rare, 2);
        }
    }
}
