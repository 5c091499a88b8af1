//! Rows of counted terms, packed: two bytes or so for each term.

/// Rows of pairs of term and count, in any order; in ascending order of the terms they take least.
#[derive(Clone, Debug, Default)]
pub struct Packed {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Packed {
    /// No rows yet, and room for as many as these.
    pub fn with_room(like: &[&Self]) -> Self {
        let bytes = like.iter().map(|rows| rows.bytes.len()).sum();
        let rows = like.iter().map(|rows| rows.ends.len()).sum();
        Self { bytes: Vec::with_capacity(bytes), ends: Vec::with_capacity(rows) }
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Adds a row. A term is written as the distance from the one before it, with a bit for its sign and one that says whether
    /// the term occurs once.
    pub fn push(&mut self, row: &[(u32, u32)]) {
        let mut before = 0;
        for &(term, count) in row {
            let distance = i64::from(term) - i64::from(before);
            self.write(distance.unsigned_abs() << 2 | u64::from(distance < 0) << 1 | u64::from(count > 1));
            if count > 1 {
                self.write(u64::from(count));
            }
            before = term;
        }
        self.ends.push(self.bytes.len());
    }

    /// Gives memory back that no row needs.
    pub fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    /// Adds rows.
    pub fn append(&mut self, rows: &Self) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&rows.bytes);
        self.ends.extend(rows.ends.iter().map(|end| start + end));
    }

    /// The terms of a row.
    #[inline]
    pub fn row(&self, row: usize) -> Terms<'_> {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        Terms { bytes: &self.bytes[start..self.ends[row]], before: 0 }
    }

    /// All rows.
    pub fn rows(&self) -> impl Iterator<Item = Terms<'_>> + Clone {
        (0..self.len()).map(|row| self.row(row))
    }

    /// Seven bits a byte, the low ones first; the high bit says that there is more.
    fn write(&mut self, mut number: u64) {
        while number > 0x7f {
            #[expect(clippy::cast_possible_truncation, reason = "seven bits are meant")]
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        #[expect(clippy::cast_possible_truncation, reason = "it is under 128")]
        self.bytes.push(number as u8);
    }
}

/// The terms of one row, with their counts.
#[derive(Clone, Debug)]
pub struct Terms<'a> {
    bytes: &'a [u8],
    before: u32,
}

impl Terms<'_> {
    #[inline]
    fn read(&mut self) -> Option<u64> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let (&byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
            shift += 7;
        }
    }
}

impl Iterator for Terms<'_> {
    type Item = (u32, u32);

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "what was packed were numbers of 32 bits")]
    fn next(&mut self) -> Option<(u32, u32)> {
        let distance = self.read()?;
        let change = (distance >> 2) as u32;
        self.before = if distance & 2 == 0 { self.before + change } else { self.before - change };
        let count = if distance & 1 == 0 { 1 } else { self.read()? as u32 };
        Some((self.before, count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_is_unpacked() {
        let rows =
            [vec![], vec![(0, 1), (1, 300), (u32::MAX, u32::MAX), (7, 1), (7, 2)], vec![(127, 2), (128, 1)]];
        let (mut one, mut all) = (Packed::default(), Packed::default());
        for row in &rows {
            one.push(row);
        }
        all.push(&[(7, 7)]);
        all.append(&one);
        assert_eq!(all.row(0).collect::<Vec<_>>(), [(7, 7)]);
        for (number, row) in rows.iter().enumerate() {
            assert_eq!(&all.row(number + 1).collect::<Vec<_>>(), row);
        }
    }
}
