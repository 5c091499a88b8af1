//! Fuzzes contracts. An input is a contract in TOML, a line `---`, then rows to check.

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
            let message = format!("{error:#}");
            assert!(["line ", "column ", "["].iter().any(|start| message.starts_with(start)), "{message}");
            assert!(!message.contains(char::is_control), "{message}");
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
    let mut draft = ContractDraft::default();
    let mut rejected = 0;
    let mut row = Row::default();
    while let Ok(true) = rows.read(&mut row) {
        rejected += u64::from(inspection.row(&rows, &row).is_some());
        if row.fault().is_none() {
            draft.row(&rows, &row);
        }
    }
    let report = validate_sentences::report(&inspection.finish(), "validate");
    assert_eq!((report.rows, report.rejected), (rows.seen(), rejected));
    assert_eq!(report.clean + report.rejected, report.rows);
    assert_eq!(report.verdict == ValidateVerdict::Valid, report.reasons.is_empty());
    assert_eq!(report.verdict == ValidateVerdict::Empty, report.rows == 0);
    for check in &report.failed {
        assert!(check.count > 0 && !check.examples.is_empty());
    }
    let inferred = toml::to_string(&draft.contract(&rows)).unwrap();
    Contract::parse(&inferred).unwrap();
    Corpus::Keep
});
