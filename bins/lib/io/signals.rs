//! Waits in a thread for a signal that ends the process, and runs a clean-up before the end.

#![cfg(unix)]

use std::fs;
use std::io::Error;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Once, OnceLock, mpsc};
use std::thread;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ};
use signal_hook::flag;
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// The signals that end a process, except those of a crash, a timer, or a file that is too large.
const HANDLED: [i32; 7] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU];

/// Whether a signal has arrived that ends the process.
static RECEIVED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Starts the thread, once. After a signal, the thread calls `clean_up` and ends the process by the same signal.
pub(super) fn watch(clean_up: fn(i32)) {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let (ready, is_ready) = mpsc::channel();
        let thread = thread::Builder::new().name("signals".into()).spawn(move || {
            let Ok(mut signals) = handled() else { return };
            // The receiver waits, so sending cannot fail.
            let _ = ready.send(());
            if let Some(signal) = signals.forever().next() {
                clean_up(signal);
                let _ = emulate_default_handler(signal);
            }
        });
        if thread.is_ok() {
            let _ = is_ready.recv();
        }
    });
}

fn handled() -> Result<Signals, Error> {
    let received = RECEIVED.get_or_init(Arc::default);
    let signals: Vec<i32> = HANDLED.into_iter().filter(|signal| !is_ignored(*signal)).collect();
    let handled = Signals::new(&signals)?;
    for signal in signals {
        flag::register(signal, received.clone())?;
    }
    // A file that grows beyond a limit then fails to write, and the error names the file.
    flag::register(SIGXFSZ, Arc::default())?;
    Ok(handled)
}

/// Whether the caller ignores the signal for this process, as `nohup` does. Such a signal must stay ignored.
///
/// Only Linux shows this. Elsewhere, SIGHUP is not handled, so that `nohup` works.
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.map_or(signal == SIGHUP, |mask| mask >> (signal - 1) & 1 == 1)
}

/// Sends a signal to a child process. A child that has ended already gets none.
pub(super) fn send(signal: i32, child: u32) {
    if let (Some(child), Some(signal)) = (pid(child), Signal::from_named_raw(signal)) {
        let _ = kill_process(child, signal);
    }
}

/// Waits until a child process has ended, but keeps its process id.
pub(super) fn wait_for_end(child: u32) {
    let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    if let Some(child) = pid(child) {
        while matches!(waitid(WaitId::Pid(child), ended), Err(Errno::INTR)) {}
    }
}

/// Waits for the end of this process if a signal has arrived. Otherwise, a child that got the same signal would look
/// like a failed child.
pub(super) fn wait_for_own_end() {
    while RECEIVED.get().is_some_and(|received| received.load(SeqCst)) {
        thread::park();
    }
}

fn pid(process: u32) -> Option<Pid> {
    i32::try_from(process).ok().and_then(Pid::from_raw)
}
