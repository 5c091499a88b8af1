//! Fuzzes reading rows: no bytes cause a panic, and rows stay the same when they are written and read again.
//!
//! The first byte of an input selects the options. `@` selects the defaults. The rest is the file.

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
    let Some(read) = read_all(&input, &options) else { return Corpus::Keep };
    assert_stops_at_first_fault(&input, &options, &read);
    let (csv, json) = if switches & 32 == 0 { ("out", "out.json") } else { ("out.csv", "out.jsonl") };
    write_and_compare(&input, &options, &read, &place(csv), Format::Csv);
    write_and_compare(&input, &options, &read, &place(json), Format::JsonLines);
    Corpus::Keep
});

/// Columns and rows of a file.
struct Table {
    names: Vec<String>,
    rows: Vec<Row>,
}

/// Reads all rows and calls every accessor on each. `None` if the file is rejected.
fn read_all(place: &Place, options: &ReadOptions) -> Option<Table> {
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
        check_accessors(&rows, &row);
        read.push(row.clone());
        assert_eq!(rows.seen(), read.len() as u64);
    }
    let names = rows.header().names().map(str::to_owned).collect();
    Some(Table { names, rows: read })
}

fn check_accessors(rows: &Rows, row: &Row) {
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

/// A reader without `MalformedRows::Keep` must stop at the first malformed row.
fn assert_stops_at_first_fault(place: &Place, options: &ReadOptions, read: &Table) {
    let options = ReadOptions { faults: MalformedRows::Stop, ..options.clone() };
    let Ok(mut rows) = Rows::open(place, &options) else { panic!("opened once, then rejected") };
    let mut row = Row::default();
    for expected in &read.rows {
        match (rows.read(&mut row), expected.fault()) {
            (Ok(true), None) => assert!(row.cells().eq(expected.cells())),
            (Err(_), Some(_)) => return,
            (outcome, fault) => panic!("line {}: {outcome:?}, but the fault is {fault:?}", expected.line()),
        }
    }
    assert!(matches!(rows.read(&mut row), Ok(false)));
}

/// Writes the well-formed rows, reads them again and compares.
fn write_and_compare(from: &Place, options: &ReadOptions, read: &Table, to: &Place, format: Format) {
    let Ok(mut rows) = Rows::open(from, options) else { panic!("opened once, then rejected") };
    let mut writer = match Writer::create(to, Some(format), &mut rows, &[]) {
        Ok(writer) => writer,
        Err(error) => {
            // A JSON object cannot have two columns of the same name.
            let mut names = read.names.clone();
            names.sort_unstable();
            let has_duplicate = names.windows(2).any(|pair| pair[0] == pair[1]);
            assert!(format == Format::JsonLines && has_duplicate, "{error:#}");
            return;
        }
    };
    let from_csv = rows.format() == Format::Csv;
    let kept: Vec<&Row> = read.rows.iter().filter(|row| row.fault().is_none()).collect();
    for row in &kept {
        if let Err(error) = writer.write(row) {
            panic!("cannot write a well-formed row: {error:#}");
        }
    }
    writer.finish().unwrap();
    if (format == Format::Csv && read.names.is_empty()) || (format == Format::JsonLines && kept.is_empty()) {
        return; // An empty file has no columns and no format.
    }
    // A custom delimiter must be given to both tools.
    let delimiter = options.delimiter.filter(|_| from_csv && format == Format::Csv);
    let options = ReadOptions { faults: MalformedRows::Keep, delimiter, ..ReadOptions::default() };
    let mut rows = match Rows::open(to, &options) {
        Ok(rows) => rows,
        Err(error) => panic!("cannot read the written file: {error:#}"),
    };
    assert_eq!(rows.format(), format);
    let mut row = Row::default();
    for expected in kept {
        assert!(rows.read(&mut row).unwrap(), "a row is lost");
        assert_eq!(row.fault(), None);
        for (column, name) in read.names.iter().enumerate() {
            let found = rows.header().find(name).map_or("", |column| row.get(column));
            let first = read.names.iter().position(|other| other == name);
            if first == Some(column) {
                assert_eq!(found, expected.get(column), "column {name:?}");
            }
        }
        if format == Format::Csv {
            assert!(read.names.iter().map(String::as_str).eq(rows.header().names()));
        }
    }
    assert!(!rows.read(&mut row).unwrap(), "an extra row was read");
}
