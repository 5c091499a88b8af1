//! Work on several threads, in a way that leaves no trace of how many there were.

use std::sync::{Mutex, PoisonError};

/// Works on every item, so many at a time; the items are taken in order.
pub fn each<T: Send>(items: &mut [T], threads: usize, work: impl Fn(&mut T) + Sync) {
    beside(items, threads.min(items.len()), work, || ());
}

/// Works on every item, so many at a time, while this thread does something else first.
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
            // Where no thread is to be had the others do its work.
            let worker = || {
                while let Some(item) = next() {
                    work(item);
                }
            };
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
