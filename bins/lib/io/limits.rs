//! Lists the bounds on everything that the tools read from files, pipes, programs and servers, each with its reason.
//!
//! A stream of rows has no total bound: the tools read the rows one by one, and memory does not grow with their number.
//! A pipe has no time limit, because its writer may be slow or wait for messages.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// One row. A message with attachments is smaller, and an open quote must not fill the memory.
pub const ROW_BYTES: u64 = 128 << 20;

/// Start of a file in which the header must end, because format and delimiter are detected there.
pub const HEADER_BYTES: usize = 64 << 10;

/// Columns of a CSV header, and keys of one JSON row. Real tables have fewer than 1,000.
pub const COLUMNS: usize = 4096;

/// Columns that JSON rows may add after the first row. Each one lengthens every row of a CSV output.
pub const ADDED_COLUMNS: usize = 256;

/// A model, a watched file, or a file for MLflow, read as a whole. A model with five million terms is smaller.
pub const FILE_BYTES: u64 = 512 << 20;

/// A result, a registry manifest, a journal, a history or a spool plan. The largest in the tests has 2 MB.
pub const RESULT_BYTES: u64 = 64 << 20;

/// `spamops.toml`, a contract, a list of stop words or a list of certificates. People write these files.
pub const SETTINGS_BYTES: u64 = 4 << 20;

/// Bytes that a compressed file may always unpack to, however small it is.
pub const UNPACKED_BYTES: u64 = 16 << 20;

/// Further unpacked bytes for each compressed byte. JSON and CSV reach about 20, and a gzip bomb 1,000.
pub const UNPACKED_RATIO: u64 = 100;

/// Standard input kept in a temporary file. More rows than this fill the disk of most machines.
pub const KEPT_BYTES: u64 = 64 << 30;

/// An answer of a server. The largest is a page of 100 comments of 65,536 characters.
pub const ANSWER_BYTES: usize = 16 << 20;

/// An answer that reports an error. Only its message is used.
pub const ERROR_ANSWER_BYTES: usize = 1 << 20;

/// JSON values in an answer. A value of 7 bytes can need 700 bytes of memory.
pub const ANSWER_VALUES: usize = 250_000;

/// Pages of comments that are searched on one issue: 10,000 comments.
pub const COMMENT_PAGES: u32 = 100;

/// Time for connecting to a server. A server that is up answers in less than a second.
pub const CONNECT_TIME: Duration = Duration::from_secs(10);

/// Time for one request to GitHub, its answer included, without SPAMOPS_HTTP_TIMEOUT.
pub const GITHUB_TIME: Duration = Duration::from_mins(1);

/// Time for one request to MLflow, its answer included, without MLFLOW_HTTP_REQUEST_TIMEOUT.
pub const TRACKING_TIME: Duration = Duration::from_secs(30);

/// Time for one alert, its answer included, without SPAMOPS_HTTP_TIMEOUT. A failed alert must not hold up a run.
pub const ALERT_TIME: Duration = Duration::from_secs(10);

/// Minimum upload speed in bytes per second. It adds size / speed to the time limit of a request.
pub const UPLOAD_BYTES_PER_SECOND: u64 = 100_000;

/// Longest pause before a request is repeated, whatever `Retry-After` says.
pub const MAX_PAUSE: Duration = Duration::from_mins(1);

/// Time for one git command without SPAMOPS_GIT_TIMEOUT. A push of a registry takes seconds.
pub const GIT_TIME: Duration = Duration::from_mins(2);

/// Output of a program, such as the tags that git lists on a remote.
pub const PROGRAM_BYTES: u64 = 64 << 20;

/// An upper bound on the number of values in a JSON text, found without parsing: brackets and commas outside strings.
pub fn json_values(text: &[u8]) -> usize {
    let (mut count, mut is_quoted, mut is_escaped) = (0, false, false);
    for &byte in text {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_quoted,
            b'"' => is_quoted = !is_quoted,
            b'[' | b'{' | b',' if !is_quoted => count += 1,
            _ => {}
        }
    }
    count + 1
}

/// Parses the answer of a server, if it has few enough values to fit into memory.
pub fn answer_json(text: &str) -> Result<Value> {
    ensure!(json_values(text.as_bytes()) <= ANSWER_VALUES, "has more than {ANSWER_VALUES} values");
    serde_json::from_str(text).ok().context("is not JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_at_least_the_values_of_a_json_text() {
        for (text, count) in [("1", 1), ("[1,2]", 3), (r#"{"a,[": "\",[{", "b": {}}"#, 4), ("[[],[]]", 5)] {
            assert_eq!(json_values(text.as_bytes()), count, "{text}");
        }
    }
}
