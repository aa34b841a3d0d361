"""Identifiers of papers, repositories and models in texts: what links by number, not by name."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

COLUMNS = ("row", "kind", "value")
#: Only the first characters of a text are read.
READ = 200_000
_ARXIV_FIELDS = (
    "acc-phys|adap-org|alg-geom|astro-ph|chao-dyn|chem-ph|cmp-lg|cond-mat|cs|dg-ga|econ|eess|"
    "funct-an|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math|math-ph|nlin|nucl-ex|nucl-th|patt-sol|physics|"
    "plasm-ph|q-alg|q-bio|q-fin|quant-ph|solv-int|stat|supr-con"
)
_OWNER = r"[A-Za-z0-9](?:[A-Za-z0-9_.]|-(?=[A-Za-z0-9])){0,95}"
# One pass over all texts. Every part is bounded and begins with a fixed text or a digit, so that a
# hostile text costs no more than its length. No \b: it sees no boundary beside Chinese.
_IDENTIFIER = re.compile(
    r"(?<![0-9.])10\.(?P<doi>[0-9]{4,9}/[^\s\"'<>;,|{}\\^`\u3000-\uffef]{1,200})"
    rf"|(?:(?<=arxiv[:./ ])|(?<=abs/)|(?<=pdf/)|(?<![A-Za-z0-9.\-]))"
    rf"(?P<old>(?:{_ARXIV_FIELDS})(?:\.[A-Z]{{2}})?/[0-9]{{7}})(?![0-9])"
    r"|(?<![0-9./\-_A-Za-z])(?P<new>[0-9]{2}(?:0[1-9]|1[0-2])\.[0-9]{4,5})(?![0-9]|\.[0-9])"
    r"|(?:arxiv\.org/(?:abs|pdf|html)/|arxiv[:.]\s?)(?P<named>[0-9]{2}(?:0[1-9]|1[0-2])\.[0-9]{4,5})"
    r"(?![0-9]|\.[0-9])"
    rf"|github\.com[/:](?P<github>{_OWNER}/{_OWNER})"
    rf"|(?:huggingface\.co|hf\.co)/(?P<hub>(?:(?:datasets|spaces)/)?{_OWNER}/{_OWNER})"
    rf"|(?:hugging ?face|hf hub)(?: (?:model|hub|id))?[: ]{{1,2}}(?P<told>{_OWNER}/{_OWNER})",
    re.IGNORECASE,
)
# Most texts have nothing that an identifier needs; to see that is far cheaper.
_NUMBER = re.compile(r"[0-9]{4}[./]")
_OLD_NUMBER = re.compile(r"/[0-9]{7}")
_PLACES = ("github.com", "hugging", "hf.co", "hf hub")
_ARXIV_DOI = re.compile(r"48550/arxiv\.(.+)")
_VERSION = re.compile(r"v[0-9]{1,3}$")
# What stands in the place of an owner or model in addresses of the sites themselves.
_SITES = {
    "github": frozenset(
        "about apps blog collections contact customer-stories events explore features issues login "
        "marketplace notifications orgs pricing pulls search security settings site sponsors "
        "stars topics trending users".split()
    ),
    "hub": frozenset(
        "api blog chat collections docs join learn login models new organizations papers pricing "
        "search settings spaces tasks".split()
    ),
}
_GAP = "\n\n"


def identifiers(texts: Sequence[str] | pd.Series[str]) -> pd.DataFrame:
    """Identifiers that stand in texts.

    Args:
        texts: the texts; several identifiers in one text may be joined by ";".

    Returns:
        Frame of row (position of the text), kind and value (canonical, lower case), without
        repetition, sorted: "arxiv" (number without version; new form where a text has "arXiv" or
        stands apart, old form with its archive, DOIs 10.48550 too), "doi" (without address),
        "github" (owner/name), "hub" (owner/name at huggingface.co, or given as such).
    """
    parts = [part if _may_have(part) else "" for part in (str(text)[:READ] for text in texts)]
    joined = _GAP.join(parts)
    found = [
        (match.start(), str(match.lastgroup), match[match.lastgroup or 0])
        for match in _IDENTIFIER.finditer(joined)
    ]
    frame = pd.DataFrame(found, columns=["at", "kind", "value"])
    lengths = pd.Series([len(part) + len(_GAP) for part in parts], dtype="int64")
    starts = (lengths.cumsum() - lengths).to_numpy()
    frame["row"] = starts.searchsorted(frame["at"].to_numpy(dtype="int64"), side="right") - 1
    judged = [
        _canonical(kind, value) for kind, value in zip(frame["kind"], frame["value"], strict=True)
    ]
    frame["kind"] = pd.Series([kind for kind, _ in judged], dtype=object)
    frame["value"] = pd.Series([value for _, value in judged], dtype=object)
    frame = frame[frame["value"] != ""].astype({"row": "int64", "kind": object, "value": object})
    frame = frame.drop_duplicates(list(COLUMNS)).sort_values(list(COLUMNS), ignore_index=True)
    return frame[list(COLUMNS)]


def _may_have(text: str) -> bool:
    if _NUMBER.search(text) or _OLD_NUMBER.search(text):
        return True
    folded = text.lower()
    return any(place in folded for place in _PLACES)


def _canonical(group: str, value: str) -> tuple[str, str]:
    """Kind and value of what a group of the pattern found; an empty value if it is none."""
    value = value.casefold()
    if group == "doi":
        value = _without_marks(value)
        preprint = _ARXIV_DOI.fullmatch(value)
        if preprint is not None:
            return "arxiv", _VERSION.sub("", preprint[1])
        return "doi", f"10.{value}" if not value.endswith("/") else ""
    if group in {"new", "named"}:
        return "arxiv", value
    if group == "old":
        archive, number = value.split("/")
        return "arxiv", f"{archive.split('.')[0]}/{number}"
    kind = "hub" if group == "told" else group
    value = value.rstrip(".-_")
    if kind == "github":
        value = value.removesuffix(".git")
    value = value.removeprefix("datasets/").removeprefix("spaces/")
    owner, _, name = value.partition("/")
    good = owner and name and owner not in _SITES[kind] and owner not in {"datasets"}
    return kind, value if good else ""


def _without_marks(value: str) -> str:
    """A DOI without the marks of the sentence behind it; a bracket it opened itself is its own."""
    while value and (
        value[-1] in ".:!?*]" or (value[-1] == ")" and value.count(")") > value.count("("))
    ):
        value = value[:-1]
    return value
