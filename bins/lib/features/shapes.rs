//! Finds tokens for the shape of a message: length, capitals, digits, links, addresses, phone numbers.

use super::term::Term;

/// The classes of bytes, as bits. The combined bits of a chunk decide which shapes to search for.
pub(super) mod class {
    pub(crate) const SPACE: u8 = 1;
    pub(crate) const LOWER: u8 = 2;
    pub(crate) const UPPER: u8 = 4;
    pub(crate) const DIGIT: u8 = 8;
    /// Any byte of a character that is not ASCII. The byte counts as part of a word.
    pub(crate) const OTHER: u8 = 16;
    /// Signs that can replace letters.
    pub(crate) const LETTER_LIKE: u8 = 32;
    /// Signs of links and addresses.
    pub(crate) const LINK: u8 = 64;
    /// Any other sign.
    pub(crate) const SIGN: u8 = 128;
    pub(crate) const WORD: u8 = LOWER | UPPER | DIGIT | OTHER;

    pub(crate) const OF: [u8; 256] = {
        let mut of = [OTHER; 256];
        let mut byte = 0;
        while byte < 128 {
            #[expect(clippy::cast_possible_truncation, reason = "it is under 128")]
            let one = byte as u8;
            of[byte] = match one {
                b'a'..=b'z' | b'_' => LOWER,
                b'A'..=b'Z' => UPPER,
                b'0'..=b'9' => DIGIT,
                b'@' => LETTER_LIKE | LINK | SIGN,
                b'$' | b'!' | b'|' => LETTER_LIKE | SIGN,
                b'.' | b'/' => LINK | SIGN,
                _ if one.is_ascii_whitespace() => SPACE,
                _ => SIGN,
            };
            byte += 1;
        }
        of
    };
}

/// Calls `each` with a shape token.
#[inline]
pub(super) fn emit(shape: &str, each: &mut impl FnMut(Term)) {
    each(Term::shape(shape));
}

/// Calls `each` with a shape token and a number.
fn emit_number(shape: &str, number: usize, token: &mut String, each: &mut impl FnMut(Term)) {
    token.clear();
    token.push_str(shape);
    push_number(token, number);
    emit(token, each);
}

fn push_number(token: &mut String, number: usize) {
    if number > 9 {
        push_number(token, number / 10);
    }
    #[expect(clippy::cast_possible_truncation, reason = "it is under 10")]
    token.push(char::from(b'0' + (number % 10) as u8));
}

/// Finds the tokens of a complete text: length, capitals, digits, exclamation marks, and a phone number.
#[inline]
pub(super) fn text_shapes(text: &str, token: &mut String, each: &mut impl FnMut(Term)) {
    let bytes = text.as_bytes();
    let (digits, exclamations) =
        (count(bytes, |byte| byte.is_ascii_digit()), count(bytes, |byte| byte == b'!'));
    let (mut length, mut letters, mut capitals) = (
        bytes.len(),
        count(bytes, |byte| byte.is_ascii_alphabetic()),
        count(bytes, |byte| byte.is_ascii_uppercase()),
    );
    if !text.is_ascii() {
        length = 0;
        for c in text.chars() {
            length += 1;
            letters += usize::from(!c.is_ascii() && c.is_alphabetic());
            capitals += usize::from(!c.is_ascii() && c.is_uppercase());
        }
    }
    emit_number("length ", length.checked_ilog2().map_or(0, |log| log as usize + 1), token, each);
    emit_number("capitals ", 10 * capitals / letters.max(1), token, each);
    emit_number("digits ", 20 * digits / length.max(1), token, each);
    if exclamations > 0 {
        emit_number("! ", exclamations.min(4), token, each);
    }
    if digits >= MIN_DIGITS && has_phone_number(bytes) {
        emit("number to call", each);
    }
}

/// Counts bytes in runs that fit one-byte counters, so that the compiler can vectorise the loop.
pub(crate) fn count(bytes: &[u8], is: impl Fn(u8) -> bool) -> usize {
    let run = |run: &[u8]| run.iter().map(|byte| u8::from(is(*byte))).sum::<u8>();
    bytes.chunks(255).map(|bytes| usize::from(run(bytes))).sum()
}

/// Minimum number of digits in a phone number.
const MIN_DIGITS: usize = 8;

/// Finds the tokens of a chunk: runs of digits, a link, an address, a word in capitals.
#[inline]
pub(super) fn chunk_shapes(
    text: &str,
    start: usize,
    chunk: &str,
    has: u8,
    token: &mut String,
    each: &mut impl FnMut(Term),
) {
    if has & class::DIGIT != 0 {
        digit_runs(text, start, chunk, token, each);
    }
    if has & class::LINK != 0 {
        let head = chunk.as_bytes();
        let www = head.len() > 4 && head[..4].eq_ignore_ascii_case(b"www.");
        if www || (head.len() > 4 && chunk.contains('/') && (chunk.contains("://") || is_host(chunk))) {
            emit("link", each);
        }
        if chunk.find('@').is_some_and(|at| at > 0 && chunk[at..].contains('.')) {
            emit("address", each);
        }
    }
    if has & (class::UPPER | class::OTHER) != 0 && has & class::LOWER == 0 {
        let word = chunk.trim_matches(|c: char| !c.is_alphabetic());
        if word.len() > 1 && word.chars().all(char::is_uppercase) {
            emit("shout", each);
            emit_number("shout ", word.chars().count().min(8), token, each);
        }
    }
}

/// Finds the tokens of each run of digits: its length, the character before it, and its first digits.
fn digit_runs(text: &str, start: usize, chunk: &str, token: &mut String, each: &mut impl FnMut(Term)) {
    let bytes = chunk.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let run = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let before = text[..start + at].chars().next_back().unwrap_or('^');
        let before = if before.is_ascii_whitespace() { ' ' } else { before };
        emit_number("run ", run, token, each);
        token.clear();
        token.push_str("run ");
        token.push(before);
        token.push(' ');
        push_number(token, run);
        emit(token, each);
        if run >= 3 {
            token.clear();
            token.push_str("run ");
            token.push_str(&chunk[at..at + 3]);
            token.push_str(".. ");
            push_number(token, run);
            emit(token, each);
        }
        if matches!(before, '£' | '$' | '€' | '₩' | '¥') {
            emit("money", each);
        }
        at += run;
    }
}

/// Whether a chunk starts with a host and a slash, such as `name.test/`.
pub(crate) fn is_host(chunk: &str) -> bool {
    chunk.split_once('/').is_some_and(|(host, _)| {
        host.split_once('.').is_some_and(|(name, rest)| !name.is_empty() && rest.len() > 1)
            && host.bytes().any(|byte| byte.is_ascii_alphabetic())
    })
}

/// Whether the text contains a phone number: enough digits, with at most one space, dash or bracket between two digits.
fn has_phone_number(bytes: &[u8]) -> bool {
    let (mut digits, mut gap) = (0, 0);
    for byte in bytes {
        if byte.is_ascii_digit() {
            digits += 1;
            gap = 0;
            if digits >= MIN_DIGITS {
                return true;
            }
        } else if gap == 0 && matches!(byte, b' ' | b'-' | b'(' | b')') {
            gap = 1;
        } else {
            digits = 0;
        }
    }
    false
}
