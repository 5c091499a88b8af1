//! Writes rows of a simulated stream as CSV, so that tools in other languages can read them.
//!
//! Usage: `streams --scenario NAME --rows N --seed S [--strength X] [--spam SHARE]`.

use std::error::Error;
use std::io::{self, BufWriter, Write};

use stream::{SCENARIOS, Scenario};

#[path = "stream.rs"]
mod stream;

const USAGE: &str = "streams --scenario NAME --rows N --seed S [--strength X] [--spam SHARE]";

fn main() -> Result<(), Box<dyn Error>> {
    let (mut name, mut rows, mut seed, mut strength, mut spam) =
        (String::from("quiet"), 1000, 0, None, Scenario::QUIET.spam);
    let mut arguments = std::env::args().skip(1);
    while let Some(option) = arguments.next() {
        let value = arguments.next().ok_or(USAGE)?;
        match option.as_str() {
            "--scenario" => name = value,
            "--rows" => rows = value.parse()?,
            "--seed" => seed = value.parse()?,
            "--strength" => strength = Some(value.parse()?),
            "--spam" => spam = value.parse()?,
            _ => return Err(USAGE.into()),
        }
    }
    let names = SCENARIOS.map(|known| known.0).join(", ");
    let mut scenario = Scenario::named(&name, strength)
        .ok_or_else(|| format!("there is no scenario {name}; expected one of {names}"))?;
    scenario.spam += spam - Scenario::QUIET.spam;
    let mut out = BufWriter::new(io::stdout().lock());
    writeln!(out, "text,label")?;
    for message in stream::rows(scenario, rows, seed) {
        // The texts contain no quotes and no line breaks.
        writeln!(out, "\"{}\",{}", message.text, if message.spam { "spam" } else { "ham" })?;
    }
    out.flush()?;
    Ok(())
}
