//! Reads every record of a file with the csv crate and counts rows and fields, as the baseline of benchmarks.

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    match std::env::args_os().nth(1).map(read) {
        Some(Ok((rows, fields))) => {
            let printed = writeln!(std::io::stdout(), "{rows} rows, {fields} fields");
            if printed.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        _ => ExitCode::FAILURE,
    }
}

fn read(path: std::ffi::OsString) -> Result<(u64, u64), csv::Error> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).buffer_capacity(1 << 16).from_path(path)?;
    let mut record = csv::ByteRecord::new();
    let (mut rows, mut fields) = (0, 0);
    while reader.read_byte_record(&mut record)? {
        rows += 1;
        fields += record.len() as u64;
    }
    Ok((rows, fields))
}
