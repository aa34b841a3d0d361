"""What counts as a mention of a name: the careful rules, for one name at one place of a text.

A mention is a whole name: BERT is not in RoBERTa, nor LoRA in LoRaWAN, nor GPT-3 in GPT-3.5, while
it is in 采用BERT模型. Spelling may differ in hyphen, case and width ("U-Net", "UNet", "ＢＥＲＴ"),
but a name that is also an ordinary word (Whisper, Segment) or has at most three letters counts only
as the paper writes it; in lower case (a transformer model) only beside a word of machine learning.
A very frequent word (Attention) at the start of a sentence or in a heading is just the word.

`NameFinder` searches one text with spaCy; `mentions` searches many by an index. Both take the place
from their search and ask `Name.check` whether it is a mention.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Set
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from gapstudy.link.rarity import rarity
from gapstudy.link.tokens import LETTERS, blank, fold, is_digit, is_letter, lower, plain, runs

if TYPE_CHECKING:
    from spacy.matcher import PhraseMatcher

SHORT = 3
#: From this many ordinary words on, a name is set apart by their sequence.
PHRASE = 3
#: Words that show that a lower-case common word beside them is meant as a method.
CONTEXT = frozenset(
    "ai architecture architectures attention convolutional decoder deep embedding embeddings "
    "encoder encoders large language layer layers learned learning llm machine model models "
    "network networks neural pretrained trained training weights".split()
)
#: Tokens on either side that are looked at for CONTEXT.
REACH = 3
#: A word less rare than this is frequent (Attention, Adam); one less rare than the second (It, All)
#: is no name unless it is the whole text.
FREQUENT, EVERYWHERE = 0.42, 0.2
#: A word less rare than this is ordinary though no dictionary lists it (when, based, maps).
ORDINARY = 0.5
#: Characters beside a hit that are looked at.
_NEAR = 120
_VERSIONED = re.compile(
    rf"(?P<stem>.*?[{LETTERS}])[ \-]?v?(?P<version>\d+(?:\.\d+)*)(?P<tail>(?:[ \-][{LETTERS}]+)*)"
)
# A version number after a name: not a year, and not a size such as 7B or 130M. No part gives back
# what it took, or 4.5B would have the version 4.
_VERSION = re.compile(
    rf"(?:[ \-]?v\.?| (?:ver\.?|version) |[ \-])?(\d{{1,3}}+(?:\.\d++)*+)"
    rf"(?![0-9{LETTERS}]|,\d|\+(?![0-9{LETTERS}]))"
    rf"|\+(?![0-9{LETTERS}])"
)
_FURTHER = re.compile(rf"[.\-]\d|\+(?![0-9{LETTERS}])")
_CORE = re.compile(r"[^\W_](?:.*[^\W_])?[+#]*", re.DOTALL)
_STARTS = ".!?:;。！？；：…|*•([\"'“‘「『（"
_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")

#: What a place may hold: the name; the name's part before its version; either of them with a "v".
NAME, STEM, STEM_V = range(3)


class Mention(NamedTuple):
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


def is_common(name: str, words: Set[str]) -> bool:
    """Whether a name is an ordinary word, or made of two of them.

    Args:
        name: the name.
        words: dictionary of ordinary words, lower case. Chinese and Japanese words are looked up in
            the list of frequencies instead.
    """
    if _CJK.search(name):
        return bool(rarity([name])[0] < ORDINARY)
    parts = [run.casefold() for run in runs(plain(name)) if is_letter(run[0])]
    if not 0 < len(parts) < PHRASE or any(map(is_digit, plain(name))):
        return False
    # Put together, Geo-metric is a word too.
    return all(_ordinary(part, words) for part in parts) or _ordinary("".join(parts), words)


def _ordinary(word: str, words: Set[str]) -> bool:
    return len(word) > 1 and (word in words or bool(rarity([word])[0] < ORDINARY))


def is_strict(name: str, words: Set[str]) -> bool:
    """Whether only the paper's own spelling of a name counts: an ordinary word, or too short."""
    letters = sum(2 if _CJK.match(char) else is_letter(char) for char in plain(name))
    return letters <= SHORT or is_common(name, words)


