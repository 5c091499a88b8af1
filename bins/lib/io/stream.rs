//! Opens inputs and outputs: `-` for a standard stream, or a file, plain or compressed with gzip or zstd.

use std::cell::Cell;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use anyhow::{Context, Result, bail, ensure};
use flate2::read::MultiGzDecoder;
use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::errors::ReadFrameHeaderError::SkipFrame;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::limits;
use super::live_files::LiveFile;
use super::owned_file::{NamedOutput, named_output};
use super::staged_file::{Durability, StagedFile};

/// A file named on the command line, or `-` for a standard stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Standard input when read, standard output when written.
    Standard,
    File(PathBuf),
}

/// Whether a standard stream is in use. A second reader would get nothing, and two writers would mix their output.
static STDIN: AtomicBool = AtomicBool::new(false);
static STDOUT: AtomicBool = AtomicBool::new(false);

impl FromStr for Place {
    type Err = std::convert::Infallible;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Ok(if name == "-" { Self::Standard } else { Self::File(PathBuf::from(name)) })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standard => f.write_str("-"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

impl Place {
    /// The path; `None` for a standard stream.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Standard => None,
            Self::File(path) => Some(path),
        }
    }

    /// The extension that shows the format: `csv` for `new.csv.gz`.
    pub fn extension(&self) -> Option<String> {
        let mut path = self.path()?.to_path_buf();
        if matches!(path.extension()?.to_str(), Some("gz" | "zst")) {
            path.set_extension("");
        }
        Some(path.extension()?.to_str()?.to_ascii_lowercase())
    }

    /// Whether two places are the same file, perhaps under different names.
    fn is_same(&self, other: &Self) -> bool {
        let real = |place: &Self| place.path().and_then(|path| fs::canonicalize(path).ok());
        self == other || real(self).is_some_and(|path| Some(path) == real(other))
    }

    /// Whether the place is a regular file, which can be read twice.
    pub fn is_regular_file(&self) -> bool {
        self.path().is_some_and(Path::is_file)
    }

    /// Opens the place for reading. Detects gzip and zstd by their magic numbers, and decompresses them.
    pub fn reader(&self) -> Result<Box<dyn Read>> {
        self.counted_reader().map(|(reader, _)| reader)
    }

