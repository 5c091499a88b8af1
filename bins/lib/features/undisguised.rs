//! Spells a text in lower case and without disguises, so that a disguised copy has the letters of its original.

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};
use unicode_security::confusable_detection::skeleton;

use super::disguises::{Disguises, unmask};
use super::look_alikes::latin;
use super::message::is_unspaced;

/// The text in lower case, with disguises undone as the analyzer `message` does: compatible characters, invisible
/// characters, accents and look-alikes. The search for copies also undoes disguises that would cost a model words of
/// other languages: all accents, and all look-alikes of Unicode (UTS 39). Spaces, digits and signs stay.
pub fn undisguised(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut unmasked = String::with_capacity(text.len());
    unmask(text, &mut unmasked, &mut Disguises::default());
    let mut plain = String::with_capacity(unmasked.len());
    for c in unmasked.chars() {
        if c.is_ascii() {
            plain.push(c.to_ascii_lowercase());
        } else if is_unspaced(c) || is_hangul(c) {
            plain.push(c);
        } else if c.general_category_group() == GeneralCategoryGroup::Mark {
            // Some scripts spell vowels with marks. After a Latin letter, a mark only hides the letter.
            if !plain.ends_with(|before: char| before.is_ascii_alphanumeric()) {
                plain.push(c);
            }
        } else if !matches!(c, '\u{115f}' | '\u{1160}') {
            c.to_lowercase().for_each(|c| plain.push(letter(c)));
        }
    }
    plain
}

/// A syllable, or a part of a syllable, of Korean.
fn is_hangul(c: char) -> bool {
    matches!(c, '\u{ac00}'..='\u{d7a3}' | '\u{1161}'..='\u{11ff}' | '\u{1100}'..='\u{115e}')
}

/// The Latin letter that a lower-case letter looks like, or the letter without accents.
fn letter(c: char) -> char {
    if c.is_ascii() {
        return c;
    }
    let bare = if c < '\u{2000}' { std::iter::once(c).nfd().next().unwrap_or(c) } else { c };
    let capital = || bare.to_uppercase().next().and_then(prototype);
    small_capital(bare).or_else(|| latin(bare)).or_else(|| prototype(bare)).or_else(capital).unwrap_or(bare)
}

/// The Latin letter of a small capital, or of a sign that contains the letter.
fn small_capital(c: char) -> Option<char> {
    Some(match c {
        'ᴀ' => 'a',
        'ʙ' => 'b',
        'ᴄ' => 'c',
        'ᴅ' => 'd',
        'ᴇ' => 'e',
        'ꜰ' => 'f',
        'ɢ' => 'g',
        'н' | 'ʜ' => 'h',
        'ɪ' => 'i',
        'ᴊ' => 'j',
        'ᴋ' => 'k',
        'ʟ' => 'l',
        'м' | 'ᴍ' => 'm',
        'ɴ' => 'n',
        'ᴘ' => 'p',
        'ꞯ' => 'q',
        'ʀ' => 'r',
        'ᴛ' => 't',
        'ʏ' => 'y',
        // White letters in black circles and squares, and letters of flags.
        '\u{1f150}'..='\u{1f169}' => nth_letter(c, 0x1f150),
        '\u{1f170}'..='\u{1f189}' => nth_letter(c, 0x1f170),
        '\u{1f1e6}'..='\u{1f1ff}' => nth_letter(c, 0x1f1e6),
        _ => return None,
    })
}

/// The letter at this place of a block of 26 letters.
fn nth_letter(c: char, first: u32) -> char {
    u8::try_from(u32::from(c) - first).map_or(c, |place| char::from(b'a' + place % 26))
}

/// The single Latin letter that Unicode lists as confusable with a character (UTS 39).
fn prototype(c: char) -> Option<char> {
    let mut one = [0; 4];
    let mut letters = skeleton(c.encode_utf8(&mut one))
        .filter(|c| c.general_category_group() != GeneralCategoryGroup::Mark)
        .map(|c| small_capital(c).or_else(|| latin(c)).unwrap_or(c));
    let first = letters.next().filter(char::is_ascii_alphabetic)?;
    letters.next().is_none().then_some(first.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undoes_every_disguise_of_a_letter() {
        for text in [
            "Free",
            "fr\u{200b}ee",
            "fr\u{ad}ee",
            "ｆｒｅｅ",
            "frеe",
            "𝐟𝐫𝐞𝐞",
            "𝓯𝓻𝓮𝓮",
            "f\u{336}r\u{301}é\u{20dd}e",
            "fгее",
            "ꜰʀᴇᴇ",
            "ⓕⓡⓔⓔ",
            "🅕🅡🅔🅔",
            "🇫🇷🇪🇪",
            "f\u{483}ree",
            "fr\u{3164}ee",
            "fṙëē",
            "f\u{e0101}ree",
        ] {
            assert_eq!(undisguised(text), "free", "{text}");
        }
        assert_eq!(undisguised("Ꭺ Ѕ օ ⲣ ɑ ł ø м н ᴍ"), "a s o p a l o m h m");
        assert_eq!(undisguised("무료 쿠폰 免费 ฟรีค่ะ £5"), "무료 쿠폰 免费 ฟรีค่ะ £5");
        assert_eq!(undisguised("ПРИВЕТ, Ёж"), undisguised("привет, ёж"));
        // Ukrainian keeps the letters that look like no Latin letter.
        assert_eq!(undisguised("Щастя"), undisguised("щастя"));
    }
}
