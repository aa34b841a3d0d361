"""Acronyms and what they stand for (A. Schwartz and M. Hearst, PSB 2003)."""

from __future__ import annotations

import re

from gapstudy.link.tokens import plain

#: Marks that stand around a name in a sentence.
MARKS = " \"'“”‘’.,;:()"
#: Characters of an expansion written behind its acronym.
LONGEST = 60


def singular(short: str) -> str:
    """An acronym without its plural s: GANs."""
    return short[:-1] if short.endswith("s") and short[-2:-1].isupper() else short


def expansion(name: str, text: str) -> str:
    """What an acronym stands for, written before it or behind it with one of both in brackets."""
    if not name.isascii() or " " in name or len(name) > 15:
        return ""
    at = text.find(f"({name}")
    if at > 0 and text[at + 1 + len(name) :][:2].startswith((")", "s)", ",", ";")):
        return long_form(name, text[:at])
    at = text.find(f"{name} (")
    if at >= 0:
        inside = text[at + len(name) + 2 : at + len(name) + 2 + LONGEST + 1].split(")")[0]
        if len(inside) <= LONGEST and long_form(name, inside) == inside:
            return inside
    return ""


def long_form(short: str, before: str) -> str:
    """The words before a bracket that an acronym stands for; empty if there are none.

    Schwartz and Hearst: its letters and digits are found from the right, the first at the start of
    a word, in at most twice as many words as it has letters.
    """
    # D2SM is written out with two words in S.
    twice = re.sub(r"([2-4])([a-z])", lambda found: found[2] * int(found[1]), short.casefold())
    letters = [char for char in twice if char.isalnum()]
    if not 2 <= len(letters) <= 12 or not any(char.isupper() for char in short):
        return ""
    initials = list(re.finditer(r"(?<![^\W_])[^\W_]", before[-200:]))[-len(letters) :]
    if [match[0].casefold() for match in initials] == letters:
        return before[-200:][initials[0].start() :].strip(MARKS)
    words = before[-200:].split()[-min(len(letters) + 5, 2 * len(letters)) :]
    text = " ".join(words)
    folded = plain(text).lower()
    at = len(folded)
    for number in range(len(letters) - 1, -1, -1):
        at -= 1
        while at >= 0 and (
            folded[at] != letters[number] or (number == 0 and at > 0 and folded[at - 1].isalnum())
        ):
            at -= 1
        if at < 0:
            return ""
    long = text[at:].strip(MARKS)
    # One word is no expansion, and one that holds the name says nothing new.
    if len(re.findall(r"\w+", long)) < 2 or short in re.split("[ -]", long):
        return ""
    return long
