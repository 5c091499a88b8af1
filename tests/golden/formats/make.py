"""Writes the same rows to files in this directory, as Python's csv, pandas and Excel would write them.

Made with Python 3.11.7, pandas 3.1.1 and zstandard 0.25.0:
    pip install pandas==3.1.1 zstandard==0.25.0 && python3 make.py
"""

import csv
import json
import pathlib

import pandas
import zstandard

HERE = pathlib.Path(__file__).parent
ROWS = [
    ("1", "ham", "plain"),
    ("2", "spam", "a comma, a semicolon; a\ttab and a | bar"),
    ("3", "ham", 'he said "no", twice'),
    ("4", "", ""),
    ("5", "ham", " two lines\nand a space at either end "),
    ("6", "spam", "two lines\r\nof another kind"),
    ("7", "ham", "größer 무료 😀 \u200d"),
    ("8", "ham", "=1+1"),
    ("9", "spam", '"quoted"'),
]
NAMES = ("id", "label", "text")


def write(name, **how):
    with open(HERE / name, "w", newline="", encoding=how.pop("encoding", "utf-8")) as file:
        if before := how.pop("before", ""):
            file.write(before)
        writer = csv.writer(file, **how)
        writer.writerow(NAMES)
        writer.writerows(ROWS)


# The expected rows of all other files.
with open(HERE / "rows.jsonl", "w", encoding="utf-8") as file:
    for row in ROWS:
        line = json.dumps(dict(zip(NAMES, row)), ensure_ascii=False, separators=(",", ":"))
        file.write(line + "\n")

write("python-minimal.csv", lineterminator="\n")
write("python-excel.csv", dialect="excel")
write("python-excel-tab.tsv", dialect="excel-tab")
write("python-unix.csv", dialect="unix")
write("python-nonnumeric.csv", quoting=csv.QUOTE_NONNUMERIC)
write("python-bar.csv", delimiter="|")
# "CSV UTF-8" from Excel in a locale with a decimal comma, then the same with the sep= hint for Excel.
write("excel-semicolon.csv", delimiter=";", encoding="utf-8-sig")
write("excel-sep.csv", delimiter=";", encoding="utf-8-sig", before="sep=;\r\n")
# A format with escape characters instead of quotes. It is not supported, and must not be misread.
write("python-none.csv", quoting=csv.QUOTE_NONE, escapechar="\\", lineterminator="\n")

frame = pandas.DataFrame(ROWS, columns=NAMES)
frame.to_csv(HERE / "pandas.csv", index=False)
frame.to_csv(HERE / "pandas.tsv", index=False, sep="\t")
frame.to_csv(HERE / "pandas.csv.gz", index=False, compression={"method": "gzip", "mtime": 0})
frame.to_csv(HERE / "pandas.csv.zst", index=False, compression={"method": "zstd", "level": 19})
frame.to_json(HERE / "pandas.jsonl", orient="records", lines=True, force_ascii=True)

# The index as a column without a name, and labels that a missing value turns into floats.
frame["label"] = frame["label"].map({"spam": 1, "ham": 0})
frame.to_csv(HERE / "pandas-index.csv")

# Two frames, each after a skippable frame, as pzstd writes them.
content = (HERE / "python-minimal.csv").read_bytes()
compressor = zstandard.ZstdCompressor(write_checksum=True)
frames = [compressor.compress(part) for part in (content[:100], content[100:])]
skipped = b"\x50\x2a\x4d\x18\x04\0\0\0skip"
(HERE / "frames.csv.zst").write_bytes(skipped + frames[0] + skipped + frames[1])
