"""arXiv by OAI-PMH: its preprints by the day of their last change, for whole harvests."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, urlencode

from gapstudy.errors import RecordError, StudyError
from gapstudy.sources import _arxiv
from gapstudy.sources._answers import Again, Good, Refused, Verdict
from gapstudy.sources._arxiv import Paper, flat, inner
from gapstudy.sources._days import Days
from gapstudy.sources._shape import read_xml, unknown
from gapstudy.sources.base import Ask, Bad, Card, Incomplete, Record, Source

if TYPE_CHECKING:
    import scrapy
    from lxml import etree
    from scrapy.http import Response

OAI = "{http://www.openarchives.org/OAI/2.0/}"
META = "{http://arxiv.org/OAI/arXiv/}"
_HOSTS = ("oaipmh.arxiv.org", "export.arxiv.org", "arxiv.org")
_ERROR = re.compile(rb"""<(?:\w+:)?error\s[^>]*?code\s*=\s*["'](\w{1,40})["'][^>]*>([^<]{0,150})""")
_STAMP = re.compile(rb"<(?:\w+:)?datestamp>\s*(\d{4}-\d\d-\d\d)")
_TOKEN = re.compile(rb"<(?:\w+:)?resumptionToken[^>]*>([^<]{1,2000})<")
_REQUEST = re.compile(rb"<(?:\w+:)?request\s([^>]*)>")
_ATTRIBUTE = re.compile(r'\b(set|from|until|resumptionToken)\s*=\s*"([^"]*)"')
#: Times that an answer that cannot be right is asked for again.
_PATIENCE = 3
_SET = re.compile(r"[\w-]+(:[\w.-]+)*", re.ASCII)


class ArxivOai(Source):
    """arXiv preprints about artificial intelligence, by datestamp (last change of a record).

    A window is harvested by a chain of tokens that lapse daily. A chain that breaks goes on from
    the last datestamp that it had reached; one that breaks within a day goes on with the sets of
    the single categories. Records of other categories than `_arxiv.AI` are left out by the parser.
    The address is the one in use in 2026 by reports of others; the manual gives
    `https://arxiv.org/oai`: not confirmed, so it is an option.
    """

    name = "arxiv_oai"
    TITLE = "arXiv, OAI-PMH"
    GIVES = ("papers", "paper_affiliations")
    LICENCE = "CC0-1.0 (metadata)"
    #: Shares connection and delay with the query interface. About 700 records a day are added to
    #: or changed in the set cs, and 1,000 come in one answer: orders of magnitude, not measured. A
    #: recorded record has 2,200 bytes.
    CARD = Card(
        hosts=_HOSTS, delay=3.0, concurrency=1, group="arxiv", overlap=3, per_day=700, page=1_000,
        answer_bytes=2_200_000,
    )  # fmt: skip
    OPTIONS: ClassVar[Mapping[str, Any]] = {
        "address": "https://oaipmh.arxiv.org/oai",
        "sets": ("cs", "stat"),
    }

    def begin(self, ask: Ask) -> Iterator[scrapy.Request]:
        """A unit is one set in one calendar month of datestamps.

        Raises:
            StudyError: the option `sets` is not a list of sets, or `address` none of arXiv.
        """
        options = {**self.OPTIONS, **ask.options}
        base, sets = options["address"], options["sets"]
        host = re.match(r"https?://([^/?#@]+)/[^?#]*$", base) if isinstance(base, str) else None
        if host is None or host[1] not in _HOSTS:
            raise StudyError(f"address of [source.arxiv_oai]: {base!r} is no address of arXiv",
                             remedy=f"Write {self.OPTIONS['address']!r}")  # fmt: skip
        if not isinstance(sets, list | tuple) or not all(_SET.fullmatch(str(one)) for one in sets):
            raise StudyError(f"sets of [source.arxiv_oai]: {sets!r} is not a list of sets",
                             remedy='Write it like ["cs", "stat"]')  # fmt: skip
        for days in Days(ask.first, ask.last).months():
            for one in sets:
                yield self._list(base, days, str(one))

    def _list(self, base: str, days: Days, of: str) -> scrapy.Request:
        query = urlencode({
            "verb": "ListRecords", "metadataPrefix": "arXiv", "set": of,
            "from": days.first.isoformat(), "until": days.last.isoformat(),
        }, safe=":")  # fmt: skip
        return self.get(f"{base}?{query}", base=base, window=str(days), of=of,
                        stamp=days.first.isoformat(), token="", seen=0)  # fmt: skip

    def judge(self, response: Response) -> Verdict:
        """Protocol errors come with status 200; a break comes with 503, seconds and HTML."""
        error = _ERROR.search(response.body)
        if error and response.status < 500 and response.status != 429:
            code = error[1].decode()
            if code in {"noRecordsMatch", "badResumptionToken"}:
                return Good()
            said = flat(error[2].decode("utf-8", "replace"))
            return Refused(f"arXiv refused the harvest: {code} {said}".rstrip(),
                           "Check the sets in [source.arxiv_oai] of study.toml")  # fmt: skip
        verdict = super().judge(response)
        if not isinstance(verdict, Good):
            return verdict
        if not _arxiv.is_xml(response):
            return Again("arXiv answered with something else than whole XML")
        if _token(response) == response.meta.get("token") != "":
            return Again("arXiv sent the page before once more")
        # What stays so is what the source has.
        if response.meta.get("tries", 0) < _PATIENCE:
            if b"<ListRecords" in response.body and not _STAMP.search(response.body):
                return Again("arXiv sent a list without a record")
            if not _echo(response) <= set(parse_qsl(response.url.partition("?")[2])):
                return Again("arXiv answered another request")
        return verdict

    def follow(self, response: Response, **_: Any) -> Iterator[scrapy.Request | Incomplete]:
        """Next page by its token; a chain whose token has lapsed goes on in smaller windows."""
        meta, body = response.meta, response.body
        error = _ERROR.search(body)
        if error:
            if error[1] == b"badResumptionToken":
                yield from self._resume(meta)
            return
        stamps = [stamp.decode() for stamp in _STAMP.findall(body)]
        seen = meta["seen"] + len(stamps)
        # Only in a list sorted by datestamp is all before the last one complete.
        first, _, last = meta["window"].partition("/")
        known = [meta["stamp"], *stamps]
        stamp = min(known[-1], last) if known == sorted(known) else first
        token = _token(response)
        if not token:
            return
        query = urlencode({"verb": "ListRecords", "resumptionToken": token})
        yield self.get(f"{meta['base']}?{query}", base=meta["base"], window=meta["window"],
                       of=meta["of"], stamp=stamp, token=token, seen=seen)  # fmt: skip

    def _resume(self, meta: dict[str, Any]) -> Iterator[scrapy.Request | Incomplete]:
        """Addresses that were not asked before: the old one has its answers already."""
        base, of = meta["base"], meta["of"]
        days = Days.read(meta["window"])
        rest = Days.read(f"{meta['stamp']}/{days.last}")
        if rest != days:
            yield self._list(base, rest, of)
        elif halves := days.halves():
            yield from (self._list(base, half, of) for half in halves)
        elif of.count(":") < 2 and (parts := [one for one in _arxiv.AI if _in(one, of)]):
            for one in parts:
                yield self._list(base, days, f"{one.partition('.')[0]}:{one.replace('.', ':')}")
        else:
            yield Incomplete(f"{days} in the set {of}: the token lapsed", meta["seen"],
                             meta["seen"])  # fmt: skip

    def parse(self, response: Response, **_: Any) -> Iterator[Record | Bad]:
        """Read one page of a harvest, or a single record.

        A record without identifier, day of submission, title or categories is returned as `Bad`.

        Raises:
            ShapeError: no list of records, another metadata format, an error of the protocol other
                than an empty or lapsed list, or a field is missing from all records.
        """
        root = read_xml(response)
        if root.tag != f"{OAI}OAI-PMH":
            raise unknown(f"OAI-PMH was expected, not {str(root.tag)[:80]!r}", response.url)
        for error in root.iterchildren(f"{OAI}error"):
            code = str(error.get("code"))[:40]
            if code in {"noRecordsMatch", "badResumptionToken"}:
                return
            raise unknown(f"arXiv reports an error: {code} {inner(error)[:150]}", response.url)
        held = root.find(f"{OAI}ListRecords")
        held = root.find(f"{OAI}GetRecord") if held is None else held
        if held is None:
            raise unknown("the field 'ListRecords' is missing", response.url)
        records = [
            record for record in held.iterchildren(f"{OAI}record")
            if (header := record.find(f"{OAI}header")) is None
            or header.get("status") != "deleted"
        ]  # fmt: skip
        inside = f"{OAI}metadata/{META}arXiv"
        needed = {f"metadata/arXiv/{name}": f"{inside}/{META}{name}"
                  for name in ("id", "created", "title", "categories")}  # fmt: skip
        usual = {
            "metadata/arXiv/abstract": f"{inside}/{META}abstract",
            "metadata/arXiv/authors/author/keyname":
                f"{inside}/{META}authors/{META}author/{META}keyname",
        }  # fmt: skip
        yield from _arxiv.read(
            records, needed, usual, lambda record: _paper(record.find(inside)), response.url
        )


def _token(response: Response) -> str:
    found = _TOKEN.search(response.body)
    return html.unescape(found[1].decode("utf-8", "replace")).strip() if found else ""


def _echo(response: Response) -> set[tuple[str, str]]:
    """What the answer says that it was asked for."""
    found = _REQUEST.search(response.body)
    pairs = _ATTRIBUTE.findall(found[1].decode("utf-8", "replace")) if found else []
    # Some write days as times there.
    return {
        (name, value[:10] if name in {"from", "until"} else html.unescape(value))
        for name, value in pairs
    }


def _in(category: str, of: str) -> bool:
    """Whether a category belongs to a set: cs.AI to cs and to cs:cs."""
    return category.partition(".")[0] == of.partition(":")[0]


def _paper(record: etree._Element | None) -> Paper | None:
    if record is None:
        raise RecordError("the field 'metadata/arXiv' is missing")
    if not set(inner(record.find(f"{META}categories")).split()) & set(_arxiv.AI):
        return None
    return Paper(
        number=_arxiv.number(inner(record.find(f"{META}id"))),
        title=inner(record.find(f"{META}title")),
        abstract=inner(record.find(f"{META}abstract")),
        date=_arxiv.day(inner(record.find(f"{META}created"))),
        doi=inner(record.find(f"{META}doi")),
        venue=inner(record.find(f"{META}journal-ref")),
        authors=[
            (
                " ".join(filter(None, (inner(author.find(f"{META}{part}"))
                                       for part in ("forenames", "keyname", "suffix")))),
                [inner(place) for place in author.findall(f"{META}affiliation") if inner(place)],
            )
            for author in record.findall(f"{META}authors/{META}author")
        ],
    )  # fmt: skip
