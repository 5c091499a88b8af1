//! Runs work on several threads. The result does not depend on the number of threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// The number of threads to use: the number asked for, or one for each core.
pub fn count(asked: Option<u16>) -> usize {
    let cores = || std::thread::available_parallelism().ok().map(usize::from);
    asked.map(usize::from).or_else(cores).unwrap_or(1)
}

/// Works on every item, on up to `threads` threads. Items are taken in order.
pub fn each<T: Send>(items: &mut [T], threads: usize, work: impl Fn(&mut T) + Sync) {
    beside(items, threads.min(items.len()), work, || ());
}

/// Works on every item, on up to `threads` threads, while this thread first does something else.
pub fn beside<T: Send, R>(
    items: &mut [T],
    threads: usize,
    work: impl Fn(&mut T) + Sync,
    meanwhile: impl FnOnce() -> R,
) -> R {
    if threads < 2 {
        let done = meanwhile();
        items.iter_mut().for_each(work);
        return done;
    }
    let queue = Mutex::new(items.iter_mut());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    // A worker that panics is a bug; the scope hands its panic on.
    std::thread::scope(|scope| {
        for _ in 1..threads {
            let worker = || {
                while let Some(item) = next() {
                    work(item);
                }
            };
            // If the system gives no more threads, the others do the work.
            if std::thread::Builder::new().spawn_scoped(scope, worker).is_err() {
                break;
            }
        }
        let done = meanwhile();
        while let Some(item) = next() {
            work(item);
        }
        done
    })
}

/// Items that a thread takes at once when items are shared out.
const SHARE: usize = 128;

/// A state for each thread, to share items out to.
pub fn states<S: Default>(threads: usize) -> Vec<S> {
    (0..threads.max(1)).map(|_| S::default()).collect()
}

/// Shares items out to the states, one thread each. `work` gets some items and the number of the first of them; numbers
/// start at `start`. Which state gets which items depends on timing.
pub fn share_out<T: Sync, S: Send>(
    items: &[T],
    start: usize,
    states: &mut [S],
    work: impl Fn(&mut S, usize, &[T]) + Sync,
) {
    let next = AtomicUsize::new(0);
    let threads = states.len();
    each(states, threads, |state| {
        loop {
            let first = next.fetch_add(SHARE, Ordering::Relaxed);
            let end = items.len().min(first + SHARE);
            if first >= end {
                return;
            }
            work(state, start + first, &items[first..end]);
        }
    });
}
