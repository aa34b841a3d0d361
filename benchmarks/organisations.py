"""Matching names of organisations: ours beside Splink, in time, memory and errors.

    python -m benchmarks.organisations [NAMES ...] [--splink PYTHON] [--runs RUNS]

Names are made with a fixed seed: four words, of which the last two are common; of each there is a
second spelling with a slip, words in another order or a legal form. One half of the second
spellings belongs to no name of the first list. All look only at pairs that share a word that at
most 200 names have: this is the blocking. Ours is `likeness.Blocks`; the row "+ slips" is the same
with pairs whose words are only nearly the same, as the project uses it. Splink links the two tables
on the words exploded, compares names by Jaro-Winkler and countries by equality, and estimates its
parameters as its documentation shows: random pairs, then expectation maximisation on pairs that
share their rarest word, as blocks of exploded words are not offered there.

Measured are whole processes, one at a time: wall seconds, and the largest memory of the process
(maximum resident set). The lists are made before and read from Parquet. Precision and recall are
those of the best match of each second spelling. Splink is no part of the project: `--splink` names
the interpreter of an environment that has it; without, its rows are left out. Nothing is asserted.
"""

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SEED = 20261123
SIZES = (10_000, 50_000)

OURS = """
import json, sys, time
started = time.perf_counter()
import duckdb
from gapstudy.organisations.likeness import Blocks
folder = sys.argv[1]
left, right = (
    [row[0] for row in duckdb.sql(f"select name from '{folder}/{side}.parquet'").fetchall()]
    for side in ("left", "right")
)
best, _ = Blocks(right).best(left, 85.0, slips=SLIPS)
pairs = [[row, int(column)] for row, column in enumerate(best) if column >= 0]
"""

THEIRS = """
import json, sys, time
started = time.perf_counter()
import duckdb
import splink.comparison_library as compare
from splink import Linker, SettingsCreator, block_on
from splink.internals.duckdb.database_api import DuckDBAPI
folder = sys.argv[1]
connection = duckdb.connect()
connection.execute("set threads = 2")
api = DuckDBAPI(connection)
for side in ("left", "right"):
    connection.execute(f"create table {side}_names as select * from '{folder}/{side}.parquet'")
tables = [
    api.register(f"{side}_names", dataset_display_name=side) for side in ("left", "right")
]
block = block_on("words", arrays_to_explode=["words"])
settings = SettingsCreator(
    link_type="link_only",
    comparisons=[
        compare.JaroWinklerAtThresholds("sorted", [0.95, 0.88]), compare.ExactMatch("country"),
    ],
    blocking_rules_to_generate_predictions=[block],
)
linker = Linker(tables, settings, log_level=40)
linker.training.estimate_probability_two_random_records_match([block_on("sorted")], recall=0.3)
linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
linker.training.estimate_parameters_using_expectation_maximisation(block_on("rarest"))
found = linker.inference.predict(threshold_match_probability=0.01)
rows = connection.sql(f\"\"\"
    select case when source_dataset_l = 'left' then unique_id_l else unique_id_r end as one,
        arg_max(case when source_dataset_l = 'left' then unique_id_r else unique_id_l end,
            match_weight) as other
    from {found.physical_name} group by 1 order by 1\"\"\").fetchall()
pairs = [list(row) for row in rows]
"""

END = """
import resource
print(json.dumps({
    "seconds": time.perf_counter() - started,
    "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "pairs": pairs,
}))
"""


def make(folder: Path, size: int) -> list[int]:
    """Write both lists; gives the position of the right name of each left one, -1 for none."""
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    draw = random.Random(SEED)
    syllables = [a + b for a in "bcdfghklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "or")]
    rare = ["".join(draw.choices(syllables, k=4)) for _ in range(size)]
    common = [f"{word}s" for word in ("".join(draw.choices(syllables, k=2)) for _ in range(40))]

    def name() -> list[str]:
        return [*draw.sample(rare, 2), *draw.sample(common, 2)]

    def slip(words: list[str]) -> list[str]:
        words = list(words)
        kind = draw.random()
        if kind < 0.5:
            at, letter = draw.randrange(2), draw.randrange(1, 6)
            words[at] = words[at][:letter] + words[at][letter + 1 :]
        elif kind < 0.8:
            draw.shuffle(words)
        else:
            words.append("ltd")
        return words

    right = [name() for _ in range(size)]
    truth = [draw.randrange(size) if draw.random() < 0.5 else -1 for _ in range(size)]
    left = [slip(right[at]) if at >= 0 else name() for at in truth]
    countries = [draw.choice(["US", "CN", "DE", "FR", "GB"]) for _ in range(size)]
    heard: dict[str, int] = {}
    for words in right:
        for word in words:
            heard[word] = heard.get(word, 0) + 1
    for side, names, lands in (
        ("left", left, [countries[at] if at >= 0 else draw.choice(countries) for at in truth]),
        ("right", right, countries),
    ):
        table = arrow.table({
            "unique_id": list(range(size)),
            "name": [" ".join(words) for words in names],
            "sorted": [" ".join(sorted(words)) for words in names],
            "country": lands,
            "rarest": [min(words, key=lambda word: (heard.get(word, 0), word)) for words in names],
            "words": [[word for word in words if heard.get(word, 0) <= 200] for words in names],
        })  # fmt: skip
        parquet.write_table(table, folder / f"{side}.parquet")
    return truth


def run(python: str, program: str, folder: Path) -> dict[str, object]:
    """One measured process."""
    done = subprocess.run(
        [python, "-W", "ignore", "-c", program + END, str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{python}: {done.stderr[-2000:]}")
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", type=int, default=SIZES)
    parser.add_argument("--splink", help="interpreter of an environment with Splink")
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    sides = [
        ("ours", sys.executable, OURS.replace("SLIPS", "False")),
        ("+ slips", sys.executable, OURS.replace("SLIPS", "True")),
    ]
    if given.splink:
        sides.append(("Splink", given.splink, THEIRS))
    rows = []
    print(f"{'names':>8} {'side':<7} {'seconds':>8} {'peak MB':>8} {'precision':>9} {'recall':>7}")
    for size in given.names:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            truth = make(folder, size)
            for side, python, program in sides:
                found = [run(python, program, folder) for _ in range(given.runs)]
                pairs = [tuple(pair) for pair in found[0]["pairs"]]  # type: ignore[attr-defined]
                right = sum(truth[one] == other for one, other in pairs)
                row = {
                    "names": size, "side": side,
                    "seconds": statistics.median(float(str(one["seconds"])) for one in found),
                    "peak_mb": max(float(str(one["peak_mb"])) for one in found),
                    "precision": right / max(1, len(pairs)),
                    "recall": right / sum(at >= 0 for at in truth),
                }  # fmt: skip
                rows.append(row)
                print(f"{size:8} {side:<7} {row['seconds']:8.2f} {row['peak_mb']:8.0f} "
                      f"{row['precision']:9.3f} {row['recall']:7.3f}", flush=True)  # fmt: skip
    results = ROOT / "benchmarks" / "results"
    results.mkdir(exist_ok=True)
    text = json.dumps({"day": time.strftime("%Y-%m-%d"), "rows": rows}, indent=1)
    (results / "organisations.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