class Name:
    """One name, its spellings, and the rules for it.

    Args:
        name: the name as the paper writes it.
        strict: whether only this spelling counts (see `is_strict`).
    """

    def __init__(self, name: str, strict: bool) -> None:
        core = _CORE.search(plain(name))
        self.name, self.strict = name, strict
        self.core = re.sub(
            "[ -]+", lambda gap: "-" if "-" in gap[0] else " ", core[0] if core else ""
        )
        found = _VERSIONED.fullmatch(self.core)
        if found is not None and len(fold(found["stem"])) < 2:
            found = None
        self.stem = found["stem"] if found else self.core
        self._version = _number(found["version"]) if found else None
        self._tail = lower(found["tail"]).replace("-", " ") if found else ""
        self.exact = {self.core, f"{self.core}s", *_singular(self.core)} if self.core else set()

    @cached_property
    def keys(self) -> tuple[frozenset[str], ...]:
        """Runs of each spelling in lower case, joined by blanks: of the name, its stem, stem v."""
        if not self.core:
            return (frozenset(), frozenset(), frozenset())
        names = [spelled for form in self.exact for spelled in spellings(form)]
        stems = spellings(self.stem)
        with_v = [f"{stem}v" for stem in stems] if is_letter(self.stem[-1]) else []
        stems = [] if self._version is None else stems
        return tuple(frozenset(map(key, group)) for group in (names, stems, with_v))

    def folded(self) -> list[str] | None:
        """What the characters of every spelling are without blanks and hyphens, in lower case.

        None for a name of more than six runs, however it is spelled.
        """
        if len(runs(_camel(self.core))) > 6:
            return None
        forms = {*self.exact, self.stem, f"{self.stem}v"} if self.core else set()
        return sorted({lower(form).replace("-", "").replace(" ", "") for form in forms})

    @cached_property
    def _rarity(self) -> float:
        """Rarity of a name that is written like an ordinary word; 1 for all others."""
        plainly = self.strict and all(is_letter(char) and char.islower() for char in self.core[1:])
        return float(rarity([self.core])[0]) if plainly else 1.0

    def check(self, text: str, start: int, end: int) -> Mention | None:
        """The mention that whole runs of a text make, if they make one.

        Args:
            text: the text, as `tokens.plain` gives it.
            start: first character of the place.
            end: character after its last.
        """
        surface = text[start:end]
        before, after = text[start - 1 : start], text[end : end + 1]
        if is_letter(before) or is_digit(before) or (is_letter(after) and is_letter(surface[-1])):
            return None
        if "  " in surface or " -" in surface or "- " in surface:
            return None
        found = key(surface)
        best: Mention | None = None
        for kind, keys in enumerate(self.keys):
            if found in keys:
                made = (self._named if kind == NAME else self._versioned)(
                    text, start, end - (kind == STEM_V)
                )
                if made is not None and (best is None or order(made) > order(best)):
                    best = made
        return best

    def _named(self, text: str, start: int, end: int) -> Mention | None:
        surface, rest = text[start:end], text[end : end + _NEAR]
        last = surface[-1]
        if is_letter(rest[:1]) or rest[:1] == "#" or (last == "+" and rest[:1] == "+"):
            return None
        if is_digit(last) and (is_digit(rest[:1]) or _FURTHER.match(rest)):
            return None if is_digit(rest[:1]) else Mention(self.name, start, end, other=True)
        if surface[-1:] == "S" and len(fold(surface)) > len(fold(self.core)):
            return None  # YOLOS is another thing, not many of them
        exact = surface in self.exact
        if self.strict and not self._meant(text, start, end, exact):
            return None
        version = not is_digit(last) and _VERSION.match(rest) is not None
        return Mention(self.name, start, end, exact, _joined(text, start), version)

    def _versioned(self, text: str, start: int, end: int) -> Mention | None:
        found = _VERSION.match(text[end : end + _NEAR])
        if found is None or not found[1] or (self.strict and text[start:end] != self.stem):
            return None
        compound = _joined(text, start)
        if self._version is None:
            return Mention(self.name, start, end, text[start:end] in self.exact, compound, True)
        end += found.end()
        same = _number(found[1]) == self._version
        if same and self._tail:
            follow = lower(text[end : end + len(self._tail)]).replace("-", " ")
            same = follow == self._tail and not text[end + len(self._tail) :][:1].isalnum()
            end += len(self._tail) if same else 0
        return Mention(self.name, start, end, exact=False, compound=compound, other=not same)

    def _meant(self, text: str, start: int, end: int, exact: bool) -> bool:
        """Whether an ordinary word or short name is meant as a name at a place."""
        surface = text[start:end]
        if exact and self._rarity >= FREQUENT:
            return True
        if text.strip() == surface:
            return exact
        if self._rarity < EVERYWHERE:
            return False
        if exact:
            words = [*runs(text[max(0, start - _NEAR) : start])[-1:], *runs(text[end:][:_NEAR])[:1]]
            begins = text[:start][-4:].rstrip(" ")[-1:] in _STARTS or not text[:start].strip()
            if not begins and not any(word[0].isupper() for word in words):
                return surface != lower(surface) or self._beside(text, start, end)
            return self._beside(text, start, end)
        # Who writes CLIP or DEEP in capitals does not mean it by clip or deep.
        inner = any(char.isupper() for word in re.split("[ -]", self.core) for char in word[1:])
        folded = surface.islower() and surface in {lower(form) for form in self.exact}
        long = sum(map(is_letter, self.core)) > SHORT
        return folded and long and not inner and self._beside(text, start, end)

    def _beside(self, text: str, start: int, end: int) -> bool:
        """Whether a word of CONTEXT stands within REACH tokens; a token cut by _NEAR is none."""
        left, right = lower(text[max(0, start - _NEAR) : start]), lower(text[end : end + _NEAR])
        before, after = runs(left), runs(right)
        before = before if len(left) < _NEAR else before[1:]
        after = after if len(right) < _NEAR else after[:-1]
        return not CONTEXT.isdisjoint([*before[-REACH:], *after[:REACH]])


