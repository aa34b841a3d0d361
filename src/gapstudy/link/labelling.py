"""Labelling pairs by hand: what is shown, what an answer means, and the file of answers.

Nothing here needs a terminal: `label` asks through a function and speaks through another. The score
of a pair is never shown. The file is written whole after every answer, beside the old one and then
in its place, so that stopping at any moment loses nothing.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gapstudy.errors import UsageError
from gapstudy.link import sampling
from gapstudy.regions import RegionScheme, add_region

KEY = list(sampling.KEY)
#: Columns of the file, those of the landmark corpus first.
COLUMNS = (
    "result_id", "target_type", "target_id", "label", "relation", "negative_kind", "how_known",
    "evidence", "reason", "sample", "stratum", "stratum_size", "inclusion",
)  # fmt: skip
LINKS = {"i": "implements", "d": "derives_from"}
OTHERS = {"n": "none", "m": "mentions", "c": "competes"}
NEGATIVES = {
    "n": "same_name", "s": "similar_name", "t": "same_topic", "o": "same_organisation", "e": "easy",
}  # fmt: skip
#: Longest text of a field that is shown, and longest answer that is kept.
SHOWN, KEPT = 2_000, 500
Ask = Callable[[str], str]


class Stop(Exception):  # noqa: N818  # not an error: the labeller has had enough
    """The labeller wants to stop."""


@dataclass(frozen=True)
class Queue:
    """Pairs to label, in order.

    Attributes:
        drawn: `sampling.KEY`, stratum, stratum_size, inclusion of the whole sample.
        papers: frame of `ends.papers`, indexed by paper_id.
        targets: frame of `ends.targets`, indexed by target_type and target_id.
    """

    drawn: pd.DataFrame
    papers: pd.DataFrame
    targets: pd.DataFrame

    @classmethod
    def make(
        cls,
        candidates: pd.DataFrame,
        labelled: pd.DataFrame,
        papers: pd.DataFrame,
        targets: pd.DataFrame,
        scheme: RegionScheme,
        number: int,
        seed: int,
    ) -> Queue:
        """Draw pairs from the candidates of a study, those with a label left out.

        Args:
            candidates: table `link_candidates`.
            labelled: table `labelled_pairs`.
            papers: frame of `ends.papers`.
            targets: frame of `ends.targets`.
            scheme: what the regions contain.
            number: pairs to draw.
            seed: of the study.

        Raises:
            UsageError: no candidate is left, or too few pairs are asked for.
        """
        known = pd.MultiIndex.from_frame(labelled[KEY].astype("str"))
        frame = candidates[[*KEY, "score"]].astype(dict.fromkeys(KEY, "str"))
        frame = frame[~pd.MultiIndex.from_frame(frame[KEY]).isin(known)].drop_duplicates(KEY)
        ends = ["target_type", "target_id"]
        places = targets[[*ends, "country"]].astype(dict.fromkeys(ends, "str"))
        frame = frame.merge(places, on=ends).reset_index(drop=True)
        if frame.empty:
            raise UsageError(
                "there is no candidate without a label", remedy="Run `gapstudy link` first"
            )
        frame["region"] = add_region(frame, scheme).to_numpy()
        frame["stratum"] = sampling.strata(frame)
        sizes = frame["stratum"].value_counts()
        numbers = sampling.allocate(sizes, number, sampling.importance(sizes.index))
        drawn = sampling.draw(frame, numbers, seed)[[*KEY, "stratum", "stratum_size", "inclusion"]]
        return cls(drawn, papers.set_index("paper_id"), targets.set_index(ends))

    def shown(self, at: int) -> list[tuple[str, str]]:
        """What is shown of the pair at a place: headings with texts, never a score."""
        pair = self.drawn.iloc[at]
        paper = self.papers.loc[pair["paper_id"]]
        target = self.targets.loc[(pair["target_type"], pair["target_id"])]
        lines = [
            ("result", paper["title"]), ("summary", paper["abstract"]),
            ("its name", paper["coined_name"]), ("date", _day(paper["date_from"])),
            ("by", paper["organisations"]),
            (str(pair["target_type"]), target["name"]), ("feature", target["feature"]),
            ("description", target["description"]), ("date", _day(target["date_from"])),
            ("by", target["organisations"]), ("page", target["evidence"]),
        ]  # fmt: skip
        return [(head, text) for head, value in lines if (text := clean(value))]


def _day(value: Any) -> str:
    return "" if pd.isna(value) else f"{value:%Y-%m-%d}"


def clean(value: Any, longest: int = SHOWN) -> str:
    """Text from outside in one line without control characters, shortened."""
    text = "" if value is None or value is pd.NA or value != value else str(value)
    kept = (
        " " if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else char
        for char in text[: 4 * longest]
    )  # fmt: skip
    line = " ".join("".join(kept).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


class Answers:
    """The file of answers.

    Args:
        path: CSV with `COLUMNS`; made when the first answer is kept.
        queue: the sample that the answers belong to.

    Raises:
        UsageError: the file is not of this form, or holds pairs of another sample.
    """

    def __init__(self, path: Path, queue: Queue) -> None:
        self.path = path
        self._queue = queue
        keys = (tuple(map(str, key)) for key in queue.drawn[KEY].itertuples(index=False))
        self._place = {key: at for at, key in enumerate(keys)}
        self._rows = self._read()

    def _read(self) -> dict[int, dict[str, str]]:
        try:
            text = self.path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"cannot read: {error}", where=str(self.path)) from error
        lines = csv.DictReader(io.StringIO(text))
        if tuple(lines.fieldnames or ()) != COLUMNS:
            raise UsageError(
                "this is no file of labels", where=str(self.path), remedy="Name another with --out"
            )
        rows = {}
        for number, row in enumerate(lines, start=2):
            key = (str(row["result_id"]), str(row["target_type"]), str(row["target_id"]))
            if key not in self._place:
                raise UsageError(
                    f"row {number} is of another sample than this study's candidates give",
                    where=str(self.path),
                    remedy="Name another file with --out, and keep this one",
                )
            rows[self._place[key]] = {name: str(row[name] or "") for name in COLUMNS}
        return rows

    def __len__(self) -> int:
        return len(self._rows)

    def waiting(self) -> Iterator[int]:
        """Places in the queue that have no answer yet."""
        yield from (at for at in range(len(self._queue.drawn)) if at not in self._rows)

    def keep(self, at: int, answer: dict[str, str]) -> None:
        """Keep the answer to a pair and write the file anew.

        Raises:
            UsageError: the file cannot be written.
        """
        pair = self._queue.drawn.iloc[at]
        ends = dict(zip(COLUMNS[:3], (str(pair[name]) for name in KEY), strict=True))
        self._rows[at] = {**ends, **{name: clean(text, KEPT) for name, text in answer.items()}}
        self._write()

    def _write(self) -> None:
        places = sorted(self._rows)
        weights = self._weights(places)
        made = io.StringIO()
        lines = csv.DictWriter(made, COLUMNS, lineterminator="\n")
        lines.writeheader()
        for at, inclusion in zip(places, weights, strict=True):
            pair = self._queue.drawn.iloc[at]
            row = self._rows[at] | {
                "sample": "sampled", "stratum": str(pair["stratum"]),
                "stratum_size": str(pair["stratum_size"]), "inclusion": inclusion,
            }  # fmt: skip
            lines.writerow({name: _plain(row.get(name, "")) for name in COLUMNS})
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            beside = self.path.with_name(f".{self.path.name}.part")
            beside.write_text(made.getvalue(), encoding="utf-8")
            beside.replace(self.path)
        except OSError as error:
            raise UsageError(f"cannot write: {error.strerror}", where=str(self.path)) from error

    def _weights(self, places: list[int]) -> list[str]:
        """Inclusion probability of each answered pair: unclear ones give theirs to the others."""
        drawn = self._queue.drawn.iloc[places]
        clear = pd.Series([self._rows[at]["label"] in {"0", "1"} for at in places], dtype=bool)
        made = sampling.settled(drawn.reset_index(drop=True), clear)["inclusion"]
        values = made.reindex(range(len(places))).to_numpy(dtype=np.float64)
        return [f"{value:.6g}" if value == value else "" for value in values]


def _plain(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return "'" + text if text.startswith(("=", "+", "-", "@")) else text


def label(answers: Answers, ask: Ask, show: Callable[[int, int], None]) -> int:
    """Go through the pairs without an answer until all have one or the labeller stops.

    Args:
        answers: the file and its sample.
        ask: puts a question and gives what was typed; raises EOFError at the end of input.
        show: shows the pair at a place (first argument), of which so many are answered (second).

    Returns:
        Answers given.
    """
    given = 0
    for at in list(answers.waiting()):
        show(at, len(answers))
        try:
            answers.keep(at, read(ask))
        except (Stop, EOFError):
            break
        given += 1
    return given


def read(ask: Ask) -> dict[str, str]:
    """One answer: label, relation, kind of non-link, page and reason.

    Raises:
        Stop: q was typed.
    """
    choice = _choose(ask, "link? 1 yes, 0 no, u unclear, q quit: ", ("1", "0", "u"))
    if choice == "u":
        return {"label": "u", "reason": _text(ask, "what is unclear: ")}
    if choice == "1":
        relation = LINKS[_choose(ask, "how? i implements, d derives from: ", tuple(LINKS))]
        page = ""
        while not page.startswith(("http://", "https://")):
            page = _text(ask, "address of the page that shows it: ")
        return {
            "label": "1", "relation": relation, "evidence": page,
            "how_known": _text(ask, "kind of page (product page, press, paper ...): "),
            "reason": _text(ask, "what it says, in your words: "),
        }  # fmt: skip
    relation = OTHERS[_choose(ask, "n none, m mentions, c competes: ", tuple(OTHERS))]
    kinds = ", ".join(f"{key} {name.replace('_', ' ')}" for key, name in NEGATIVES.items())
    kind = NEGATIVES[_choose(ask, f"{kinds}: ", tuple(NEGATIVES))]
    return {
        "label": "0", "relation": relation, "negative_kind": kind,
        "reason": _text(ask, "why not, in your words: "),
    }  # fmt: skip


def _text(ask: Ask, question: str) -> str:
    typed = ask(question).strip()
    if typed.lower() == "q":
        raise Stop
    return typed


def _choose(ask: Ask, question: str, choices: tuple[str, ...]) -> str:
    while True:
        typed = _text(ask, question).lower()
        if typed in choices:
            return typed
