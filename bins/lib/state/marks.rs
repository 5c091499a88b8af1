//! Notes how many rows were gathered before an event, so that the rows that arrived later are known.
//!
//! No clock is read: a row arrived after an event if it was gathered after it. If the state is lost, the next call of
//! [`State::mark`] starts again, and only rows after that call count.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::gathered::{State, entries};
use crate::io::append_log::AppendLog;

/// A line of `marks.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GatherMark {
    /// Name of the event.
    mark: String,
    /// Number of rows that were gathered before it.
    rows: u64,
}

impl State {
    /// Notes the number of gathered rows under a name. A known name keeps its number.
    pub fn mark(&self, name: &str) -> Result<()> {
        if self.rows_before(name)?.is_some() {
            return Ok(());
        }
        let mut rows = AppendLog::open_locked(&self.file("rows.jsonl"))?;
        let rows = rows.lines()?.try_fold(0, |count, line| line.map(|_| count + 1))?;
        self.append_once("marks.jsonl", &GatherMark { mark: name.to_owned(), rows })
    }

    /// Number of rows gathered before a mark; none if the name is unknown. The first line of a name counts.
    pub fn rows_before(&self, name: &str) -> Result<Option<u64>> {
        let marks: Vec<GatherMark> = entries(&self.file("marks.jsonl"))?;
        Ok(marks.into_iter().find(|mark| mark.mark == name).map(|mark| mark.rows))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_mark_keeps_the_place_of_its_first_call() {
        let directory = std::env::temp_dir().join(format!("spamops-marks-{}", std::process::id()));
        let _ = fs::remove_dir_all(&directory);
        let state = State::open(&directory).unwrap();
        let gather = |text: &str| state.gather([Ok(format!("{{\"text\":\"{text}\"}}"))].into_iter()).unwrap();
        state.mark("empty").unwrap();
        gather("a");
        state.mark("one").unwrap();
        gather("b");
        state.mark("one").unwrap();
        let before = |name| state.rows_before(name).unwrap();
        assert_eq!((before("empty"), before("one"), before("other")), (Some(0), Some(1), None));
        fs::remove_dir_all(&directory).unwrap();
    }
}
