"""Names of models, labs and providers in the data of models.dev: whose model, which version.

The table `data/models_dev_organisations.csv` says which owners and words belong to which lab; the
functions here are pure and know nothing of dates or offers.
"""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_TABLE = Path(__file__).with_name("data") / "models_dev_organisations.csv"


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
        open: of a lab whose models others rework under the same names: further words of its own
            names, or "yes"; empty when nobody does.
        drop: of a lab, words that do not make a version; NNNN is a four-digit date, NNNN+ one that
            says the same as a version number beside it, and YYMM says that such dates are years
            and months.
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
    open: frozenset[str]
    drop: frozenset[str]


@functools.cache
def organisations() -> dict[tuple[str, str], Organisation]:
    """The table of labs and providers, by role and key."""
    with open(_TABLE, encoding="utf-8", newline="") as file:
        rows = [_organisation(row) for row in csv.DictReader(file)]
    return {(row.role, row.key): row for row in rows}


def _organisation(row: dict[str, str]) -> Organisation:
    return Organisation(
        **{name: row[name] for name in ("key", "role", "name", "country", "kind", "evidence")},
        note=row["note"],
        maker=row["maker"],
        owners=tuple(row["owners"].split()),
        words=tuple(row["words"].split()),
        open=frozenset(row["open"].split()),
        drop=frozenset(row["drop"].split()),
    )


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


# Path parts that say how a model is reached or who hosts it, not who made it.
_ROUTES = frozenset(
    "accounts fireworks models workers-ai tee route pro public novita cerebras fireworks-ai "
    "siliconflow chat-completion completion empiriolabs neuralmagic unsloth cortecs routers "
    "fal-ai baseten hf main".split()
)
# Openings that a reseller puts before a lab's name for its model.
_DECORATIONS = (
    "us.", "eu.", "au.", "jp.", "apac.", "global.", "databricks-", "duo-chat-", "azure-",
    "alicloud-", "deep-", "coding-", "umans-", "cerebras-", "groq-",
)  # fmt: skip
_DATES = (
    re.compile(r"-(?P<y>20\d\d)-(?P<m>\d\d)-(?P<d>\d\d)(?=-|$)"),
    re.compile(r"-(?P<y>20\d\d)(?P<m>\d\d)(?P<d>\d\d)(?=-|$)"),
    re.compile(r"-(?P<y>2\d)(?P<m>0\d|1[0-2])(?P<d>\d\d)(?=-|$)"),
    re.compile(r"-(?P<m>0\d|1[0-2])-(?P<y>20\d\d)(?=-|$)"),
    re.compile(r"-(?:0\d|1[0-2])-[0-3]\d(?=-|$)"),
)
_OFFER_WORDS = frozenset(
    "latest preview exp experimental beta default free original instruct it hf tee maas cs fw tput "
    "optimized".split()
)
_QUANTISED = frozenset(
    "fp4 fp8 fp16 bf16 nvfp4 int4 int8 awq gguf mlx q4 k m iq4 xs 4bit 6bit 8bit mixed ar "
    "dynamic".split()
)
#: Identifiers that say another version than the name beside them, which is right.
_CORRECTIONS = {"deepseek.v3-v1:0": "deepseek-v3.1"}


@functools.cache
def version(lab: str, identifier: str) -> tuple[str, ...]:
    """The words of an identifier or name that make a version, in their order.

    >>> version("anthropic", "us.anthropic.claude-opus-4-5-20251101-v1:0")
    ('claude', 'opus', '4.5')
    """
    row = organisations().get(("lab", lab))
    drop = row.drop if row else frozenset()
    text = bare(identifier)
    for form in _DATES:
        text = form.sub("", text)
    parts = [part for part in text.split("-") if part and part not in _QUANTISED]
    words = [word for part in parts for word in _split(part)]
    kept = [word for word in words if word not in _OFFER_WORDS and word not in drop]
    if any(re.fullmatch(r"[\d.]+b", word) for word in kept):
        # The active parameters of a mixture of experts add nothing to all of them.
        kept = [word for word in kept if not re.fullmatch(r"a\d+b", word)]
    kept = [word for word in kept if not re.fullmatch(r"00\d", word)]
    numbered = any(re.fullmatch(r"v?\d(?:\.\d+)?", word) for word in kept)
    if "NNNN" in drop or ("NNNN+" in drop and numbered):
        kept = [word for word in kept if not re.fullmatch(r"\d{4}", word)]
    return tuple(kept or words)