    /// Like [`Place::reader`]. Also returns the number of compressed bytes read so far; `None` for a plain file.
    fn counted_reader(&self) -> Result<(Box<dyn Read>, CompressedBytes)> {
        let mut raw: Box<dyn Read> = match self {
            Self::Standard => {
                ensure!(!STDIN.swap(true, Relaxed), "-: standard input can be read only once; name a file");
                Box::new(io::stdin())
            }
            Self::File(path) => {
                let file = File::open(path).with_context(|| self.to_string())?;
                if file.metadata().is_ok_and(|found| found.is_dir()) {
                    bail!("{self}: is a directory, not a file; name a file");
                }
                Box::new(file)
            }
        };
        let mut magic = Vec::with_capacity(4);
        raw.by_ref().take(4).read_to_end(&mut magic).with_context(|| self.to_string())?;
        let count = Rc::new(Cell::new(0));
        let bytes = io::Cursor::new(magic.clone()).chain(raw);
        let counted = CountingReader { bytes, count: Rc::clone(&count) };
        Ok(match magic[..] {
            [0x1f, 0x8b, ..] => (Box::new(Gzip(MultiGzDecoder::new(counted))), Some(count)),
            // A frame, or the skippable frame that pzstd writes first.
            [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => {
                (Box::new(Zstd { bytes: BufReader::new(counted), frame: FrameDecoder::new() }), Some(count))
            }
            _ => (Box::new(counted.bytes), None),
        })
    }

    /// Reads a complete text file, such as a model. An endless input or a gzip bomb cannot fill the memory.
    pub fn read_text(&self) -> Result<String> {
        self.read_text_within(limits::FILE_BYTES)
    }

    /// Like [`Place::read_text`], for a kind of file with another limit in bytes.
    pub fn read_text_within(&self, most: u64) -> Result<String> {
        let text = String::from_utf8(self.read_bytes_within(most)?);
        let text = text
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "is not UTF-8; save the file as UTF-8"));
        text.with_context(|| self.to_string())
    }

    /// Like [`Place::read_text_within`], but for text that may be cut in the middle of a character.
    pub fn read_bytes_within(&self, most: u64) -> Result<Vec<u8>> {
        let (mut reader, compressed) = self.counted_reader()?;
        let mut bytes = Vec::new();
        loop {
            let part = reader.by_ref().take(1 << 20).read_to_end(&mut bytes);
            let part = part.with_context(|| self.to_string())?;
            ensure!(
                bytes.len() as u64 <= most,
                "{self}: is larger than {} MB, the limit for this kind of file; name another file",
                most >> 20
            );
            if let Some(count) = &compressed {
                let most = limits::UNPACKED_BYTES + limits::UNPACKED_RATIO * count.get();
                ensure!(
                    bytes.len() as u64 <= most,
                    "{self}: unpacks to more than {} MB plus {} times its size; unpack the file, check the result and \
                    name it",
                    limits::UNPACKED_BYTES >> 20,
                    limits::UNPACKED_RATIO
                );
            }
            if part == 0 {
                return Ok(bytes);
            }
        }
    }

    pub fn write_text(&self, text: &str) -> Result<()> {
        let mut output = self.writer()?;
        output.write_all(text.as_bytes()).with_context(|| self.to_string())?;
        output.finish()
    }

    /// A place that can be read twice: the file itself, or standard input kept in a temporary file.
    pub fn kept(&self) -> Result<RereadableInput> {
        if self.is_regular_file() {
            return Ok(RereadableInput { place: self.clone(), temporary: None });
        }
        // Only the owner can read the temporary file.
        let mut names = tempfile::Builder::new();
        names.prefix("spamops-").suffix(".kept");
        let directory = std::env::temp_dir();
        let made = LiveFile::create(&names, &directory, None, true);
        let (mut file, temporary) = made.with_context(|| directory.display().to_string())?;
        let copied = io::copy(&mut self.reader()?.take(limits::KEPT_BYTES), &mut file);
        ensure!(
            copied.with_context(|| self.to_string())? < limits::KEPT_BYTES,
            "{self}: has more than {} GB; write it to a file and name the file",
            limits::KEPT_BYTES >> 30
        );
        Ok(RereadableInput { place: Self::File(temporary.path().to_path_buf()), temporary: Some(temporary) })
    }

    /// Opens the place for writing. A file appears under its name only at [`Output::finish`].
    pub fn writer(&self) -> Result<Output> {
        match self {
            Self::Standard => {
                ensure!(
                    !STDOUT.swap(true, Relaxed),
                    "-: standard output is used by another output; name a file"
                );
                let to = OutputTarget::Stream(BufWriter::new(Box::new(io::stdout())));
                Ok(Output { to, name: self.to_string() })
            }
            Self::File(path) => Output::create(path).with_context(|| self.to_string()),
        }
    }
}

/// Reads a complete file unchanged, even if it is compressed. Fails if it is larger than `most` bytes.
pub fn read_file(path: &Path, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes));
    read.with_context(|| path.display().to_string())?;
    ensure!(
        bytes.len() as u64 <= most,
        "{}: is larger than {} MB, the limit for this kind of file; name another file",
        path.display(),
        most >> 20
    );
    Ok(bytes)
}

/// Fails if two outputs go to one place, before either is written.
pub fn expect_distinct(outputs: &[Option<&Place>]) -> Result<()> {
    let outputs: Vec<&Place> = outputs.iter().copied().flatten().collect();
    for (index, place) in outputs.iter().enumerate() {
        let is_device = place.path().is_some_and(|path| path.exists() && !path.is_file());
        ensure!(
            is_device || !outputs[..index].iter().any(|other| other.is_same(place)),
            "{place}: two outputs have this destination; name a different one"
        );
    }
    Ok(())
}

/// Fails if an output would overwrite one of these inputs.
pub fn expect_not_overwritten<'a>(
    outputs: &[Option<&Place>],
    inputs: impl IntoIterator<Item = &'a Place>,
) -> Result<()> {
    for input in inputs.into_iter().filter(|input| input.is_regular_file()) {
        let lost = outputs.iter().flatten().find(|output| output.path().is_some() && output.is_same(input));
        ensure!(lost.is_none(), "{input}: is an input and would be overwritten; name another output");
    }
    Ok(())
}

