//! Fuzzes contracts: a contract in TOML, a line `---`, then rows to check against it.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use spamops::io::dates::Timestamp;
use spamops::report::validate_sentences;
use spamops::rows::contract::{Contract, ContractDraft, Inspection, ValidateVerdict};
use spamops::rows::{MalformedRows, ReadOptions, Row, Rows};
use spamops_fuzz::file;

const NOW: Timestamp = Timestamp(1_782_864_000);

fuzz_target!(|input: &[u8]| -> Corpus {
    let text = String::from_utf8_lossy(input);
    let (contract, rows) = text.split_once("\n---\n").unwrap_or((&text, "text,label\na,ham\n"));
    let contract = match Contract::parse(contract) {
        Ok(contract) => contract,
        Err(error) => {
            let said = format!("{error:#}");
            assert!(["line ", "column ", "["].iter().any(|begin| said.starts_with(begin)), "{said}");
            assert!(!said.contains(char::is_control), "{said}");
            return Corpus::Keep;
        }
    };
    let written = toml::to_string(&contract).unwrap();
    assert_eq!(Contract::parse(&written).unwrap(), contract);

    let options = ReadOptions { faults: MalformedRows::Keep, ..ReadOptions::default() };
    let Ok(mut rows) = Rows::open(&file("rows", rows.as_bytes()), &options) else { return Corpus::Keep };
    if rows.expect_text().is_err() {
        return Corpus::Keep;
    }
    let Ok(mut inspection) = Inspection::new(&contract, &rows, NOW) else { return Corpus::Keep };
    let mut sketch = ContractDraft::default();
    let mut refused = 0;
    let mut row = Row::default();
    while let Ok(true) = rows.read(&mut row) {
        refused += u64::from(inspection.row(&rows, &row).is_some());
        if row.fault().is_none() {
            sketch.row(&rows, &row);
        }
    }
    let report = validate_sentences::report(&inspection.finish(), "validate");
    assert_eq!((report.rows, report.rejected), (rows.seen(), refused));
    assert_eq!(report.clean + report.rejected, report.rows);
    assert_eq!(report.verdict == ValidateVerdict::Valid, report.reasons.is_empty());
    assert_eq!(report.verdict == ValidateVerdict::Empty, report.rows == 0);
    for check in &report.failed {
        assert!(check.count > 0 && !check.examples.is_empty());
    }
    let inferred = toml::to_string(&sketch.contract(&rows)).unwrap();
    Contract::parse(&inferred).unwrap();
    Corpus::Keep
});
