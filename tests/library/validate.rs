//! Tests that every row is either valid or rejected, and that masking a text twice equals masking it once.

use std::io::Cursor;

use proptest::prelude::*;

use spamops::io::dates::Timestamp;
use spamops::io::stream::Place;
use spamops::rows::contract::{Contract, Inspection};
use spamops::rows::mask::{ALL, masked};
use spamops::rows::{Row, Rows};

use crate::rows::{bytes, options};

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_row_is_valid_or_rejected(bytes in bytes()) {
        let Ok(mut rows) = Rows::from_bytes(Box::new(Cursor::new(bytes)), &Place::Standard, &options()) else {
            return Ok(());
        };
        let contract = Contract::basic();
        let mut inspection = Inspection::new(&contract, &rows, Timestamp(0)).unwrap();
        let (mut row, mut valid, mut rejected) = (Row::default(), 0, 0);
        while rows.read(&mut row).unwrap() {
            *if inspection.row(&rows, &row).is_none() { &mut valid } else { &mut rejected } += 1;
        }
        let report = inspection.finish();
        prop_assert_eq!((report.clean, report.rejected, report.rows), (valid, rejected, rows.seen()));
        prop_assert_eq!(valid + rejected, rows.seen());
    }

    #[test]
    fn masking_twice_equals_masking_once(text in r"([0-9]{1,6}|[ .:/@()+-]|DE89|GB|a\.b|[a-z]{1,3}|4111 1111 1111 1111|\[ip:){0,16}") {
        let once = masked(&text, &ALL);
        prop_assert_eq!(masked(&once, &ALL), once);
    }
}
