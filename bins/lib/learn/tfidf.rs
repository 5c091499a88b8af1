//! Texts as vectors: the words a model knows, each weighted by how rare it is (Spärck Jones 1972).

use std::collections::{BTreeMap, HashMap};

use crate::learn::words::each_word;

/// One text: word numbers, ascending, and their weights, of length 1 in all.
pub type Vector = Vec<(u32, f64)>;

/// The words of a corpus, sorted, and how rare each is.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    numbers: HashMap<String, u32>,
    idf: Vec<f64>,
}

impl Vocabulary {
    /// The words of these texts.
    pub fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let mut documents = 0u64;
        let mut frequency: BTreeMap<String, u64> = BTreeMap::new();
        for text in texts {
            documents += 1;
            for word in counts(text).into_keys() {
                *frequency.entry(word).or_default() += 1;
            }
        }
        // scikit-learn's smoothed idf: as if one more document held every word.
        let idf =
            frequency.values().map(|&df| ((1 + documents) as f64 / (1 + df) as f64).ln() + 1.0).collect();
        Self::new(frequency.into_keys().collect(), idf)
    }

    /// A vocabulary read back from a model.
    pub fn new(words: Vec<String>, idf: Vec<f64>) -> Self {
        Self { numbers: words.into_iter().zip(0..).collect(), idf }
    }

    /// The words, in the order of their numbers.
    pub fn words(&self) -> Vec<&str> {
        let mut words: Vec<(&str, u32)> = self.numbers.iter().map(|(word, n)| (word.as_str(), *n)).collect();
        words.sort_unstable_by_key(|(_, number)| *number);
        words.into_iter().map(|(word, _)| word).collect()
    }

    /// How rare each word is.
    pub fn idf(&self) -> &[f64] {
        &self.idf
    }

    /// The number of words.
    pub fn len(&self) -> usize {
        self.idf.len()
    }

    /// Whether there are no words at all.
    pub fn is_empty(&self) -> bool {
        self.idf.is_empty()
    }

    /// A text as a vector; words not known are as if they were not there.
    pub fn vector(&self, text: &str) -> Vector {
        let mut vector: Vector = counts(text)
            .into_iter()
            .filter_map(|(word, count)| {
                let number = *self.numbers.get(&word)?;
                Some((number, count as f64 * self.idf[number as usize]))
            })
            .collect();
        vector.sort_unstable_by_key(|(number, _)| *number);
        let length = vector.iter().map(|(_, weight)| weight * weight).sum::<f64>().sqrt();
        if length > 0.0 {
            for (_, weight) in &mut vector {
                *weight /= length;
            }
        }
        vector
    }
}

fn counts(text: &str) -> HashMap<String, u64> {
    let mut counts = HashMap::new();
    each_word(text, |word| match counts.get_mut(word) {
        Some(count) => *count += 1,
        None => {
            counts.insert(word.to_owned(), 1);
        }
    });
    counts
}
