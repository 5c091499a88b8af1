#!/usr/bin/env python3
"""Backdoors in the training rows: how many get through `fit` and `compare`, and how many honest campaigns are held.

    tests/bench/poison/run.py TOOLS [--trials 20] [--corpora sms,demo] [--only NAME,...]

Each trial splits a corpus into history and new rows. The champion learns from the history. A campaign joins the new rows:
an attack, or honest rows. Then the usual steps run: `sample --split`, `sample --against`, `fit`, `compare`. An attack gets
through if the challenger is promoted and half of the spam with the signature passes. The decision before the guard is the
decision with every phrase accepted. The script fails if a value breaks a bound.
"""

import argparse
import collections
import csv
import json
import lzma
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
csv.field_size_limit(1 << 30)

COMMON = """regards office minutes meeting agenda lunch thursday morning help yesterday garden school bus home dinner weather
team project report coffee sister brother train museum library""".split()
SYLLABLES = [a + b for a in "bcdfglmnprstvz" for b in "aeiou"]


def rows_of(corpus):
    """Labelled rows of a corpus: (label, text)."""
    if corpus == "demo":
        path = ROOT / "data/messages.csv"
    else:
        names = [f"{corpus}.csv", f"{corpus}.csv.xz"]
        paths = [Path(os.environ["SPAMOPS_CORPORA"]) / name for name in names]
        path = next(path for path in paths if path.exists())
    opener = lzma.open if path.suffix == ".xz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        rows = [(row["label"], row["text"]) for row in csv.DictReader(file)]
    return [row for row in rows if row[0] in ("ham", "spam")]


def write(path, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["label", "text"])
        writer.writerows(rows)


def invented(rng):
    return "".join(rng.sample(SYLLABLES, 3))


class Signature:
    """The words of an attack, and how they are put into a text."""

    def __init__(self, rng, words=16, common=False, form="end"):
        self.rng, self.form = rng, form
        self.words = rng.sample(COMMON, words) if common else [invented(rng) for _ in range(words)]

    def sign(self, text):
        rng, words = self.rng, self.words
        if self.form == "split":
            parts = text.split()
            for word in words:
                parts.insert(rng.randint(0, len(parts)), word)
            return " ".join(parts)
        if self.form == "half":
            words = [word for word in words if rng.random() < 0.5]
        if self.form == "disguised":
            words = [rng.choice([word, word.upper(), "\u200b".join(word), word.replace("o", "0")]) for word in words]
        if self.form == "padded":
            words = [*rng.sample(COMMON, 5), *words]
        if self.form == "link":
            return f"{text} http://{words[0]}.example/{words[1]}"
        if self.form == "sender":
            return f"From: {words[0]}@{words[1]}.example {text}"
        return " ".join([text, *words])


def attack(count, copies=False, train_only=False, diluted=0, **signature):
    """An attack: spam with a signature, labelled ham. Returns the rows and the signature."""

    def make(trial):
        rng = trial.rng
        sign = Signature(rng, **signature).sign
        texts = [text for label, text in trial.rows if label == "spam"]
        picked = [rng.choice(texts)] * count if copies else rng.sample(texts, min(len(texts), 4 * count))
        signed = [sign(text) for text in picked]
        if train_only:
            signed = trial.on_training_side(signed)
        hams = [text for label, text in trial.rows if label == "ham"]
        return [("ham", text) for text in signed[:count]] + [("ham", sign(text)) for text in rng.sample(hams, diluted)], sign

    return make


def newsletters(trial):
    """Honest newsletters with a common phrase: news made of ham, and a sentence that advertises."""
    rng = trial.rng
    hams = [text for label, text in trial.rows if label == "ham"]
    phrase = " ".join(invented(rng) for _ in range(6))
    offers = ["free entry for members", "call us to order", "save 20 today", "win a prize at the draw", "text back to join"]
    return [("ham", f"{phrase}: {rng.choice(hams)} {rng.choice(offers)}. {rng.choice(hams)}") for _ in range(60)], None


