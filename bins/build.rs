//! Build script: compresses the demo corpus into the program, so that `spamops run --demo` works without a checkout.

use std::env;
use std::error::Error;
use std::fs::File;
use std::path::Path;

use flate2::{Compression, GzBuilder};

fn main() -> Result<(), Box<dyn Error>> {
    let messages = "data/messages.csv";
    println!("cargo::rerun-if-changed={messages}");
    let compressed = Path::new(&env::var("OUT_DIR")?).join("messages.csv.gz");
    // The header has no time and no file name, so the same corpus gives the same bytes.
    let mut writer = GzBuilder::new().write(File::create(compressed)?, Compression::best());
    std::io::copy(&mut File::open(messages)?, &mut writer)?;
    writer.finish()?;
    Ok(())
}
