//! A reader that gives up on a row without end, and counts quotes to notice one left open.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// What the rows and the bytes below them tell each other.
#[derive(Clone, Default)]
pub(super) struct Gauge(Rc<Inner>);

#[derive(Default)]
struct Inner {
    allowed: Cell<u64>,
    read: Cell<u64>,
    quotes: Cell<u64>,
    ended: Cell<bool>,
}

impl Gauge {
    /// Allows bytes up to this offset of the stream.
    pub(super) fn allow(&self, offset: u64) {
        self.0.allowed.set(offset);
    }

    /// Whether all bytes are read and the number of quotes among them is odd: in a whole CSV file it is even.
    pub(super) fn ended_in_quotes(&self) -> bool {
        self.0.ended.get() && self.0.quotes.get() % 2 == 1
    }
}

/// The error of a row without end.
#[derive(Debug)]
pub(super) struct TooLong;

impl std::fmt::Display for TooLong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the row has no end within {} MB; is a quote left open?", super::MOST_BYTES >> 20)
    }
}

impl std::error::Error for TooLong {}

/// Bytes watched by a [`Gauge`].
pub(super) struct Bounded<R> {
    pub(super) bytes: R,
    pub(super) gauge: Gauge,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Inner { allowed, read, quotes, ended } = &*self.gauge.0;
        if read.get() > allowed.get() {
            return Err(io::Error::other(TooLong));
        }
        let count = self.bytes.read(buffer)?;
        ended.set(count == 0 && !buffer.is_empty());
        read.set(read.get() + count as u64);
        quotes.set(quotes.get() + memchr::memchr_iter(b'"', &buffer[..count]).count() as u64);
        Ok(count)
    }
}
