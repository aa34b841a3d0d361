"""One OpenAlex work -> its paper and affiliations; for the interface and for the snapshot alike.

`records(work, row)` gives `Record`s, for a source that parses answers; `read_work(work)` gives the
same values as bare tuples in the order of `PAPER` and `AFFILIATION`, for bulk files, where a
dictionary per row would cost more than the reading. Both are pure and take a work as a dictionary,
in any shape from 2023 (`host_venue`, `concepts` in place of topics, abstracts sometimes as JSON
text or wrapped in `InvertedIndex`) to 2026 (`locations[].id`, `raw_source_name`).

Rules:

* *Date.* The earlier of `publication_date` and the month in which arXiv gave out the identifier
  (its first four digits), where the record holds one. OpenAlex fills up a date of which only the
  year is known to 1 January, so `YYYY-01-01` means the year, and the month of an arXiv identifier
  of that year is taken in its place; nothing else in a record supports that day.
* *date_meaning.* `preprint` where the date is arXiv's, the type is `preprint`, or the work stands
  in a repository as a submitted version; `journal` and `conference` by the kind of venue,
  `proceedings` by the type at Crossref; else `release`.
* *kind* of an organisation: education is academia, company industry, government and nonprofit
  themselves. Hospitals, facilities, archives, funders and "other" may be of any sector: unknown.
* An author without any institution keeps a row, with an empty organisation and the author's
  country where exactly one is given.
* Where two words of an abstract claim one place the last stands; holes are closed. Tags and HTML
  entities in titles and abstracts become text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson

from gapstudy.errors import RecordError
from gapstudy.sources._openalex_date import date_of
from gapstudy.sources.base import Record

#: Fields of a paper in the order in which `read_work` gives them.
PAPER = (
    "paper_id", "title", "abstract", "date", "date_precision", "date_meaning", "arxiv_id", "doi",
    "venue", "frame", "cited_by", "evidence",
)  # fmt: skip
#: Fields of an affiliation in the order in which `read_work` gives them.
AFFILIATION = (
    "paper_id", "position", "author", "author_name", "organisation", "country", "kind",
    "region_basis",
)  # fmt: skip
#: Fields without which there is no reading a work; a shape that lacks one is a new one.
ESSENTIAL = ("id", "title", "publication_date", "authorships")
#: What OpenAlex sets in place of a work that was deleted.
TOMBSTONE = "openalex:W4285719527"
#: Types of works that are no research result of their own.
NO_RESULT = frozenset(
    {"paratext", "erratum", "retraction", "peer-review", "grant", "supplementary-materials",
     "libguides"}
)  # fmt: skip
#: The concept "Artificial intelligence", for works of the shape before topics.
CONCEPT = "https://openalex.org/C154945302"
#: Least score of a concept that was assigned; ancestors that were only added have 0.
CONCEPT_SCORE = 0.3

_KINDS = {
    "education": "academia", "company": "industry", "government": "government",
    "nonprofit": "nonprofit",
}  # fmt: skip
_ARXIV = re.compile(
    r"(?:arxiv\.org/(?:abs|pdf|html)/|10\.48550/arxiv\.|oai:arxiv\.org:)"
    r"(\d{4}\.\d{4,5}|[a-z-]{2,10}(?:\.[a-z]{2})?/\d{7})(?!\d)",
    re.IGNORECASE,
)
_TAG = re.compile(
    r"</?(?:jats:[a-z-]+|mml:[a-z]+|m(?:ath|row|i|o|n|sub|sup|frac|text)|inline-formula|tex-math|"
    r"i|b|u|p|br|em|strong|sub|sup|scp|sc|tt|span|div|title|sec|italic|bold)"
    r"(?:\s+[\w:.-]+\s*=[^<>]*)?\s*/?>",
    re.IGNORECASE,
)
_WORK = re.compile(r"(?:https?://(?:api\.)?openalex\.org/(?:works/)?)?(W[1-9]\d{0,18})")

Row = tuple[Any, ...]


def records(work: Any, row: int) -> Iterator[Record]:
    """Records of one work: the paper, then its affiliations.

    Raises:
        RecordError: the work cannot be read; names the field.
    """
    paper, affiliations = read_work(work)
    yield Record("papers", dict(zip(PAPER, paper, strict=True)), row)
    for affiliation in affiliations:
        data = dict(zip(AFFILIATION, affiliation, strict=True))
        yield Record("paper_affiliations", data, row)


def lacking(works: Sequence[Any]) -> str | None:
    """An essential field that not one of the works has (present with null counts as had)."""
    for name in ESSENTIAL:
        if not any(isinstance(work, dict) and name in work for work in works):
            return name
    return None


def is_result(work: dict[str, Any]) -> bool:
    """Whether a work is a research result, and no title page, erratum or the like."""
    return work.get("is_paratext") is not True and str(work.get("type")) not in NO_RESULT


def is_about(work: dict[str, Any], subfields: Iterable[str]) -> bool:
    """Whether the primary topic or another topic of a work belongs to one of the subfields.

    A work of the shape before topics (2023), which has concepts alone, is about subfield 1702 when
    the concept "Artificial intelligence" was assigned to it. That the two agree is not confirmed.

    Args:
        work: the work.
        subfields: numbers of subfields, such as "1702"; empty takes every work.

    Raises:
        RecordError: the topics cannot be read.
    """
    wanted = frozenset(subfields)
    if not wanted:
        return True
    try:
        topics = [work.get("primary_topic"), *(work.get("topics") or ())]
        if "topics" not in work and "primary_topic" not in work:
            return "1702" in wanted and any(
                item["id"] == CONCEPT and item["score"] >= CONCEPT_SCORE
                for item in work.get("concepts") or ()
            )
        return any(
            str((topic.get("subfield") or {}).get("id")).rpartition("/")[2] in wanted
            for topic in topics
            if topic
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise RecordError(f"the topics cannot be read: {type(error).__name__} {error}") from None


def read_work(work: Any) -> tuple[Row, list[Row]]:
    """Values of the paper (in the order of `PAPER`) and of its affiliations (`AFFILIATION`).

    Raises:
        RecordError: a field is of a wrong type, or an essential one is missing; names the field.
    """
    if not isinstance(work, dict):
        raise RecordError(f"a work was expected, not {type(work).__name__}")
    name = work.get("id")
    match = _WORK.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        raise RecordError(f"id: {_shown(name)} is not the identifier of a work")
    identifier = "openalex:" + match[1]
    title = work.get("title") or work.get("display_name")
    if not isinstance(title, str):
        raise RecordError("title: there is none" if title is None else "title: not a text")
    title = _plain(title)
    if not title.strip():
        raise RecordError("title: it is empty")
    doi = work.get("doi")
    if doi is not None:
        doi = _doi(doi)
    try:
        arxiv = _arxiv_id(work, doi)
        venue, submitted, kind = _venue(work)
    except (AttributeError, TypeError) as error:
        raise RecordError(f"locations: cannot be read: {error}") from None
    date, precision, from_arxiv = date_of(work, arxiv)
    if from_arxiv or submitted or work.get("type") == "preprint":
        meaning = "preprint"
    elif work.get("type_crossref") == "proceedings-article":
        meaning = "proceedings"
    else:
        meaning = kind if kind in {"journal", "conference"} else "release"
    cited = work.get("cited_by_count")
    if cited is not None and not (type(cited) is int and 0 <= cited < 1 << 31):
        raise RecordError(f"cited_by_count: {_shown(cited)} is not a count")
    paper = (
        identifier, title, _abstract(work.get("abstract_inverted_index")), date, precision, meaning,
        arxiv, doi, venue, "feed", cited, "https://openalex.org/" + match[1],
    )  # fmt: skip
    if "authorships" not in work:
        raise RecordError("authorships: the field is missing")
    return paper, _affiliations(work["authorships"], identifier)


def _shown(value: Any) -> str:
    return repr(value)[:80]


def _plain(text: str) -> str:
    """A text without tags and HTML entities."""
    if "<" in text:
        text = _TAG.sub("", text)
    return html.unescape(text) if "&" in text else text


def _affiliations(authorships: Any, paper: str) -> list[Row]:
    rows: list[Row] = []
    if authorships is None:
        return rows
    if not isinstance(authorships, list):
        raise RecordError("authorships: not a list")
    position = 0
    for number, authorship in enumerate(authorships, 1):
        try:
            author = authorship.get("author")
            name = (author.get("display_name") if author else None) or authorship.get(
                "raw_author_name"
            )
            if name is None:
                name = ""
            elif not isinstance(name, str):
                raise TypeError("the name is not a text")
            institutions = authorship.get("institutions")
            if institutions:
                if len(institutions) > 1:
                    institutions = _distinct(institutions)
                for institution in institutions:
                    called = institution.get("display_name") or ""
                    country = institution.get("country_code") or None
                    kind = institution.get("type")
                    if not isinstance(called, str) or not isinstance(country, str | None):
                        raise TypeError("name or country of the institution is not a text")
                    position += 1
                    rows.append(
                        (
                            paper, position, number, name, called, country,
                            _KINDS.get(kind) if kind else None,
                            "organisation" if country else "none",
                        )
                    )  # fmt: skip
                continue
            countries: Any = authorship.get("countries") or ()
            country = countries[0] if len(countries) == 1 else None
            if not isinstance(country, str | None):
                raise TypeError("the country is not a text")
        except (AttributeError, TypeError, KeyError) as error:
            raise RecordError(f"authorships, author {number}: {error}") from None
        position += 1
        basis = "organisation" if country else "none"
        rows.append((paper, position, number, name, "", country, None, basis))
    return rows


def _distinct(institutions: Any) -> list[Any]:
    """Institutions of one author, each once."""
    seen = set()
    kept = []
    for institution in institutions:
        mark = institution.get("id") or institution.get("display_name")
        if mark not in seen:
            seen.add(mark)
            kept.append(institution)
    return kept


def _abstract(index: Any) -> str:
    if not index:
        return ""
    if isinstance(index, str):
        try:
            index = orjson.loads(index)
        except orjson.JSONDecodeError as error:
            raise RecordError(f"abstract_inverted_index: not JSON: {error}") from None
    try:
        if isinstance(index, list):
            index = dict(index)
        elif "InvertedIndex" in index and "IndexLength" in index:
            index = index["InvertedIndex"]
        try:
            # Most abstracts have neither holes nor places beyond their number of words.
            words = [""] * sum(map(len, index.values()))
            for word, places in index.items():
                for place in places:
                    words[place] = word
            text = " ".join(words if all(words) else filter(None, words))
        except (IndexError, TypeError):
            at = {place: word for word, places in index.items() for place in places or ()}
            if not all(type(place) is int for place in at):
                raise TypeError("a place is not a number") from None
            text = " ".join([at[place] for place in sorted(at)])
        return _plain(text)
    except (AttributeError, TypeError, ValueError) as error:
        raise RecordError(f"abstract_inverted_index: cannot be read: {error}") from None


def _doi(value: Any) -> str | None:
    if not isinstance(value, str):
        raise RecordError("doi: not a text")
    doi = value.strip().lower()
    start = doi.find("10.")
    return doi[start:] if start >= 0 and "/" in doi[start:] else None


def _arxiv_id(work: dict[str, Any], doi: str | None) -> str | None:
    ids = work.get("ids")
    places = [doi, ids.get("arxiv") if ids else None]
    for location in work.get("locations") or (work.get("primary_location"),):
        if location:
            places += (
                location.get("landing_page_url"), location.get("pdf_url"), location.get("id")
            )  # fmt: skip
    text = " ".join([place for place in places if place])
    if "rxiv" not in text and "RXIV" not in text:
        return None
    match = _ARXIV.search(text)
    if match is None:
        return None
    archive, slash, number = match[1].lower().partition("/")
    return f"{archive.partition('.')[0]}/{number}" if slash else archive


def _venue(work: dict[str, Any]) -> tuple[str, bool, str]:
    """Venue, whether it is a repository that holds a submitted version, and kind of the venue."""
    location = work.get("primary_location")
    if location:
        source = location.get("source") or {}
        name = source.get("display_name") or location.get("raw_source_name") or ""
        kind = source.get("type") or ""
        submitted = location.get("version") == "submittedVersion" and kind == "repository"
    else:
        source = work.get("host_venue") or {}
        name, kind, submitted = source.get("display_name") or "", source.get("type") or "", False
    if not isinstance(name, str) or not isinstance(kind, str):
        raise TypeError("the venue is not a text")
    return name, submitted, kind
