"""Disguises of a message: the same words for a reader, other characters for a filter."""

import re
import unicodedata

LETTER = r"[^\W\d_]"
HOMOGLYPHS = str.maketrans(
    "acdehijklmopqrstuvwxyABCEHIJKMNOPSTXYZ",
    "асԁеһіјкӏморԛгѕтυνԝхуΑВСЕНІЈКМΝОРЅТХΥΖ",
)
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
BOLD = {ord(first) + place: 0x1D400 + start + place for first, start in (("A", 0), ("a", 26)) for place in range(26)}
LEET = str.maketrans("aeiostAEIOST", "431057431057")


def between_letters(text, separator):
    return re.sub(f"(?<={LETTER})(?={LETTER})", separator, text)


def typo(word, rng):
    """Swaps two neighbouring letters, drops a letter or doubles a letter."""
    at = rng.randrange(len(word) - 1)
    middle = rng.choice([word[at + 1] + word[at], word[at], word[at] * 2 + word[at + 1]])
    return word[:at] + middle + word[at + 2 :]


def disguises(rng):
    """A function for each disguise of tests/bench/attacks.py, by name."""
    return {
        "homoglyph": lambda text: text.translate(HOMOGLYPHS),
        "zero-width": lambda text: between_letters(text, "\u200b"),
        "full-width": lambda text: text.translate(FULL_WIDTH),
        "leet": lambda text: text.translate(LEET),
        "spaced": lambda text: "   ".join(between_letters(word, " ") for word in text.split()),
        "typo": lambda text: re.sub(f"{LETTER}{{4,}}", lambda found: typo(found[0], rng), text),
    }


def further_disguises(rng):
    """Disguises that no model is measured on."""
    return {
        "soft hyphen": lambda text: between_letters(text, "\u00ad"),
        "bold": lambda text: text.translate(BOLD),
        "accents": lambda text: unicodedata.normalize("NFC", re.sub(f"({LETTER})", "\\1\u0301", text)),
        "struck out": lambda text: re.sub(f"({LETTER})", "\\1\u0336", text),
        "case": lambda text: "".join(rng.choice([c.lower(), c.upper()]) for c in text),
        "signs": lambda text: " ".join(word + rng.choice(["", "!", "...", ","]) for word in re.sub(r"[^\w\s]", "", text).split()),
        "no spaces": lambda text: "".join(text.split()),
    }
