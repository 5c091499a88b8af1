//! Runs a program with bounds on its time and its output, and stops it when it exceeds one of them.

use std::fmt;
use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::limits;

/// Pause between two checks whether a program has ended.
const CHECK: Duration = Duration::from_millis(10);

/// Time for a stopped program to remove its lock files and its own programs.
const GRACE: Duration = Duration::from_secs(2);

/// The reason why a program gave no complete output.
#[derive(Debug)]
pub enum ProgramFailure {
    /// The program is missing or cannot be started.
    NotRun(io::Error),
    /// The program ran longer than this time, and was stopped.
    TooSlow(Duration),
    /// The program printed more than [`limits::PROGRAM_BYTES`], and was stopped.
    TooMuchOutput,
}

impl fmt::Display for ProgramFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRun(error) => error.fmt(f),
            Self::TooSlow(time) => write!(f, "did not end within {} s and was stopped", time.as_secs_f64()),
            Self::TooMuchOutput => {
                write!(f, "printed more than {} MB and was stopped", limits::PROGRAM_BYTES >> 20)
            }
        }
    }
}

impl std::error::Error for ProgramFailure {}

/// Runs a program without input. Returns its status and both streams.
pub fn output(command: &mut Command, time: Duration) -> Result<Output, ProgramFailure> {
    let end = Instant::now() + time;
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(ProgramFailure::NotRun)?;
    let done = streams(&mut child).map_err(ProgramFailure::NotRun).and_then(|[stdout, stderr]| {
        let stdout = received(&stdout, end, time)?;
        let stderr = received(&stderr, end, time)?;
        let status = ended(&mut child, end).map_err(ProgramFailure::NotRun)?;
        let status = status.ok_or(ProgramFailure::TooSlow(time))?;
        Ok(Output { status, stdout, stderr })
    });
    if done.is_err() {
        stop(&mut child);
    }
    done
}

/// The bytes of a stream; `None` if the stream had more than the limit.
type StreamBytes = Receiver<io::Result<Option<Vec<u8>>>>;

/// Reads both streams, each in a thread. A stopped program can leave the threads waiting, so nobody joins them.
fn streams(child: &mut Child) -> io::Result<[StreamBytes; 2]> {
    let stdout = child.stdout.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>);
    let stderr = child.stderr.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>);
    let read = |pipe: Option<Box<dyn Read + Send>>| {
        let (sender, receiver) = channel();
        thread::Builder::new().spawn(move || {
            let mut bytes = Vec::new();
            let pipe = pipe.unwrap_or_else(|| Box::new(io::empty()));
            let result = pipe.take(limits::PROGRAM_BYTES + 1).read_to_end(&mut bytes);
            let is_bounded = bytes.len() as u64 <= limits::PROGRAM_BYTES;
            // The receiver is gone if the program was stopped.
            let _ = sender.send(result.map(|_| is_bounded.then_some(bytes)));
        })?;
        Ok::<_, io::Error>(receiver)
    };
    Ok([read(stdout)?, read(stderr)?])
}

fn received(stream: &StreamBytes, end: Instant, time: Duration) -> Result<Vec<u8>, ProgramFailure> {
    let left = end.saturating_duration_since(Instant::now());
    let bytes = stream.recv_timeout(left).map_err(|_| ProgramFailure::TooSlow(time))?;
    bytes.map_err(ProgramFailure::NotRun)?.ok_or(ProgramFailure::TooMuchOutput)
}

/// Waits until the program ends; `None` if it runs longer.
fn ended(child: &mut Child, end: Instant) -> io::Result<Option<ExitStatus>> {
    loop {
        let status = child.try_wait()?;
        if status.is_some() || Instant::now() >= end {
            return Ok(status);
        }
        thread::sleep(CHECK);
    }
}

/// Stops a program and the programs that it started. Asks first, so that git removes its lock files.
fn stop(child: &mut Child) {
    let started = descendants(child.id());
    #[cfg(unix)]
    {
        use rustix::process::{Pid, Signal, kill_process};
        // The program may have ended in the meantime.
        let _ = kill_process(Pid::from_child(child), Signal::TERM);
        let _ = ended(child, Instant::now() + GRACE);
    }
    let _ = child.kill();
    let _ = child.wait();
    started.into_iter().for_each(Descendant::kill);
}

/// A program that a program started.
struct Descendant {
    id: u32,
    /// Start time, which distinguishes the program from a later one with the same id.
    started: String,
}

impl Descendant {
    fn kill(self) {
        #[cfg(unix)]
        if start_time(self.id).as_ref() == Some(&self.started)
            && let Some(id) = i32::try_from(self.id).ok().and_then(rustix::process::Pid::from_raw)
        {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::KILL);
        }
    }
}

/// The running programs that a program started, and theirs. Empty on systems without `/proc`.
fn descendants(id: u32) -> Vec<Descendant> {
    let mut found: Vec<Descendant> = Vec::new();
    let mut next = vec![id];
    while let Some(id) = next.pop() {
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        for id in children.split_whitespace().filter_map(|id| id.parse().ok()) {
            found.extend(start_time(id).map(|started| Descendant { id, started }));
            next.push(id);
        }
    }
    found
}

/// The start time of a running program, in the kernel's own unit.
fn start_time(id: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name is in parentheses and can contain spaces. The start time is field 22; the name is field 2.
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(19).map(str::to_owned)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn shell(script: &str, seconds: u64) -> Result<Output, ProgramFailure> {
        output(Command::new("sh").args(["-c", script]), Duration::from_secs(seconds))
    }

    #[test]
    fn returns_the_status_and_both_streams() {
        let done = shell("echo out; echo err >&2; exit 3", 60).unwrap();
        assert_eq!(
            (done.status.code(), &done.stdout[..], &done.stderr[..]),
            (Some(3), &b"out\n"[..], &b"err\n"[..])
        );
        assert!(matches!(
            output(&mut Command::new("/no/such/program"), GRACE),
            Err(ProgramFailure::NotRun(_))
        ));
    }

    #[test]
    fn stops_a_slow_program_and_the_programs_that_it_started() {
        let file = std::env::temp_dir().join(format!("spamops-program-{}", std::process::id()));
        let script = format!("sleep 600 & echo $! > {}; wait", file.display());
        assert!(matches!(shell(&script, 1), Err(ProgramFailure::TooSlow(_))));
        let id = std::fs::read_to_string(&file).unwrap().trim().parse().unwrap();
        std::fs::remove_file(&file).unwrap();
        // A killed program ends soon, and is a zombie until its new parent collects it.
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
            if start_time(id).is_none() || stat.contains(") Z ") {
                break;
            }
            assert!(Instant::now() < deadline, "{stat}");
            thread::yield_now();
        }
    }

    #[test]
    fn stops_a_program_that_prints_without_end() {
        assert!(matches!(shell("yes", 60), Err(ProgramFailure::TooMuchOutput)));
    }
}
