//! Masks personal data in texts with placeholders; the same value gets the same placeholder.

use std::net::IpAddr;
use std::ops::Range;
use std::str::FromStr;
use std::sync::LazyLock;

use anyhow::{Result, bail};
use regex::{Captures, Regex};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// Kinds of personal data, in the order of the search: a card number must not count as a phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MaskKind {
    /// An e-mail address.
    Email,
    /// A bank account number (ISO 13616) with the length of its country and valid check digits.
    Iban,
    /// A payment card number with a valid check digit (Luhn 1960).
    Card,
    /// An IPv4 or IPv6 address.
    Ip,
    /// A telephone number.
    Phone,
}

pub const ALL: [MaskKind; 5] =
    [MaskKind::Email, MaskKind::Iban, MaskKind::Card, MaskKind::Ip, MaskKind::Phone];

/// Patterns that find candidates of each kind; [`value`] then checks each candidate.
static PATTERNS: LazyLock<Vec<(MaskKind, Regex)>> = LazyLock::new(|| {
    let sources = [
        (MaskKind::Email, r"[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+"),
        (MaskKind::Iban, r"(?i)\b[A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]){11,40}"),
        (MaskKind::Card, r"[0-9](?:[ ._-]{0,2}[0-9]){12,40}"),
        (MaskKind::Ip, r"(?i)\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}"),
        (MaskKind::Phone, r"(?:\+|\()?[0-9](?:[ ()./-]{0,2}[0-9]){6,40}"),
    ];
    sources.into_iter().filter_map(|(kind, source)| Some((kind, Regex::new(source).ok()?))).collect()
});

impl MaskKind {
    fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Iban => "iban",
            Self::Card => "card",
            Self::Ip => "ip",
            Self::Phone => "phone",
        }
    }
}

impl std::fmt::Display for MaskKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for MaskKind {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        match ALL.into_iter().find(|kind| kind.name() == name) {
            Some(kind) => Ok(kind),
            None => bail!("expected email, phone, card, iban or ip"),
        }
    }
}

/// Replaces every value of these kinds, as in `[email:1f3a]`. Equal values get equal digits. There are only 65,536
/// codes, so a code does not reveal its value. Masking a text twice changes nothing.
pub fn masked(text: &str, kinds: &[MaskKind]) -> String {
    // Masking a value can turn its neighbour into a value, so repeat until nothing changes. A crafted text can need any
    // number of passes. After a few passes, stop checking the characters around a value.
    const CAREFUL_PASSES: usize = 8;
    let mut text = text.to_owned();
    let mut passes = 0;
    loop {
        let before = text.clone();
        for (kind, pattern) in PATTERNS.iter().filter(|(kind, _)| kinds.contains(kind)) {
            text = mask_kind(*kind, pattern, &text, passes < CAREFUL_PASSES);
        }
        if text == before {
            return text;
        }
        passes += 1;
    }
}

/// Masks the values of one kind. If `careful` is true, skips values that touch a letter or a digit.
fn mask_kind(kind: MaskKind, pattern: &Regex, text: &str, careful: bool) -> String {
    let found = pattern.replace_all(text, |captures: &Captures| {
        let Some(found) = captures.get(0) else { return String::new() };
        let before = text[..found.start()].chars().next_back().filter(|_| careful);
        let after = text[found.end()..].chars().next().filter(|_| careful);
        match value(kind, found.as_str(), before, after) {
            None => found.as_str().to_owned(),
            Some((value, part)) => {
                let digits = xxh3_64(value.as_bytes()) & 0xffff;
                let found = found.as_str();
                format!("{}[{kind}:{digits:04x}]{}", &found[..part.start], &found[part.end..])
            }
        }
    });
    found.into_owned()
}

/// The kinds that have a placeholder in the text.
pub fn traces(text: &str) -> Vec<MaskKind> {
    // Most texts have no bracket at all.
    if memchr::memchr(b'[', text.as_bytes()).is_none() {
        return Vec::new();
    }
    let has_placeholder = |kind: &MaskKind| {
        let open = format!("[{}:", kind.name());
        text.match_indices(&open).any(|(start, _)| {
            let rest = &text.as_bytes()[start + open.len()..];
            rest.len() > 4 && rest[..4].iter().all(u8::is_ascii_hexdigit) && rest[4] == b']'
        })
    };
    ALL.into_iter().filter(has_placeholder).collect()
}

