//! Tests that reading and writing rows loses nothing, for all cells and shapes.

use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;

use proptest::prelude::*;

use spamops::io::stream::Place;
use spamops::rows::{Format, MalformedRows, ReadOptions, Row, Rows, Writer};

use crate::directory::fresh;

/// Cells of any text, often with characters that are special in CSV or JSON.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), r#"[",;\\{}\[\]\r\n\t\x00 aé😀]{0,8}"#]
}

/// Tables of one to four columns.
fn table() -> impl Strategy<Value = Vec<Vec<String>>> {
    (1usize..5).prop_flat_map(|columns| {
        prop::collection::vec(prop::collection::vec(cell(), columns..=columns), 1..6)
    })
}

/// Bytes that resemble a table.
pub(crate) fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => r#"[",;\r\n ab]{1,6}"#.prop_map(String::into_bytes),
        2 => Just(br#"{"text":"a","label":1}"#.to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..4),
    ];
    (prop_oneof![Just("text,label\n"), Just("label;text\r\n"), Just("{\"text\":\"a\"}\n"), Just("")], {
        prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
    })
        .prop_map(|(header, rest)| [header.as_bytes(), &rest].concat())
}

/// Returns one byte at a time, like a slow pipe.
struct Trickle(Cursor<Vec<u8>>);

impl Read for Trickle {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let size = buffer.len().min(1);
        self.0.read(&mut buffer[..size])
    }
}

pub(crate) fn options() -> ReadOptions {
    ReadOptions { faults: MalformedRows::Keep, ..ReadOptions::default() }
}

/// Line, cells and fault of each row.
type ReadRows = Vec<(u64, Vec<String>, Option<String>)>;

fn read(bytes: Box<dyn Read>) -> Result<ReadRows, String> {
    let mut rows =
        Rows::from_bytes(bytes, &Place::Standard, &options()).map_err(|error| format!("{error:#}"))?;
    let (mut row, mut found) = (Row::default(), Vec::new());
    while rows.read(&mut row).map_err(|error| format!("{error:#}"))? {
        let fault = row.fault().map(ToString::to_string);
        found.push((row.line(), row.cells().map(str::to_owned).collect(), fault));
    }
    Ok(found)
}

/// Copies the rows of a file to another file, as `sample` does.
fn copy(from: &Path, to: &Path, format: Option<Format>) {
    let mut rows = Rows::open(&Place::File(from.into()), &options()).unwrap();
    let mut writer = Writer::create(&Place::File(to.into()), format, &mut rows, &[]).unwrap();
    let mut row = Row::default();
    while rows.read(&mut row).unwrap() {
        writer.write(&row).unwrap();
    }
    writer.finish().unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_stay_the_same_from_json_lines_to_csv_and_back(table in table()) {
        let names = ["text", "b", "c", "d"];
        let line = |cells: &Vec<String>| {
            let pairs = names.iter().zip(cells).map(|(name, cell)| format!("\"{name}\":{}", serde_json::json!(cell)));
            format!("{{{}}}\n", pairs.collect::<Vec<_>>().join(","))
        };
        let directory = fresh("rows");
        let [json, csv, json_again, csv_again] =
            ["a.jsonl", "a.csv", "b.jsonl", "b.csv"].map(|name| directory.join(name));
        fs::write(&json, table.iter().map(line).collect::<String>()).unwrap();
        copy(&json, &csv, None);
        let cells: Vec<_> = read(Box::new(fs::File::open(&csv).unwrap())).unwrap();
        prop_assert!(cells.iter().all(|(_, _, fault)| fault.is_none()));
        prop_assert_eq!(cells.into_iter().map(|(_, cells, _)| cells).collect::<Vec<_>>(), table);
        copy(&csv, &json_again, None);
        copy(&json_again, &csv_again, None);
        prop_assert_eq!(fs::read(&json).unwrap(), fs::read(&json_again).unwrap());
        prop_assert_eq!(fs::read(&csv).unwrap(), fs::read(&csv_again).unwrap());
    }

    #[test]
    fn a_slow_pipe_and_a_file_give_the_same_rows(bytes in bytes()) {
        let fast = read(Box::new(Cursor::new(bytes.clone())));
        let slow = read(Box::new(Trickle(Cursor::new(bytes))));
        prop_assert_eq!(fast, slow);
    }

    #[test]
    fn without_quotes_every_line_with_text_is_a_row(text in "text,b\n([,ab ]|\r*\n){0,60}") {
        let rows = read(Box::new(Cursor::new(text.clone().into_bytes()))).unwrap();
        let lines = text.replace("\r\n", "\n").replace('\r', "\n");
        let lines: Vec<(u64, &str)> = (1..).zip(lines.split('\n')).filter(|(_, line)| !line.is_empty()).collect();
        let found: Vec<(u64, String)> = rows.into_iter().map(|(line, cells, _)| (line, cells.join(","))).collect();
        let found: Vec<(u64, &str)> = found.iter().map(|(line, row)| (*line, row.as_str())).collect();
        prop_assert_eq!(&lines[1..], found);
    }

    #[test]
    fn a_line_with_a_carriage_return_is_one_malformed_row(lines in prop::collection::vec("[ab][ab\r]{0,9}[ab]", 1..9)) {
        let text = format!("text\n{}\n", lines.join("\n"));
        let rows = read(Box::new(Cursor::new(text.into_bytes()))).unwrap();
        let faults: Vec<bool> = rows.iter().map(|(_, _, fault)| fault.is_some()).collect();
        prop_assert_eq!(faults, lines.iter().map(|line| line.contains('\r')).collect::<Vec<_>>());
    }

    #[test]
    fn malformed_rows_pass_through_unchanged(rest in r#"[",\r\n ab]{0,40}"#) {
        let directory = fresh("rows");
        let [from, to] = ["from.csv", "to.csv"].map(|name| directory.join(name));
        fs::write(&from, format!("text,b\n{rest}")).unwrap();
        copy(&from, &to, None);
        let without_lines = |path: &Path| -> Vec<_> {
            let rows = read(Box::new(fs::File::open(path).unwrap())).unwrap();
            rows.into_iter().map(|(_, cells, fault)| (fault.is_some(), if fault.is_some() { vec![] } else { cells })).collect()
        };
        prop_assert_eq!(without_lines(&from), without_lines(&to));
    }
}