@functools.cache
def bare(identifier: str) -> str:
    """A name without owner, route and options, its version numbers with points."""
    text = _CORRECTIONS.get(identifier, identifier).lower()
    text = text.rsplit("/", 1)[-1].split("@")[0].strip()
    text = re.sub(r"\((?:latest|free|[a-z]{2}|global)\)", "", text)
    text = re.sub(r":(?=\d+(?:\.\d+)?[bt]\b)", "-", text)
    text = re.sub(r"-v?\d+:\d+$", "", text).split(":")[0]
    text = re.sub(r"[\s()\[\],+]+", "-", text)
    for opening in _DECORATIONS:
        if text.startswith(opening) and begins(_without_owner(text.removeprefix(opening))):
            text = text.removeprefix(opening)
    text = _without_owner(text)
    for wrong, right in _SPELLINGS:
        text = wrong.sub(right, text)
    return text.strip("-. ")


_SPELLINGS = tuple(
    (re.compile(wrong), right)
    for wrong, right in (
        (r"^(haiku|opus|sonnet)-", r"claude-\1-"),
        (r"^doubao-(?=seed)", ""),
        (r"^stepfun-(?=\d)", "step-"),
        (r"^k(?=2[.p_])", "kimi-k"),
        (r"^deepseek\.", "deepseek-"),
        (r"^deepseek-(?:chat-v|v?)(?=\d)", "deepseek-v"),
        (r"^flux[._-]?(?=\d)", "flux-"),
        (r"-v-(?=\d)", "-v"),
        (r"(?<=\d)[p_](?=\d)", "."),
        (r"_", "-"),
        # Written together: gpt-52, minimax-m25, opus-41, qwen25.
        (r"^(gpt-|minimax-m|claude-opus-|qwen|mistral-small-)(\d)(\d)(?=-|$)", r"\1\2.\3"),
        (r"(?<![\d.])(\d)-(0|[1-9]\d?)(?=-|$)", r"\1.\2"),
        (r"-+", "-"),
    )
)


def _without_owner(text: str) -> str:
    """A name without the owner written before it: anthropic.claude, zai-org-glm."""
    for owner, lab in _owners().items():
        if text.startswith(owner):
            rest = text[len(owner) :].lstrip("-.")
            if len(rest) < len(text) - len(owner) and begins(rest) == lab:
                return rest
    return text


def _split(part: str) -> Iterator[str]:
    """A word of letters and a number written together are two: qwen3 is qwen 3."""
    match = re.fullmatch(r"([a-z]{3,})(v?\d.*)", part)
    yield from match.groups() if match else ([part] if part else [])


def begins(name: str) -> str:
    """Lab whose word opens a bare name; empty when none does."""
    for word, lab in _words():
        if name.startswith(word) and not name[len(word) : len(word) + 1].isalpha():
            return lab
    return ""


def owner(identifier: str) -> str:
    """Lab that an identifier names as owner; empty when it names none.

    An owner that the table lacks stands as it is written.
    """
    *parts, last = identifier.lower().split("/")
    parts = [re.sub(r"^(?:hf:|[~@])| \d$", "", part) for part in parts]
    if parts and _QUANTISED.intersection(re.split(r"[-_]", last)) and begins(bare(last)):
        return begins(bare(last))  # whoever made the weights smaller did not make the model
    for part in reversed(parts):
        if part in _owners():
            return _owners()[part]
        if part not in _ROUTES and len(parts) == 1:
            return part
    dotted = re.match(r"(?:(?:us|eu|au|jp|apac|global)\.)?([a-z]+)\.(?=[a-z])", identifier.lower())
    return _owners().get(dotted[1], "") if dotted else ""


def stated(identifier: str, codes: bool) -> tuple[int, int, int] | None:
    """Year, month and day (0 when it is not said) that an identifier itself states."""
    text = bare(identifier)
    if "@" in identifier:
        text += "-" + identifier.split("@", 1)[1]
    for form in _DATES[:4]:
        if match := form.search(text):
            found = match.groupdict()
            return int(found["y"][-2:]) + 2000, int(found["m"]), int(found.get("d") or 0)
    if codes and (match := re.search(r"-(2[3-9])(0\d|1[0-2])(?=-|$)", text)):
        return int(match[1]) + 2000, int(match[2]), 0
    return None
