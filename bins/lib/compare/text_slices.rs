//! Assigns a text to slices by script, length, and whether the text has a link.

/// The slices of a text, as pairs of property and value.
pub(super) fn of(text: &str) -> [(&'static str, &'static str); 3] {
    [("script", script(text)), ("length", length(text)), ("link", link(text))]
}

/// The length of a text in characters, as a class.
fn length(text: &str) -> &'static str {
    match text.chars().count() {
        0..=39 => "under 40 characters",
        40..=159 => "40 to 159",
        160..=639 => "160 to 639",
        _ => "640 and more",
    }
}

/// Whether a text has a link, as a class.
fn link(text: &str) -> &'static str {
    let has = |pattern: &str| {
        text.as_bytes().windows(pattern.len()).any(|part| part.eq_ignore_ascii_case(pattern.as_bytes()))
    };
    if has("http://") || has("https://") || has("www.") || has("hxxp") { "with a link" } else { "without" }
}

/// The most frequent script among the letters of a text, by Unicode block.
fn script(text: &str) -> &'static str {
    const NAMES: [&str; 11] = [
        "latin",
        "greek",
        "cyrillic",
        "hebrew",
        "arabic",
        "devanagari",
        "thai",
        "hangul",
        "kana",
        "han",
        "other",
    ];
    let mut counts = [0u64; NAMES.len()];
    if text.is_ascii() {
        counts[0] = u64::from(text.bytes().any(|byte| byte.is_ascii_alphabetic()));
    } else {
        for c in text.chars().filter(|c| c.is_alphabetic()) {
            counts[match u32::from(c) {
                0..=0x24f | 0x1e00..=0x1eff | 0xff21..=0xff5a => 0,
                0x370..=0x3ff | 0x1f00..=0x1fff => 1,
                0x400..=0x52f => 2,
                0x590..=0x5ff => 3,
                0x600..=0x77f | 0xfb50..=0xfdff | 0xfe70..=0xfefc => 4,
                0x900..=0x97f => 5,
                0xe00..=0xe7f => 6,
                0x1100..=0x11ff | 0x3130..=0x318f | 0xac00..=0xd7af => 7,
                0x3040..=0x30ff => 8,
                0x3400..=0x9fff | 0x20000..=0x3134f => 9,
                _ => 10,
            }] += 1;
        }
    }
    let most = (0..NAMES.len()).rev().max_by_key(|&name| counts[name]).filter(|&name| counts[name] > 0);
    most.map_or("no letters", |name| NAMES[name])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_script_length_and_link() {
        let cases = [
            ("win £500 now", "latin"),
            ("выиграй сейчас a", "cyrillic"),
            ("κέρδισε", "greek"),
            ("当選しました", "kana"),
            ("恭喜中奖", "han"),
            ("12:30 ?", "no letters"),
            ("", "no letters"),
            ("ربحت", "arabic"),
            ("ትኬት", "other"),
        ];
        for (text, wanted) in cases {
            assert_eq!(script(text), wanted, "{text}");
        }
        let lengths = [39, 40, 159, 160, 639, 640].map(|letters| length(&"ä".repeat(letters)));
        let [short, medium, long, longest] =
            ["under 40 characters", "40 to 159", "160 to 639", "640 and more"];
        assert_eq!(lengths, [short, medium, medium, long, long, longest]);
        assert_eq!(["see HTTPS://a.b", "ww.w", "www.x"].map(link), ["with a link", "without", "with a link"]);
    }
}
