"""Names that papers coin, and finding them in texts without mistaking one for another.

A mention is a whole name: BERT is not in RoBERTa, nor LoRA in LoRaWAN, nor GPT-3 in GPT-3.5, while
it is in 采用BERT模型. Spelling may differ in hyphen and case ("U-Net", "UNet"), but a name that is
also an ordinary word (Whisper, Segment) or has at most three letters counts only as the paper
writes it; in lower case (a transformer model) only beside a word of machine learning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

import pandas as pd
from spacy.matcher import PhraseMatcher

from gapstudy.link.tokens import blank, fold, is_digit, is_letter, runs

SHORT = 3
#: Words that show that a lower-case common word beside them is meant as a method.
CONTEXT = frozenset(
    "ai architecture architectures attention convolutional decoder deep embedding embeddings "
    "encoder encoders large language layer layers learned learning llm machine model models "
    "network networks neural pretrained trained training weights".split()
)
_REACH = 3  # tokens on either side that are looked at for CONTEXT
_VERSIONED = re.compile(r"(?P<stem>.*?[^\W\d_])[\s\-]?v?(?P<version>\d+(?:\.\d+)*)")
# A version number after a name: not a year, and not a size such as 7B or 130M.
_VERSION = re.compile(r"(?:[\s\-_]|\s?v|[\s\-]v)?(\d{1,3}(?:\.\d+)*)(?![\d\w])|\+")
_HEAD = re.compile(r"^([^:]{2,40}?)\s*:\s")
_ACRONYM = re.compile(r"\(([A-Z][A-Za-z0-9\-]{1,11})\)")


@dataclass(frozen=True)
class Mention:
    """One place where a text names a paper's thing.

    Attributes:
        name: the name that was looked for.
        start: first character.
        end: character after the last.
        exact: spelled as the paper spells it (an added plural s allowed).
        compound: the last part of a longer hyphenated name (MT-BERT).
        version: followed by a version number that the name does not carry (GLM-4).
        other: the same family under another version number (GPT-4 when GPT-3 is looked for): not a
            mention of the name itself.
    """

    name: str
    start: int
    end: int
    exact: bool = True
    compound: bool = False
    version: bool = False
    other: bool = False


def coined_names(papers: pd.DataFrame, words: Set[str]) -> pd.DataFrame:
    """Names coined by each paper: given by the source, else read from its title.

    Args:
        papers: columns paper_id, title, coined_name.
        words: dictionary of ordinary words, lower case.

    Returns:
        Frame of paper_id, name, origin ("source" or "title"), one row per name.
    """
    rows: list[tuple[str, str, str]] = []
    for paper_id, title, given in zip(
        papers["paper_id"], papers["title"], papers["coined_name"], strict=True
    ):
        names = [part.strip() for part in re.split(r";|\s/\s", str(given)) if part.strip()]
        origin = "source" if names else "title"
        names = names or from_title(str(title), words)
        rows += [(str(paper_id), name, origin) for name in names if len(fold(name)) > 1]
    frame = pd.DataFrame(rows, columns=["paper_id", "name", "origin"], dtype="str")
    return frame.drop_duplicates(["paper_id", "name"], ignore_index=True)


def from_title(title: str, words: Set[str]) -> list[str]:
    """Names in a title: what stands before a colon if it is built like a name, or an acronym.

    >>> from_title("Swin Transformer: Hierarchical Vision Transformer", {"transformer"})
    ['Swin Transformer']
    >>> from_title("Know what you don't know: unanswerable questions", {"know", "what", "you"})
    []
    """
    found = []
    head = _HEAD.match(title)
    if head is not None:
        parts = head[1].split()
        built = [any(c.isupper() or c.isdigit() for c in part[1:]) for part in parts]
        rare = [part[:1].isupper() and part.casefold() not in words for part in parts]
        if len(parts) == 1 or (len(parts) <= SHORT and (any(built) or any(rare))):
            found.append(head[1])
    for match in _ACRONYM.finditer(title):
        initials = [word[0].casefold() for word in re.findall(r"\w+", title[: match.start()])]
        letters = [char for char in match[1].casefold() if char.isalpha()]
        if letters and _subsequence(letters, initials):
            found.append(match[1])
    return found


def _subsequence(letters: list[str], initials: list[str]) -> bool:
    rest = iter(initials)
    return all(letter in rest for letter in letters)


def is_common(name: str, words: Set[str]) -> bool:
    """Whether a name is an ordinary word, or made of nothing but ordinary words."""
    parts = [run.casefold() for run in runs(name) if is_letter(run[0])]
    if not parts or any(map(is_digit, name)):
        return False
    return all(len(part) > 1 and part in words for part in parts)


class NameFinder:
    """Finds many names in many texts at once (spaCy PhraseMatcher on runs, lower case).

    Args:
        names: the names; equal ones are looked for once.
        words: dictionary of ordinary words, lower case.
    """

    def __init__(self, names: Iterable[str], words: Set[str]) -> None:
        self.names = sorted(set(names))
        self.strict = {
            name: is_common(name, words) or sum(map(is_letter, name)) <= SHORT
            for name in self.names
        }
        self._nlp = blank()
        self._matcher = PhraseMatcher(self._nlp.vocab, attr="LOWER")
        self._versions = {name: found for name in self.names if (found := _version_of(name))}
        for index, name in enumerate(self.names):
            spellings = _spellings(name)
            spellings += [f"{spelling}s" for spelling in spellings]
            self._matcher.add(f"name {index}", [self._nlp.make_doc(text) for text in spellings])
            if name in self._versions:
                stems = _spellings(self._versions[name][0])
                self._matcher.add(f"stem {index}", [self._nlp.make_doc(text) for text in stems])

    def find(self, text: str) -> list[Mention]:
        """Mentions in a text, sorted by name and place, the longest where several overlap."""
        document = self._nlp.make_doc(text)
        best: dict[tuple[str, int], Mention] = {}
        for key, first, last in self._matcher(document):
            kind, number = self._nlp.vocab.strings[key].split()
            name, span = self.names[int(number)], document[first:last]
            if kind == "stem":
                mention = self._stem(text, name, span.start_char, span.end_char)
            else:
                beside = [
                    *document[max(0, first - _REACH) : first],
                    *document[last : last + _REACH],
                ]
                around = {token.lower_ for token in beside}
                mention = self._name(text, name, span.start_char, span.end_char, around)
            if mention is None:
                continue
            held = best.get((name, mention.start))
            if held is None or _order(mention) > _order(held):
                best[name, mention.start] = mention
        return [best[key] for key in sorted(best)]

    def _name(self, text: str, name: str, start: int, end: int, around: Set[str]) -> Mention | None:
        before, after = text[start - 1 : start], text[end : end + 1]
        if is_letter(before) or is_digit(before) or is_letter(after):
            return None
        rest = text[end:]
        if is_digit(text[end - 1]) and re.match(r"[.\-]\d", rest):
            return Mention(name, start, end, other=True)
        surface = text[start:end]
        if surface.endswith("S") and len(fold(surface)) > len(fold(name)):
            return None  # YOLOS is another thing, not many of them
        exact = surface in {name, f"{name}s"}
        if not exact and self.strict[name]:
            folded = surface.islower() and surface.removesuffix("s") == name.casefold()
            common = sum(map(is_letter, name)) > SHORT
            if not (folded and common and around & CONTEXT):
                return None
        return Mention(
            name,
            start,
            end,
            exact=exact,
            compound=_joined(text, start),
            version=not is_digit(text[end - 1]) and _VERSION.match(rest) is not None,
        )

    def _stem(self, text: str, name: str, start: int, end: int) -> Mention | None:
        before = text[start - 1 : start]
        found = _VERSION.match(text[end:])
        if is_letter(before) or is_digit(before) or found is None or not found[1]:
            return None
        stem, version = self._versions[name]
        if self.strict[name] and text[start:end] != stem:
            return None
        same = _number(found[1]) == _number(version)
        return Mention(
            name, start, end + found.end(), exact=False, compound=_joined(text, start),
            other=not same,
        )  # fmt: skip


def _order(mention: Mention) -> tuple[bool, int, bool]:
    return not mention.other, mention.end, mention.exact


def _joined(text: str, start: int) -> bool:
    return start > 1 and text[start - 1] in "-\u2010\u2011" and text[start - 2].isalnum()


def _version_of(name: str) -> tuple[str, str] | None:
    match = _VERSIONED.fullmatch(name)
    if match is None or len(fold(match["stem"])) < 2:
        return None
    return match["stem"], match["version"]


def _number(version: str) -> tuple[int, ...]:
    parts = [int(part) for part in version.split(".")]
    while len(parts) > 1 and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def _spellings(name: str) -> list[str]:
    """The name with hyphens and blanks between its parts exchanged, and without them."""
    parts = [part for part in re.split(r"[\s\-\u2010\u2011]+", name) if part]
    spellings = [name, *(mark.join(parts) for mark in ("-", " ", ""))]
    camel = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name)
    return list(dict.fromkeys([*spellings, camel]))


def mentions_in(finder: NameFinder, texts: pd.DataFrame, fields: Iterable[str]) -> pd.DataFrame:
    """All mentions in some text columns.

    Args:
        finder: the names.
        texts: frame with the text columns; its index identifies the row.
        fields: names of the text columns.

    Returns:
        Frame of row (index of `texts`), field, and the attributes of `Mention`.
    """
    rows: list[Mapping[str, object]] = []
    for field in fields:
        for row, text in texts[field].items():
            if isinstance(text, str) and text:
                rows += [{"row": row, "field": field, **vars(hit)} for hit in finder.find(text)]
    columns = ["row", "field", *Mention.__dataclass_fields__]
    return pd.DataFrame(rows, columns=columns)