/// The normalised value, and the part of `found` that the value covers.
fn value(
    kind: MaskKind,
    found: &str,
    before: Option<char>,
    after: Option<char>,
) -> Option<(String, Range<usize>)> {
    let alone = |c: Option<char>| !c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let normalised = match kind {
        MaskKind::Email => found.to_lowercase(),
        MaskKind::Iban => return iban(found),
        MaskKind::Card => return card(found).filter(|_| alone(before) && alone(after)),
        MaskKind::Ip => {
            let address = found.parse::<IpAddr>().ok()?;
            // `a::b` is a valid address, but is more likely a name in code.
            let groups = found.split([':', '.']).filter(|group| !group.is_empty()).count();
            (groups >= 3 && alone(before) && alone(after)).then(|| address.to_string())?
        }
        MaskKind::Phone => return phone(found).filter(|_| alone(before) && alone(after)),
    };
    Some((normalised, 0..found.len()))
}

/// Luhn's check: doubles every second digit from the right. The sum of all digits must be divisible by ten.
fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .zip([1, 2].into_iter().cycle())
        .map(|(digit, times)| u32::from(digit - b'0') * times)
        .map(|product| product / 10 + product % 10)
        .sum();
    sum.is_multiple_of(10) && digits.bytes().any(|digit| digit != b'0')
}

/// The account number at the start of `found`, which may include words after the number.
fn iban(found: &str) -> Option<(String, Range<usize>)> {
    // Lengths by country, from the registry of ISO 13616.
    const LENGTHS: [(usize, &str); 14] = [
        (15, "NO"),
        (16, "BE"),
        (18, "DK FI FO GL NL"),
        (19, "MK SI"),
        (20, "AT BA EE KZ LT LU XK"),
        (21, "CH HR LI LV"),
        (22, "BG BH DE GB GE IE ME RS VA"),
        (23, "AE GI IL TL"),
        (24, "AD CZ ES MD PK RO SA SE SK TN VG"),
        (25, "PT"),
        (26, "IS TR"),
        (27, "FR GR IT MC SM"),
        (28, "AL AZ CY DO GT HU LB PL"),
        (29, "BR EG PS QA UA"),
    ];
    let country = found.get(..2)?.to_ascii_uppercase();
    let (length, _) = LENGTHS.into_iter().find(|(_, countries)| countries.contains(&country))?;
    let mut value = String::with_capacity(length);
    let mut end = 0;
    for (place, c) in found.char_indices().filter(|(_, c)| c.is_ascii_alphanumeric()).take(length) {
        value.push(c.to_ascii_uppercase());
        end = place + 1;
    }
    let runs_on = found[end..].starts_with(|c: char| c.is_ascii_alphanumeric());
    (value.len() == length && !runs_on && mod_97(&value) == 1).then_some((value, 0..end))
}

/// The remainder modulo 97 (ISO 7064). The first four characters move to the end, and letters count as 10 to 35.
fn mod_97(value: &str) -> u32 {
    let (head, tail) = value.split_at(4);
    tail.chars()
        .chain(head.chars())
        .filter_map(|c| c.to_digit(36))
        .fold(0, |rest, digit| if digit < 10 { (rest * 10 + digit) % 97 } else { (rest * 100 + digit) % 97 })
}

/// The ranges of the groups of digits.
fn groups(found: &str) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    for (place, _) in found.char_indices().filter(|(_, c)| c.is_ascii_digit()) {
        match groups.last_mut() {
            Some(last) if last.end == place => last.end = place + 1,
            _ => groups.push(place..place + 1),
        }
    }
    groups
}