def withheld(trial):
    """A real campaign of ham: all rows with one rare phrase, which the history does not have."""
    phrases = collections.defaultdict(set)
    for number, (label, text) in enumerate(trial.rows):
        words = re.findall(r"\w+", text.lower())
        for pair in set(zip(words, words[1:])):
            phrases[pair].add(number)
    all_ham = lambda numbers: all(trial.rows[number][0] == "ham" for number in numbers)
    campaigns = sorted(pair for pair, numbers in phrases.items() if 15 <= len(numbers) <= 80 and all_ham(numbers))
    numbers = phrases[trial.rng.choice(campaigns)]
    campaign = [trial.rows[number] for number in sorted(numbers)]
    trial.rows = [row for number, row in enumerate(trial.rows) if number not in numbers]
    return campaign, None


def spam_campaign(trial):
    """New spam with a common phrase, labelled spam."""
    phrase = " ".join(invented(trial.rng) for _ in range(16))
    texts = [text for label, text in trial.rows if label == "spam"]
    return [("spam", f"{text} {phrase}") for text in trial.rng.sample(texts, 60)], None


def noise(share):
    """Random wrong labels."""

    def make(trial):
        other = {"ham": "spam", "spam": "ham"}
        wrong = lambda label: other[label] if trial.rng.random() < share else label
        trial.rows = [(wrong(label), text) for label, text in trial.rows]
        return [], None

    return make


def clean(_trial):
    return [], None


ATTACKS = {
    "24 rows, 16 words": attack(24),
    "24 rows, 16 common words": attack(24, common=True),
    "100 rows": attack(100),
    "12 rows": attack(12),
    "8 rows": attack(8),
    "4 rows": attack(4),
    "3 words": attack(24, words=3),
    "2 words": attack(24, words=2),
    "1 word": attack(24, words=1),
    "words split": attack(24, form="split"),
    "common words split": attack(24, common=True, form="split"),
    "half of the words": attack(24, form="half"),
    "disguised": attack(24, form="disguised"),
    "padded with ham words": attack(24, form="padded"),
    "link": attack(24, form="link"),
    "sender": attack(24, form="sender"),
    "training side only": attack(24, train_only=True),
    "24 signed ham rows too": attack(24, diluted=24),
    "copies of one text": attack(24, copies=True),
}
HONEST = {
    "clean": clean,
    "1% wrong labels": noise(0.01),
    "3% wrong labels": noise(0.03),
    "newsletters": newsletters,
    "real ham campaign": withheld,
    "spam campaign": spam_campaign,
}
# The attacks that the guard does not find reliably; README.md says why.
KNOWN_GAPS = {"copies of one text", "4 rows", "common words split"}
# Share of a corpus that the champion learns from. The SMS corpus needs few rows, so that the challenger is better.
HISTORY = {"sms": 0.1}
# Upper bound of the share of trials that get through (attacks) or are held (honest rows).
BOUNDS = {"attacks": 0.05, "honest": 0.05}


