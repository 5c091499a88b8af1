//! Counts the terms of one text by their numbers.

/// A count for each term number, and the numbers that have a count.
#[derive(Default)]
pub struct TermCounts {
    counts: Vec<u32>,
    /// The numbers that have a count, and room for more.
    touched: Vec<u32>,
    used: usize,
}

impl TermCounts {
    /// Counts a term.
    #[inline]
    pub fn add(&mut self, number: u32) {
        let place = number as usize;
        if place >= self.counts.len() || self.used >= self.touched.len() {
            self.make_room(place);
        }
        // Always write the number, but keep it only if the term is new: the processor cannot predict whether a term is
        // new.
        self.touched[self.used] = number;
        self.used += usize::from(self.counts[place] == 0);
        self.counts[place] += 1;
    }

    #[cold]
    fn make_room(&mut self, place: usize) {
        let more = |now: usize, wanted: usize| now.max((wanted + 1).next_power_of_two());
        self.counts.resize(more(self.counts.len(), place), 0);
        self.touched.resize(more(self.touched.len(), self.used), 0);
    }

    /// Moves the counts to `row`, in the order in which the terms first occurred.
    pub fn take(&mut self, row: &mut Vec<(u32, u32)>) {
        row.clear();
        row.extend(self.touched[..self.used].iter().map(|&number| {
            let count = std::mem::take(&mut self.counts[number as usize]);
            (number, count)
        }));
        self.used = 0;
    }
}
