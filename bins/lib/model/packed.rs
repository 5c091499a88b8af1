//! Stores rows of counted terms in two or three bytes per term.

/// Rows of (term, count) pairs, in any order. Low term numbers take fewer bytes.
#[derive(Clone, Debug, Default)]
pub struct PackedRows {
    /// Numbers, each with its length. Zeros follow each row, so that reading may overrun its end.
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// Number of bytes read for each number. The processor cannot predict the length of a number, and a mispredicted branch
/// costs more than extra bytes.
const REACH: usize = 8;

/// Counts from this value on are rare, so each is stored as a separate number.
const MANY: u32 = 4;

impl PackedRows {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Adds a row. Each term becomes a number, with two bits for its count.
    pub fn push(&mut self, row: &[(u32, u32)]) {
        self.bytes.truncate(self.end());
        for &(term, count) in row {
            self.write(u64::from(term) << 2 | u64::from(count.clamp(1, MANY) - 1));
            if count >= MANY {
                self.write(u64::from(count));
            }
        }
        self.ends.push(self.bytes.len());
        self.bytes.extend([0; REACH]);
    }

    /// The end of the last row, in bytes.
    fn end(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// Frees unused memory.
    pub fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    #[inline]
    pub fn row(&self, row: usize) -> PackedTerms<'_> {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        PackedTerms { bytes: &self.bytes[..self.ends[row] + REACH], at: start }
    }

    pub fn rows(&self) -> impl Iterator<Item = PackedTerms<'_>> + Clone {
        (0..self.len()).map(|row| self.row(row))
    }

    /// Appends a number. The low three bits of the first byte are the number of bytes after it.
    #[inline]
    fn write(&mut self, number: u64) {
        let number = number << 3;
        let more = number.checked_ilog2().unwrap_or(0) / u8::BITS;
        let end = self.bytes.len() + 1 + more as usize;
        self.bytes.extend((number | u64::from(more)).to_le_bytes());
        self.bytes.truncate(end);
    }
}

/// The terms of one row, with their counts.
#[derive(Clone, Debug)]
pub struct PackedTerms<'a> {
    /// The bytes up to the end of this row, plus the zeros after it.
    bytes: &'a [u8],
    at: usize,
}

impl PackedTerms<'_> {
    #[inline]
    fn read(&mut self) -> u64 {
        let word = self.bytes[self.at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let more = word & 7;
        self.at += 1 + more as usize;
        let beyond = u64::from(u64::BITS) - u64::from(u8::BITS) * (more + 1);
        word << beyond >> beyond >> 3
    }
}

impl Iterator for PackedTerms<'_> {
    type Item = (u32, u32);

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "packed numbers have at most 32 bits")]
    fn next(&mut self) -> Option<(u32, u32)> {
        if self.at + REACH >= self.bytes.len() {
            return None;
        }
        let number = self.read();
        let count = (number & 3) as u32 + 1;
        Some(((number >> 2) as u32, if count < MANY { count } else { self.read() as u32 }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unpacking_restores_the_rows() {
        let rows = [
            vec![],
            vec![(0, 1), (1, 300), (u32::MAX, u32::MAX), (7, 1), (7, 2)],
            vec![],
            vec![(7, 3), (7, 4), (7, 5), (1 << 11, 1), ((1 << 11) - 1, 1), (0, 7)],
        ];
        let mut packed = PackedRows::default();
        for row in &rows {
            packed.push(row);
        }
        assert!(packed.rows().map(Iterator::collect::<Vec<_>>).eq(rows));
    }
}
