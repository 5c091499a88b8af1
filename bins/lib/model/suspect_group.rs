//! Defines groups of suspect training rows, as in the model file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the rows of a group share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SharedTrait {
    /// A rare phrase.
    Phrase,
    /// The day of their date.
    Day,
    /// The value of the source column.
    Source,
}

/// Training rows that are labelled negative and share something, although the rest of their text is clearly positive.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuspectGroup {
    /// Code of the group, for `compare --accept-suspect`: eight hexadecimal digits.
    pub id: String,
    /// What the rows share: `phrase`, `day` or `source`.
    pub shares: SharedTrait,
    /// Up to eight words of the phrase, in the order of the first row; or the day; or the source. Personal data is
    /// masked.
    pub name: String,
    /// Number of different suspect rows in the group.
    pub rows: u64,
    /// Number of training rows with the most significant term of the phrase, or of negative rows with this day or source.
    /// Copies count.
    pub rows_with: u64,
    /// p-value (Fisher 1935), corrected for the number of rare terms, days or sources.
    pub p: f64,
    /// Hashes of up to 16 terms of the phrase, the most significant first, as 16 hexadecimal digits. For a day or a
    /// source, one hash.
    pub hashes: Vec<String>,
}

impl SuspectGroup {
    /// Whether code, hashes and p-value have their form. Sentences show the code as part of a command.
    pub fn is_valid(&self) -> bool {
        let is_hex = |text: &str, digits| text.len() == digits && text.bytes().all(|c| c.is_ascii_hexdigit());
        let hashes = &self.hashes;
        is_hex(&self.id, 8) && hashes.iter().all(|hash| is_hex(hash, 16)) && (0.0..=1.0).contains(&self.p)
    }

    /// Whether both share the same: half of the hashes of the one with fewer hashes are hashes of the other.
    pub fn is_same(&self, other: &Self) -> bool {
        let shared = self.hashes.iter().filter(|hash| other.hashes.contains(hash)).count();
        shared > 0 && 2 * shared >= self.hashes.len().min(other.hashes.len())
    }
}
