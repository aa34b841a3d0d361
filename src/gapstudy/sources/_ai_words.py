"""Which launches are about AI: a rule of words, for sources that have no topic of their own.

The rule is ours, so it is stated, and a study can change it (option `words`):

- A word counts only as a whole: "AI-powered" has the word AI, "OpenAI" and "said" have not.
- A word written in capitals (AI, ML, LLM) counts only in capitals: "ml" is a millilitre and "ai" a
  sloth. Every other word counts in any case.
- A plural s is the same word. A blank within a word stands for blanks or a hyphen.

It misses launches that say none of the words and takes some that only mention them. That error is
the same for every region only as far as launches are written in English.
"""

from __future__ import annotations

import contextlib
import functools
import html
import re
from collections.abc import Iterable, Sequence

#: The words of the rule, unless a study names others.
WORDS = (
    "AI", "A.I.", "AGI", "ML", "LLM", "NLP", "GPT", "artificial intelligence", "machine learning",
    "deep learning", "reinforcement learning", "neural network", "neural net", "language model",
    "foundation model", "generative model", "diffusion model", "speech recognition",
    "computer vision", "chatbot", "ChatGPT", "OpenAI", "Stable Diffusion",
)  # fmt: skip

# Neither part can run over another "<", so the time grows with the length of the text alone.
_TAG = re.compile(r"<[^<>]*>")
#: Tags within a line: no blank stands in their place.
_INLINE = re.compile(r"</?(?:a|abbr|b|code|em|i|mark|s|small|span|strong|sub|sup|u)(?:\s[^<>]*)?>")


def about_ai(texts: Iterable[str], words: Sequence[str] = WORDS) -> bool:
    """Whether a text has one of the words; every text has, when there are no words.

    Args:
        texts: title, description and what else there is to read, without tags.
        words: the words of the rule.
    """
    if not words:
        return True
    pattern = _pattern(tuple(words))
    return any(pattern.search(text) for text in texts)


@functools.cache
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    parts = []
    for word in words:
        spelt = r"[\s-]+".join(re.escape(part) for part in word.split())
        parts.append(spelt if word.isupper() else f"(?i:{spelt})")
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})s?(?!\w)")


def plain(text: str) -> str:
    """A piece of HTML as plain text: tags out, entities read, blanks single."""
    text = _TAG.sub(" ", _INLINE.sub("", text))
    # An entity with thousands of digits is left as it stands.
    with contextlib.suppress(ValueError):
        text = html.unescape(text)
    return " ".join(text.split())
