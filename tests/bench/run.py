#!/usr/bin/env python3
"""Runs a benchmark: compares the time and memory of a tool with a baseline on the same file, in interleaved rounds.

It prints medians of wall time, CPU time (user and system) and peak memory. Each ratio compares with the baseline of the same
round, because a busy machine slows both. The median of these ratios is printed. The status is 1 if a bound is broken.
"""

import argparse
import functools
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
FILES = TARGET / "bench"


def measure(argv, stdin=None, pause=0.005):
    """Runs a command. Returns wall seconds, CPU seconds and peak memory in MB."""
    with open(stdin or os.devnull, "rb") as source:
        start = time.monotonic()
        child = subprocess.Popen(argv, stdin=source, stdout=subprocess.DEVNULL)
        peak = 0
        while True:
            # ru_maxrss of a child includes the memory of this process at the fork. VmHWM does not.
            peak = max(peak, high_water(child.pid))
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            time.sleep(pause)
        wall = time.monotonic() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{argv[0]} failed with status {child.returncode}")
    return wall, usage.ru_utime + usage.ru_stime, peak / 1024


def high_water(pid):
    try:
        with open(f"/proc/{pid}/status") as status:
            lines = [line for line in status if line.startswith("VmHWM:")]
        # Before exec, the child is a copy of this process.
        if not lines or os.readlink(f"/proc/{pid}/exe") == os.readlink("/proc/self/exe"):
            return 0
        return int(lines[0].split()[1])
    except OSError:
        return 0


def interleaved(cases, count):
    """Measures every case in every round. The order alternates between forwards and backwards."""
    found = {name: [] for name in cases}
    for number in range(count):
        names = list(cases) if number % 2 == 0 else list(reversed(cases))
        for name in names:
            found[name].append(cases[name]())
            print(f"round {number + 1}/{count}: {name}: {found[name][-1][0]:.2f} s", file=sys.stderr)
    return found


def rounds(cases, base, count):
    """Prints the time and memory of the cases, and their ratios to the baseline."""
    found = interleaved(cases, count)
    print(f"{'':24} {'wall s':>8} {'CPU s':>8} {'MB':>7} {'wall':>7} {'CPU':>7}   (the last two columns: ratio to {base})")
    table = {}
    for name, runs in found.items():
        wall, cpu, peak = (statistics.median(run[i] for run in runs) for i in range(3))
        ratio = [statistics.median(run[i] / of[i] for run, of in zip(runs, found[base])) for i in range(2)]
        print(f"{name:24} {wall:8.2f} {cpu:8.2f} {peak:7.1f} {ratio[0]:7.2f} {ratio[1]:7.2f}")
        table[name] = (max(run[2] for run in runs), *ratio)
    return table


def machine():
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    rust = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    busy = os.getloadavg()[0]
    print(f"{cpu}, {os.cpu_count()} cores, {memory} GB, {platform.system()} {platform.release()}, rustc {rust}, load {busy:.1f}")


def messages(path, count, line):
    """Writes `count` rows, the same on every machine. `line` formats id, date, label and text."""
    if path.exists():
        return
    rng = random.Random(1)
    words = "the a to you call now free prize meeting lunch report invoice update please thanks tomorrow win".split()
    rests = []
    for _ in range(20_000):
        text = " ".join(rng.choices(words, k=rng.randint(4, 13)))
        text = f"{text}, {rng.choice(words)}" if rng.random() < 0.2 else text
        day = f"2026-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
        rests.append(line("{}", day, "spam" if rng.random() < 0.25 else "ham", text))
    before = path.with_suffix(".new")
    with open(before, "w", newline="") as out:
        if path.suffix == ".csv":
            out.write("id,date,label,text\n")
        for start in range(0, count, 10_000):
            ids = range(start, min(start + 10_000, count))
            out.write("".join(rng.choice(rests).replace("{}", f"m{number:08}", 1) for number in ids))
    before.rename(path)


def csv_line(number, day, label, text):
    return f'{number},{day},{label},"{text}"\n' if "," in text else f"{number},{day},{label},{text}\n"


def json_line(number, day, label, text):
    return f'{{"id":"{number}","date":"{day}","label":"{label}","text":"{text}"}}\n'


def sample(rows, count):
    """`sample --size 1000` from ten million rows: at least half the speed of a bare CSV reader, in under 20 MB."""
    build = ["cargo", "build", "--quiet", "--locked", "--release", "--manifest-path", ROOT / "Cargo.toml"]
    subprocess.run([*build, "--bin", "sample", "--example", "bare_csv"], check=True)
    tool, bare = TARGET / "release/sample", TARGET / "release/examples/bare_csv"
    table, lines = FILES / f"messages-{rows}.csv", FILES / f"messages-{rows}.jsonl"
    packed = table.with_suffix(".csv.gz")
    FILES.mkdir(parents=True, exist_ok=True)
    messages(table, rows, csv_line)
    messages(lines, rows, json_line)
    if not packed.exists():
        with open(packed, "wb") as out:
            subprocess.run(["gzip", "-1", "--no-name", "--stdout", table], stdout=out, check=True)
    options = ["--size", "1000", "--seed", "7"]
    run = functools.partial
    cases = {
        "bare csv read": run(measure, [bare, table]),
        "sample": run(measure, [tool, *options, table]),
        "sample < file": run(measure, [tool, *options], table),
        "sample --stratify label": run(measure, [tool, *options, "--stratify", "label", table]),
        "sample, gzip": run(measure, [tool, *options, packed]),
        "sample, JSON Lines": run(measure, [tool, *options, lines]),
    }
    others = {
        "gzip -dc": ["gzip", "-dc", packed],
        "shuf": ["shuf", "-n", "1000", table],
        "xan": ["xan", "sample", "--seed", "7", "1000", table],
        "qsv": ["qsv", "sample", "--seed", "7", "1000", table],
    }
    for name, argv in others.items():
        if shutil.which(argv[0]):
            cases[name] = run(measure, argv)
        else:
            print(f"skipped: {name} is not on the PATH")
    print(f"{rows} rows, {table.stat().st_size / rows:.0f} bytes each, medians of {count} rounds")
    found = rounds(cases, "bare csv read", count)
    peak, *ratios = found["sample"]
    broken = [f"peak memory {peak:.1f} MB (limit 20)"] * (peak > 20)
    broken += [f"{ratio:.2f} times the bare CSV reader (limit 2)" for ratio in ratios if ratio > 2]
    return broken


BENCHES = {"sample": sample}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("name", choices=BENCHES)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    machine()
    broken = BENCHES[args.name](args.rows, args.rounds)
    for line in broken:
        print(f"{args.name}: {line}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
