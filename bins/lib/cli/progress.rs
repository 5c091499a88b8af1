//! The progress line of a long run, shown only on a terminal and only after one second.

use std::cell::Cell;
use std::io::{IsTerminal, Write, stderr};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::rows::ReadProgress;

// This module draws the line without indicatif, which would add a terminal crate.
static DRAWN: AtomicBool = AtomicBool::new(false);

/// A line that is redrawn ten times a second if stderr is a terminal.
pub fn on_terminal(name: &str, quiet: bool) -> Option<ReadProgress> {
    if quiet || !stderr().is_terminal() {
        return None;
    }
    let name = name.to_owned();
    let start = Instant::now();
    let next = Cell::new(start + Duration::from_secs(1));
    Some(ReadProgress(Rc::new(move |rows, bytes, size| {
        let now = Instant::now();
        if now < next.get() {
            return;
        }
        next.set(now + Duration::from_millis(100));
        let per_second = rows as f64 / (now - start).as_secs_f64();
        let line = match size {
            // A compressed file yields more bytes than its size, so no percentage is shown.
            Some(size) if bytes <= size => bar(bytes as f64 / size.max(1) as f64),
            _ => String::new(),
        };
        DRAWN.store(true, Ordering::Relaxed);
        let _ = write!(stderr(), "\r\u{1b}[K{name}: {line}{rows} rows, {per_second:.0} rows/s");
    })))
}

fn bar(share: f64) -> String {
    const WIDTH: usize = 24;
    let full = (0..WIDTH).filter(|&place| (place as f64) < share * WIDTH as f64).count();
    format!("[{}{}] {:3.0}%  ", "#".repeat(full), "-".repeat(WIDTH - full), share * 100.0)
}

/// Replaces the progress line by the current activity.
pub fn show(name: &str, activity: &str) {
    DRAWN.store(true, Ordering::Relaxed);
    let _ = write!(stderr(), "\r\u{1b}[K{name}: {activity}");
}

/// Removes the progress line.
pub fn clear() {
    if DRAWN.swap(false, Ordering::Relaxed) {
        let _ = write!(stderr(), "\r\u{1b}[K");
    }
}