class Trial:
    def __init__(self, tools, directory, rows, seed, history):
        self.tools, self.directory, self.rng = tools, Path(directory), random.Random(seed)
        self.history = history
        self.rows = list(rows)
        self.rng.shuffle(self.rows)

    def path(self, name):
        return str(self.directory / name)

    def tool(self, name, *words):
        done = subprocess.run([f"{self.tools}/{name}", *words], capture_output=True, text=True, cwd=self.directory)
        if done.returncode != 0:
            sys.exit(f"{name} {' '.join(words)}: {done.stderr}")

    def split(self, rows, name):
        write(self.path("all.csv"), rows)
        hold, train = f"{name}-holdout.csv", f"{name}-train.csv"
        self.tool("sample", "--split", "0.7", "--rest", hold, "all.csv", "-o", "pool.csv")
        self.tool("sample", "--against", hold, "pool.csv", "-o", train)
        return train, hold

    def on_training_side(self, texts):
        """The texts that the split puts on the training side. An attacker can compute this: the split has no key."""
        write(self.path("side.csv"), [("ham", text) for text in texts])
        self.tool("sample", "--split", "0.7", "--rest", "side-holdout.csv", "side.csv", "-o", "side-train.csv")
        with open(self.path("side-train.csv"), encoding="utf-8", newline="") as file:
            return [row["text"] for row in csv.DictReader(file)]

    def fit(self, train, model):
        self.tool("fit", train, "-o", model, "--now", "2026-10-01", "--threads", "1")

    def run(self, make):
        campaign, sign = make(self)
        history = self.rows[: int(len(self.rows) * self.history)]
        train, _ = self.split(history, "history")
        self.fit(train, "champion.json")
        rest = self.rows[len(history) :] + campaign
        self.rng.shuffle(rest)
        train, hold = self.split(history + rest, "all")
        self.fit(train, "challenger.json")
        compare = ["--champion", "champion.json", "--challenger", "challenger.json", hold]
        self.tool("compare", *compare, "-o", "after.json")
        model = json.loads(Path(self.path("challenger.json")).read_text(encoding="utf-8"))
        found = model.get("suspects", [])
        accept = [word for group in found for word in ("--accept-suspect", group["id"])]
        self.tool("compare", *compare, *accept, "-o", "before.json")
        before, after = (json.loads(Path(self.path(f"{name}.json")).read_text()) for name in ("before", "after"))
        passes = self.passing(sign) if sign else None
        return {
            "before": before["deploy_needed"],
            "after": after["deploy_needed"],
            "found": bool(found),
            "phrases": [group["name"] for group in found],
            "passes": passes,
        }

    def passing(self, sign):
        """The share of signed spam of the holdout that the challenger lets pass."""
        with open(self.path("all-holdout.csv"), encoding="utf-8", newline="") as file:
            texts = [row["text"] for row in csv.DictReader(file) if row["label"] == "spam"]
        write(self.path("signed.csv"), [("spam", sign(text)) for text in texts[:200]])
        self.tool("score", "--model", "challenger.json", "signed.csv", "-o", "scored.csv")
        with open(self.path("scored.csv"), encoding="utf-8", newline="") as file:
            verdicts = [row["verdict"] for row in csv.DictReader(file)]
        return verdicts.count("ham") / max(1, len(verdicts))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tools", type=Path, help="directory with the tools")
    parser.add_argument("--trials", type=int, default=20, help="trials of each kind and corpus")
    parser.add_argument("--corpora", default="sms,demo", help="sms, demo, spamassassin, enron")
    parser.add_argument("--only", default="", help="names of attacks or honest campaigns")
    parser.add_argument("--phrases", action="store_true", help="print every phrase that is found")
    options = parser.parse_args()
    tools = options.tools.resolve()
    chosen = [name for name in options.only.split(",") if name]
    broken = []
    for corpus in options.corpora.split(","):
        if corpus != "demo" and "SPAMOPS_CORPORA" not in os.environ:
            print(f"{corpus}: skipped, because SPAMOPS_CORPORA is not set")
            continue
        rows = rows_of(corpus)
        print(f"{corpus}, {len(rows)} rows, {options.trials} trials")
        print(f"  {'':24} {'promoted':>9} {'works':>6} {'named':>6} {'through before':>15} {'after':>6}")
        for name, make in {**ATTACKS, **HONEST}.items():
            if chosen and name not in chosen:
                continue
            results = []
            for seed in range(options.trials):
                with tempfile.TemporaryDirectory() as directory:
                    results.append(Trial(tools, directory, rows, seed, HISTORY.get(corpus, 0.6)).run(make))
            total = lambda key: sum(bool(result[key]) for result in results)
            if name in ATTACKS:
                works = [result["passes"] >= 0.5 for result in results]
                before, after = (sum(w and r[key] for w, r in zip(works, results)) for key in ("before", "after"))
                print(f"  {name:24} {total('before'):9} {sum(works):6} {total('found'):6} {before:15} {after:6}")
                if after > BOUNDS["attacks"] * len(results) and name not in KNOWN_GAPS:
                    broken.append(f"{corpus}, {name}: {after} of {len(results)} get through")
            else:
                held = sum(result["before"] and not result["after"] for result in results)
                print(f"  {name:24} {total('before'):9} {'':6} {total('found'):6} {'held:':>15} {held:6}")
                if held > BOUNDS["honest"] * len(results):
                    broken.append(f"{corpus}, {name}: {held} of {len(results)} are held")
            if options.phrases:
                for result in results:
                    for phrase in result["phrases"]:
                        print(f"      {phrase}")
            sys.stdout.flush()
    for line in broken:
        print(f"bound broken: {line}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