/// A place that can be read twice. Dropping the value deletes the temporary copy.
pub struct RereadableInput {
    pub place: Place,
    #[expect(dead_code, reason = "deletes the file when dropped")]
    temporary: Option<LiveFile>,
}

/// The number of compressed bytes read so far; `None` for a plain file.
type CompressedBytes = Option<Rc<Cell<u64>>>;

/// Counts the bytes that are read.
struct CountingReader<R> {
    bytes: R,
    count: Rc<Cell<u64>>,
}

impl<R: Read> Read for CountingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read(buffer)?;
        self.count.set(self.count.get() + count as u64);
        Ok(count)
    }
}

/// Reads gzip, with errors that name the format.
struct Gzip<R>(MultiGzDecoder<R>);

impl<R: Read> Read for Gzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|_| damaged("gzip"))
    }
}

/// Reads all frames of a zstd stream in sequence, as `cat a.zst b.zst` writes them.
struct Zstd<R> {
    bytes: BufReader<R>,
    frame: FrameDecoder,
}

impl<R: Read> Zstd<R> {
    /// Starts the next frame. Returns false at the end.
    fn start_frame(&mut self) -> io::Result<bool> {
        let Self { bytes, frame } = self;
        let sum = frame.get_checksum_from_data();
        if sum.is_some() && sum != frame.get_calculated_checksum() {
            return Err(damaged("zstd"));
        }
        while !bytes.fill_buf()?.is_empty() {
            match frame.init(&mut *bytes) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(SkipFrame { length, .. })) => {
                    io::copy(&mut bytes.take(length.into()), &mut io::sink())?;
                }
                Err(FrameDecoderError::DictNotProvided { .. }) => {
                    return Err(io::Error::other(
                        "the zstd data needs a dictionary; compress it without a dictionary",
                    ));
                }
                Err(_) => return Err(damaged("zstd")),
            }
        }
        Ok(false)
    }
}

impl<R: Read> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.frame.is_finished() && self.frame.can_collect() == 0 && !self.start_frame()? {
                return Ok(0);
            }
            while !self.frame.is_finished() && self.frame.can_collect() == 0 {
                let decoded = self.frame.decode_blocks(&mut self.bytes, BlockDecodingStrategy::UptoBlocks(1));
                decoded.map_err(|_| damaged("zstd"))?;
            }
            let count = self.frame.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
        }
    }
}

fn damaged(kind: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the {kind} data is damaged or incomplete; create the file again"),
    )
}

pub struct Output {
    to: OutputTarget,
    name: String,
}

enum OutputTarget {
    Stream(BufWriter<Box<dyn Write>>),
    /// A file under a temporary name, so that one file may be both input and output.
    Staged(StagedFile),
}

impl Output {
    fn create(path: &Path) -> io::Result<Self> {
        if matches!(path.extension().and_then(|extension| extension.to_str()), Some("gz" | "zst")) {
            return Err(io::Error::other(
                "cannot write compressed files; write to - and pipe the output through gzip or zstd",
            ));
        }
        let name = path.display().to_string();
        let to = match named_output(path)? {
            NamedOutput::Device(file) => OutputTarget::Stream(BufWriter::new(Box::new(file))),
            NamedOutput::File(path, permissions) => {
                let staged = StagedFile::create(&path, Durability::Kill)?;
                if let Some(permissions) = permissions {
                    staged.set_permissions(permissions)?;
                }
                OutputTarget::Staged(staged)
            }
        };
        Ok(Self { to, name })
    }

    /// Writes all data and renames the file to its final name.
    pub fn finish(self) -> Result<()> {
        match self.to {
            OutputTarget::Stream(mut stream) => stream.flush(),
            OutputTarget::Staged(mut staged) => staged.complete().and_then(|()| staged.place()),
        }
        .with_context(|| self.name)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.to {
            OutputTarget::Stream(stream) => stream.write(bytes),
            OutputTarget::Staged(staged) => staged.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.to {
            OutputTarget::Stream(stream) => stream.flush(),
            OutputTarget::Staged(staged) => staged.flush(),
        }
    }
}