def key(text: str) -> str:
    """Runs of a plain text in lower case, joined by blanks."""
    return " ".join(runs(lower(text)))


def order(mention: Mention) -> tuple[bool, int, bool]:
    """Of several mentions of a name at one place, the one that sorts last is kept."""
    return not mention.other, mention.end, mention.exact


def spellings(name: str) -> list[str]:
    """The name with hyphens and blanks between its parts exchanged, and without them."""
    parts = [part for part in re.split(r"[ \-]+", name) if part]
    joined = (mark.join(parts) for mark in ("-", " ", ""))
    return list(dict.fromkeys([name, *joined, _camel(name)]))


def _camel(name: str) -> str:
    """A name with a hyphen before each capital behind a small letter: Dense-Net."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name)


def _singular(name: str) -> list[str]:
    """A name without its plural s: "Spherical CNNs", "neural radiance fields"."""
    word = re.split(r"[ \-]", name)[-1]
    many = len(word) > SHORT and word.endswith("s") and not word.endswith(("ss", "us", "is"))
    acronym = word[-2:-1].isupper() and word.endswith("s")
    return [name[:-1]] if acronym or (many and word != name) else []


def _joined(text: str, start: int) -> bool:
    return start > 1 and text[start - 1] == "-" and text[start - 2].isalnum()


def _number(version: str) -> tuple[int, ...]:
    parts = [int(part[:20]) for part in version.split(".")[:8]]
    while len(parts) > 1 and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


class NameFinder:
    """Finds many names in one text after another (spaCy PhraseMatcher on runs, lower case).

    The plain way, for a few texts: `mentions.TargetIndex` gives the same for many.

    Args:
        names: the names; equal ones are looked for once.
        words: dictionary of ordinary words, lower case.
    """

    def __init__(self, names: Iterable[str], words: Set[str]) -> None:
        self.names = [Name(name, is_strict(name, words)) for name in sorted(set(names))]
        self._nlp = blank()
        self._matcher = self._patterns()

    def _patterns(self) -> PhraseMatcher:
        from spacy.matcher import PhraseMatcher

        matcher = PhraseMatcher(self._nlp.vocab, attr="ORTH")
        for index, name in enumerate(self.names):
            spelled = sorted(frozenset().union(*name.keys))
            matcher.add(str(index), [self._nlp.make_doc(text) for text in spelled])
        return matcher

    def find(self, text: str) -> list[Mention]:
        """Mentions in a text, sorted by name and place, the longest where several start there."""
        folded = plain(text)
        document = self._nlp.make_doc(lower(text))
        best: dict[tuple[str, int], Mention] = {}
        for match, first, last in self._matcher(document):
            name, span = self.names[int(self._nlp.vocab.strings[match])], document[first:last]
            mention = name.check(folded, span.start_char, span.end_char)
            if mention is None:
                continue
            held = best.get((mention.name, mention.start))
            if held is None or order(mention) > order(held):
                best[mention.name, mention.start] = mention
        return [best[place] for place in sorted(best)]
