#!/usr/bin/env python3
"""How much spam is still found when its sender disguises it: seeded attacks on SMS, five folds of seed 0.

    tests/bench/attacks.py TOOLS [--presets message,strong] [--fit-options '...']

Models learn from clean rows; every spam of the test fold is attacked on every letter the attack is for. Recall is at the
threshold each model has of its own, false positives are those among clean ham. Fails where a bound of BOUNDS is broken.
"""

import argparse
import collections
import math
import random
import re
import shlex
import sys
import tempfile
from pathlib import Path

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

import peers
import quality

LETTER = r"[^\W\d_]"
HOMOGLYPHS = str.maketrans(
    "acdehijklmopqrstuvwxyABCEHIJKMNOPSTXYZ",
    "асԁеһіјкӏморԛгѕтυνԝхуΑВСЕНІЈКМΝОРЅТХΥΖ",
)
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
LEET = str.maketrans("aeiostAEIOST", "431057431057")
DISGUISES = ("homoglyph", "zero-width", "full-width", "leet", "spaced", "typo")
PADDINGS = ("good words", "good messages")
FALSE_POSITIVES = 0.0015
BOUNDS = {"message": dict.fromkeys(DISGUISES, 0.90), "strong": dict.fromkeys(PADDINGS, 0.85)}
BESIDE = ("sklearn, its defaults", "linear SVM, char_wb 3-5")


def between_letters(text, what):
    return re.sub(f"(?<={LETTER})(?={LETTER})", what, text)


def typo(word, rng):
    """A word with two neighbours swapped, a letter dropped or a letter doubled."""
    at = rng.randrange(len(word) - 1)
    middle = rng.choice([word[at + 1] + word[at], word[at], word[at] * 2 + word[at + 1]])
    return word[:at] + middle + word[at + 2 :]


def good_words(texts, labels):
    """The twenty words that speak most for ham, by smoothed log-odds of their counts."""
    said = [collections.Counter(), collections.Counter()]
    for text, label in zip(texts, labels):
        said[label].update(re.findall(r"\w\w+", text.lower()))
    ham, spam = (sum(words.values()) + len(said[0] | said[1]) for words in said)
    odds = {word: math.log((count + 1) / ham) - math.log((said[1][word] + 1) / spam) for word, count in said[0].items()}
    return sorted(odds, key=lambda word: (-odds[word], word))[:20]


def attacks(texts, labels, seed):
    """What each attack makes of a text, by its name; the paddings are taken from these training rows."""
    rng = random.Random(seed)
    hams = [text for text, label in zip(texts, labels) if label == 0]
    words = " ".join(good_words(texts, labels))
    return {
        "clean": lambda text: text,
        "homoglyph": lambda text: text.translate(HOMOGLYPHS),
        "zero-width": lambda text: between_letters(text, "\u200b"),
        "full-width": lambda text: text.translate(FULL_WIDTH),
        "leet": lambda text: text.translate(LEET),
        "spaced": lambda text: "   ".join(between_letters(word, " ") for word in text.split()),
        "typo": lambda text: re.sub(f"{LETTER}{{4,}}", lambda found: typo(found[0], rng), text),
        "good words": lambda text: f"{text} {words}",
        "good messages": lambda text: " ".join([text, *rng.sample(hams, 3)]),
    }


def peer(name):
    """A function from training rows and texts to the verdicts of scikit-learn."""
    vectorizer, transformer, model = (clone(part) for part in peers.PEERS[name])
    return lambda texts, labels, asked: make_pipeline(vectorizer, transformer, model).fit(texts, labels).predict(asked)


def ours(tools, preset, options, work):
    """The same of the tools; none where `fit` knows no such preset."""
    train, test, model, out = (Path(work, name) for name in ("train.csv", "test.csv", "model.json", "scored.csv"))

    def verdicts(texts, labels, asked):
        quality.write(train, texts, labels)
        quality.write(test, asked, np.zeros(len(asked), dtype=int))
        return quality.score(tools, model, test, out)[1] if quality.fit(tools, preset, options, train, model) else None

    return verdicts


def found(verdicts):
    """Recall under each attack and the false positives on clean ham, pooled over the folds."""
    texts, labels = peers.corpus("sms")
    right = collections.Counter()
    for number, (train, test) in enumerate(peers.folds(labels, 0)):
        known = [texts[row] for row in train]
        attacked = attacks(known, labels[train], number)
        spam, ham = ([texts[row] for row in test if labels[row] == label] for label in (1, 0))
        asked = [attack(text) for attack in attacked.values() for text in spam]
        called = verdicts(known, labels[train], asked + ham)
        if called is None:
            return None
        for name, part in zip(attacked, np.split(called[: len(asked)], len(attacked))):
            right[name] += part.sum()
        right["ham"] += called[len(asked) :].sum()
    return {name: right[name] / (np.sum(labels == 0) if name == "ham" else np.sum(labels)) for name in right}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tools", type=lambda path: Path(path).absolute(), metavar="TOOLS", help="the directory with fit and score")
    parser.add_argument("--presets", default="message,strong")
    parser.add_argument("--fit-options", default="", help="more options of fit, for experiments")
    args = parser.parse_args()
    if peers.corpus("sms") is None:
        return 0
    broken = []
    columns = ("clean", *DISGUISES, *PADDINGS)
    print(f"{'recall, per cent':26}{''.join(f'{name:>14}' for name in columns)}   false positives")
    with tempfile.TemporaryDirectory() as work:
        models = {name: peer(name) for name in BESIDE}
        models |= {name: ours(args.tools, name, shlex.split(args.fit_options), work) for name in args.presets.split(",")}
        for name, verdicts in models.items():
            rates = found(verdicts)
            if rates is None:
                continue
            print(f"{name:26}{''.join(f'{100 * rates[column]:14.1f}' for column in columns)}{100 * rates['ham']:17.2f}%", flush=True)
            if name in BOUNDS and rates["ham"] > FALSE_POSITIVES:
                broken.append(f"{name}: {rates['ham']:.2%} of clean ham is called spam, over {FALSE_POSITIVES:.2%}")
            for attack, bound in BOUNDS.get(name, {}).items():
                if rates[attack] < bound:
                    broken.append(f"{name}: recall {rates[attack]:.3f} under {attack}, below {bound:.2f}")
    for what in broken:
        print(f"attacks: {what}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
