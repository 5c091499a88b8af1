//! Runs work on several threads. The result does not depend on the number of threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Maximum number of threads for each core. More threads only need memory.
const THREADS_PER_CORE: usize = 8;

/// The requested number of threads, or one for each core.
pub fn count(requested: Option<u16>) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    requested.map_or(cores, |threads| usize::from(threads).min(THREADS_PER_CORE * cores))
}

/// Works on every item with up to `threads` threads. Items are taken in order.
pub fn each<T: Send>(items: &mut [T], threads: usize, work: impl Fn(&mut T) + Sync) {
    each_while(items, threads.min(items.len()), work, || ());
}

/// Works on every item with up to `threads` threads, while this thread first does something else.
pub fn each_while<T: Send, R>(
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
    // A worker that panics is a bug. The scope passes its panic on.
    std::thread::scope(|scope| {
        for _ in 1..threads {
            let worker = || {
                while let Some(item) = next() {
                    work(item);
                }
            };
            // If no more threads can be started, the others do the work.
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

/// Number of items that a thread takes at a time.
const SHARE: usize = 128;

/// One state for each thread, for [`distribute`].
pub fn states<S: Default>(threads: usize) -> Vec<S> {
    (0..threads.max(1)).map(|_| S::default()).collect()
}

/// Distributes items over the states, with one thread for each state. `work` gets some items and the index of the
/// first item; indexes start at `start`. The assignment of items to states depends on timing.
pub fn distribute<T: Sync, S: Send>(
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
