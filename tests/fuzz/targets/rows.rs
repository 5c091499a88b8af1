//! Fuzzes reading rows: any bytes are read or rejected without a panic, and rows survive writing and reading again.
//!
//! The first byte of an input selects the options (`@` is none, as a person would read it). The rest is the file.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use spamops::io::stream::Place;
use spamops::rows::fingerprint::Fingerprint;
use spamops::rows::{Format, MalformedRows, ReadOptions, Row, Rows, Writer};
use spamops_fuzz::{file, place};

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some((&switches, bytes)) = input.split_first() else { return Corpus::Reject };
    let names = ["in", "in.csv", "in.jsonl", "in.tsv"];
    let options = ReadOptions {
        delimiter: (switches & 4 != 0).then_some(if switches & 8 == 0 { b';' } else { b'|' }),
        strict: switches & 16 != 0,
        faults: MalformedRows::Keep,
        ..ReadOptions::default()
    };
    let input = file(names[usize::from(switches & 3)], bytes);
    let Some(read) = all(&input, &options) else { return Corpus::Keep };
    refused_where_faulty(&input, &options, &read);
    let (csv, json) = if switches & 32 == 0 { ("out", "out.json") } else { ("out.csv", "out.jsonl") };
    again(&input, &options, &read, &place(csv), Format::Csv);
    again(&input, &options, &read, &place(json), Format::JsonLines);
    Corpus::Keep
});

/// What was read of a file.
struct Read {
    names: Vec<String>,
    rows: Vec<Row>,
}

/// All rows of a place, each looked at in every way; none where the file is refused.
fn all(place: &Place, options: &ReadOptions) -> Option<Read> {
    let mut rows = Rows::open(place, options).ok()?;
    let mut read = Vec::new();
    let mut row = Row::default();
    loop {
        match rows.read(&mut row) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                assert!(format!("{error:#}").contains("line "), "{error:#}");
                return None;
            }
        }
        look(&rows, &row);
        read.push(row.clone());
        assert_eq!(rows.seen(), read.len() as u64);
    }
    let names = rows.header().names().map(str::to_owned).collect();
    Some(Read { names, rows: read })
}

fn look(rows: &Rows, row: &Row) {
    assert!(row.line() > 0);
    let columns = rows.header().len();
    let cells = row.cells().count();
    if row.fault().is_none() {
        assert!(if rows.format() == Format::JsonLines { cells <= columns } else { cells == columns });
        assert!(rows.line(row).is_ok());
    }
    if let Ok(text) = rows.text(row) {
        let _ = Fingerprint::of(text);
    }
    let _ = (rows.label(row), rows.label_cell(row), rows.date(row), rows.number(row, "spam_score"));
    for column in 0..=columns {
        let _ = (rows.header().name(column), rows.label_in(row, column), row.get(column));
    }
    let (squared, _) = row.squared(columns);
    assert_eq!(squared.cells().count(), columns);
    let same = row.rewritten(str::to_owned);
    assert!(same.cells().eq(row.cells()));
    let _ = rows.error(row, "a remark").to_string();
}

/// A reader that refuses faults stops at the first.
fn refused_where_faulty(place: &Place, options: &ReadOptions, read: &Read) {
    let options = ReadOptions { faults: MalformedRows::Stop, ..options.clone() };
    let Ok(mut rows) = Rows::open(place, &options) else { panic!("opened once and then refused") };
    let mut row = Row::default();
    for wanted in &read.rows {
        match (rows.read(&mut row), wanted.fault()) {
            (Ok(true), None) => assert!(row.cells().eq(wanted.cells())),
            (Err(_), Some(_)) => return,
            (outcome, fault) => panic!("line {}: {outcome:?} where the fault is {fault:?}", wanted.line()),
        }
    }
    assert!(matches!(rows.read(&mut row), Ok(false)));
}

/// Writes the rows that are rows to another place, and holds what is read from there against them.
fn again(from: &Place, options: &ReadOptions, read: &Read, to: &Place, format: Format) {
    let Ok(mut rows) = Rows::open(from, options) else { panic!("opened once and then refused") };
    let mut writer = match Writer::create(to, Some(format), &mut rows, &[]) {
        Ok(writer) => writer,
        Err(error) => {
            // JSON cannot say two columns of one name.
            let mut names = read.names.clone();
            names.sort_unstable();
            let twice = names.windows(2).any(|pair| pair[0] == pair[1]);
            assert!(format == Format::JsonLines && twice, "{error:#}");
            return;
        }
    };
    let from_csv = rows.format() == Format::Csv;
    let kept: Vec<&Row> = read.rows.iter().filter(|row| row.fault().is_none()).collect();
    for row in &kept {
        if let Err(error) = writer.write(row) {
            panic!("a row without a fault is not written: {error:#}");
        }
    }
    writer.finish().unwrap();
    if (format == Format::Csv && read.names.is_empty()) || (format == Format::JsonLines && kept.is_empty()) {
        return; // An empty file has neither columns nor a format.
    }
    // Who says what stands between the fields of a CSV file says so to the next tool as well.
    let delimiter = options.delimiter.filter(|_| from_csv && format == Format::Csv);
    let asked = ReadOptions { faults: MalformedRows::Keep, delimiter, ..ReadOptions::default() };
    let mut rows = match Rows::open(to, &asked) {
        Ok(rows) => rows,
        Err(error) => panic!("what was written is refused: {error:#}"),
    };
    assert_eq!(rows.format(), format);
    let mut row = Row::default();
    for wanted in kept {
        assert!(rows.read(&mut row).unwrap(), "a row is lost");
        assert_eq!(row.fault(), None);
        for (column, name) in read.names.iter().enumerate() {
            let found = rows.header().find(name).map_or("", |column| row.get(column));
            let first = read.names.iter().position(|other| other == name);
            if first == Some(column) {
                assert_eq!(found, wanted.get(column), "column {name:?}");
            }
        }
        if format == Format::Csv {
            assert!(read.names.iter().map(String::as_str).eq(rows.header().names()));
        }
    }
    assert!(!rows.read(&mut row).unwrap(), "a row too many");
}
