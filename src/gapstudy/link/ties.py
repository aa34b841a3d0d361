"""What papers are tied to beside products and patents that use them, one segment at a time.

Citations in patents that mean a paper, patents of the same team, repositories and models. A tie
depends on its two ends alone, so segments of papers are looked at one by one, and what an earlier
run found for a segment stands as long as neither its papers nor the other ends have changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd
from threadpoolctl import threadpool_limits

from gapstudy.engine import each
from gapstudy.link import code, ends, npl, teams
from gapstudy.link.corpus import Read
from gapstudy.link.segments import Segment
from gapstudy.parts import Parts, digest

Frames = dict[str, pd.DataFrame]
#: Table that is made -> the tables that hold the other ends.
TABLES: Mapping[str, tuple[str, ...]] = {
    "patent_paper_citations": ("patent_citations",),
    "patent_paper_pairs": ("patents", "patent_parties"),
    "paper_artifacts": ("products", "product_references", "same_as"),
}
#: Columns of `papers` that are looked at beside those of `ends.PAPERS`.
_BESIDE = ("venue", "venue_year", "archive_ref")
#: Rows whose sources these are can be repositories or models; the others are passed over.
_SOURCES = list(code.SOURCES)


@dataclass(frozen=True)
class Work:
    """One segment of papers, and the tables to make for it.

    Attributes:
        papers: rows of `papers`.
        affiliations: rows of `paper_affiliations` of these papers.
        tables: names of tables, of `TABLES`.
    """

    papers: pd.DataFrame
    affiliations: pd.DataFrame
    tables: tuple[str, ...]


def others(read: Callable[[str], pd.DataFrame]) -> Frames:
    """The other ends, by name of their table.

    Args:
        read: gives a table by its name.
    """
    found = {name: read(name) for names in TABLES.values() for name in names}
    for name in TABLES["paper_artifacts"]:
        rows = found[name]
        found[name] = rows[rows["source"].isin(_SOURCES)].reset_index(drop=True)
    return found


def find(
    parts: Parts,
    papers: Mapping[str, Segment],
    read: Read,
    found: Frames,
    engine: str = "local",
    workers: int = 2,
) -> Frames:
    """All ties of a study: the tables of `TABLES` by name.

    Args:
        parts: pieces kept between runs.
        papers: segments of papers by name.
        read: gives the rows of `papers` and `paper_affiliations` of some identifiers.
        found: the other ends, of `others`.
        engine: where the work runs (`engine.each`).
        workers: processes of the local engine.
    """
    versions = {table: digest([found[name] for name in names]) for table, names in TABLES.items()}
    names = {
        table: {segment: f"{segment}-{version}" for segment in papers}
        for table, version in versions.items()
    }
    missing = {
        segment: tuple(table for table in TABLES if not parts.sound(table, names[table][segment]))
        for segment in papers
    }
    todo = [segment for segment, tables in missing.items() if tables]

    def work() -> Iterator[Work]:
        for segment in todo:
            rows, places = read(papers[segment].ids.tolist())
            yield Work(rows, places, missing[segment])

    if todo:
        few = 1 if len(todo) < 2 else workers
        for at, made in each(of_segment, work(), shared=lambda: found, engine=engine, workers=few):
            for table, frame in made.items():
                parts.put_frame(table, names[table][todo[at]], frame)
    result: Frames = {}
    for table, kept in names.items():
        frames = [parts.frame(table, name) for name in sorted(kept.values())]
        if any(frame is None for frame in frames):
            raise RuntimeError(f"pieces of {table} were lost while they were in use")
        full = [frame for frame in frames if frame is not None and len(frame)]
        result[table] = pd.concat(full or frames[:1], ignore_index=True)
        parts.keep_only(table, kept.values())
    return result


def of_segment(work: Work, others: Frames) -> Frames:
    """Ties of one segment of papers, by name of their table."""
    # One thread: the order of sums, and so the last bits, never changes.
    with threadpool_limits(limits=1):
        papers = work.papers.reset_index(drop=True)
        made = ends.papers(papers, work.affiliations)
        full = made.assign(**{name: papers[name].to_numpy() for name in _BESIDE})
        found: Frames = {}
        if "patent_paper_citations" in work.tables:
            found["patent_paper_citations"] = npl.link(others["patent_citations"], full)
        if "patent_paper_pairs" in work.tables:
            found["patent_paper_pairs"] = teams.pairs(
                papers, others["patents"], others["patent_parties"], work.affiliations
            )
        if "paper_artifacts" in work.tables:
            found["paper_artifacts"] = code.artifacts(
                full, others["products"], others["product_references"], others["same_as"]
            )
        return found