fn digits_in(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// The card number among groups of digits. An amount may precede the number, and a date or a code may follow.
fn card(found: &str) -> Option<(String, Range<usize>)> {
    let groups = groups(found);
    let windows = (0..groups.len()).flat_map(|from| (from..groups.len()).rev().map(move |to| (from, to)));
    windows.map(|(from, to)| groups[from].start..groups[to].end).find_map(|part| {
        let digits = digits_in(&found[part.clone()]);
        // A payment card starts with a digit from 2 to 6 (ISO 7812).
        let is_card = (13..=19).contains(&digits.len()) && digits.starts_with(['2', '3', '4', '5', '6']);
        (is_card && luhn(&digits)).then_some((digits, part))
    })
}

/// The phone number at the start of groups of digits. It has 7 to 15 digits (E.164) and does not look like a date, an
/// amount or an id.
fn phone(found: &str) -> Option<(String, Range<usize>)> {
    let groups = groups(found);
    // After ten digits, a group that starts with 0 starts another number.
    let lengths = groups.iter().scan(0, |sum, group| {
        *sum += group.len();
        Some(*sum)
    });
    let ends = lengths
        .zip(groups.iter().skip(1))
        .position(|(sum, next)| sum >= 10 && found[next.clone()].starts_with('0'));
    let groups = &groups[..ends.map_or(groups.len(), |last| last + 1)];
    let end = groups.last()?.end;
    let digits = digits_in(&found[..end]);
    let lengths: Vec<usize> = groups.iter().map(ExactSizeIterator::len).collect();
    let is_date = matches!(lengths[..], [4, 2, 2, ..] | [1 | 2, 1 | 2, 4 | 2, ..]);
    let is_amount = lengths.len() > 1 && lengths[1..].iter().all(|&length| length == 3);
    let grouped = lengths.len() >= 3 && digits.len() >= 9 && !is_date && !is_amount;
    let dialled = found.starts_with('+') || (found.starts_with(['(', '0']) && !is_date);
    ((7..=15).contains(&digits.len()) && (dialled || grouped)).then_some((digits, 0..end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(PATTERNS.len(), ALL.len());
    }

    #[test]
    fn masks_personal_data_and_nothing_else() {
        let cases = [
            ("mail Ann.Lee+x@mail.example now", "mail [email:] now"),
            ("IBAN DE89 3704 0044 0532 0130 00 THANKS", "IBAN [iban:] THANKS"),
            ("gb82west12345698765432.", "[iban:]."),
            ("card 4111 1111 1111 1111, 4111-1111-1111-1112", "card [card:], 4111-1111-1111-1112"),
            ("from 192.0.2.7 and 2001:db8::7, not 1.2.3.400", "from [ip:] and [ip:], not 1.2.3.400"),
            ("call +1 (202) 555-0143 or 030 2312 5678", "call [phone:] or [phone:]"),
            ("on 2026-07-01 at 08:30:15, 31.12.2026, std::vec::Vec, 12345678", "="),
            ("DE89 3704 0044 0532 0130 02", "="),
            ("visa 4111 1111 1111 1111 123, pay 50 4111.1111.1111.1111", "visa [card:] 123, pay 50 [card:]"),
            ("0171 1234567 0172 7654321, 202-555-0143", "[phone:] [phone:], [phone:]"),
            ("1782894600 at 1 234 567 or 1.234.567, July 1 2026 10:30", "="),
        ];
        let digits = Regex::new(":[0-9a-f]{4}]").unwrap();
        for (text, expected) in cases {
            let masked = masked(text, &ALL);
            let blank = digits.replace_all(&masked, ":]").into_owned();
            assert_eq!(blank, if expected == "=" { text } else { expected });
        }
    }

    #[test]
    fn a_placeholder_is_stable_and_detected() {
        let one = masked("to a@b.example", &ALL);
        assert_eq!(one, masked(&one, &ALL));
        assert_eq!(one["to ".len()..], masked("A@B.example", &ALL));
        assert_eq!(traces(&one), [MaskKind::Email]);
        assert_eq!(traces("a [phone:12] b [card:zzzz]"), []);
        assert_eq!(masked("to a@b.example", &[MaskKind::Phone]), "to a@b.example");
    }

    #[test]
    fn masks_values_that_touch_each_other() {
        let numbers = "x 4111 1110 1111 11+1 (202) 555-014311";
        let chain = "+12345678".repeat(20_000);
        for text in [numbers, "a:2001:db8::71112 1.2", &chain] {
            let once = masked(text, &ALL);
            assert_eq!(once, masked(&once, &ALL), "{}", &text[..20]);
        }
    }
}
