"""Words of names and affiliation strings, so that spellings of one name become the same words."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

# Legal forms that come and go in spellings of one name.
_LEGAL = re.compile(
    r"\s+(?:inc|incorporated|ltd|limited|llc|llp|plc|corp|corporation|co|company|gmbh|ag|se|sa|"
    r"sas|sarl|bv|nv|ab|as|oy|oyj|aps|spa|srl|kk|pte|pty)$"
)
_SIGNS = re.compile(r"[\W_]+")

#: Longest text that is read, in characters; what follows says nothing more of who and where.
LONGEST = 2_000
#: Words that spellings of one name have or leave out.
STOP = frozenset(
    "a an and at by de del della degli delle dei den der des di do dos da das du e en et for für "
    "fur i im in la le les lo of on og och the to und van von y zu zur zum".split()
)
#: Legal forms in the main languages, as single words.
LEGAL = frozenset(
    "inc incorporated ltd limited llc llp plc corp corporation co gmbh ag se sa sas sarl bv "
    "nv ab oy oyj aps asa spa srl kk pte pty ltda sro doo kft zrt sdn bhd pvt".split()
)
# Legal forms in Chinese, Japanese and Korean stand at an end of the name without a blank.
_LEGAL_EAST = re.compile(
    "股份有限公司|有限责任公司|有限公司|株式会社|合同会社|주식회사|集团公司|公司$|㈱|\\(株\\)"
)
_SAME = {
    "univ": "university", "inst": "institute", "dept": "department", "labs": "lab",
    "laboratory": "lab", "laboratories": "lab", "centre": "center", "sciences": "science",
    "saint": "st", "natl": "national", "unversity": "university", "univeristy": "university",
    "universtiy": "university", "uni": "university", "centres": "center", "tech.": "technology",
    "polytechnical": "polytechnic", "engineer": "engineering", "technologies": "technology",
}  # fmt: skip
# Letters that no decomposition takes apart.
_LETTERS = str.maketrans({
    "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d", "þ": "th", "ħ": "h",
    "’": "'", "‘": "'", "`": "'", "´": "'", "ʼ": "'", "′": "'",
})  # fmt: skip
_MAIL = re.compile(r"[{(]?[\w.+%-]*[})]?@([a-z0-9-]+(?:\.[a-z0-9-]+)+)", re.IGNORECASE)
# PDF readers put the accent before its letter: "Universit ´e".
_LOOSE_LOW = re.compile(r"(?<=\w) ?[´`¨ˆ˜] ?(?=[a-zà-ÿ])")
_LOOSE = re.compile(r"[´¨ˆ˜] ?(?=\w)")
_PART = re.compile(r"[,;:/|()\[\]{}<>\n\r\t*†‡§¶•、，；（）【】\"“”]|\s[-–—]+\s|[–—]|\s-(?=\w)")
_PIECE = re.compile(r"[;\n\r|；]")
_NUMBERED_LIST = re.compile(r"\W*[1a][).\s]\s*[^\W\d_].*\s[2b][).\s]\s*[^\W\d_]")
_NUMBER = re.compile(r"(?:^|\s)\W*\d{1,2}[).\s]\s*(?=[^\W\d_]{2})")
_GLUED_NUMBER = re.compile(r"\s\d{1,2}(?=[A-Z][a-z]{2})")
_INITIAL = re.compile(r"\b([^\W\d_])\.(?=\s?[^\W\d_]\b|\s|$)")
_JOINED = re.compile(r"\b([A-Z]{1,2}) ?& ?([A-Z])\b")  # AT&T, A&M
_TOKEN = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff々]|"
    r"[^\W_\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+"
)
_EAST = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_PLAIN = re.compile(r"[A-Za-z ]*")
_LEADING = re.compile(r"^\d{1,2}(?=[^\W\d_]{3})")
_TRAILING = re.compile(r"(?<=[^\W\d_]{4})\d{1,2}$")


def fold(name: str) -> str:
    """A name without case, accents, punctuation and legal form.

    >>> fold("Mistral AI, S.A.S.") == fold("Mistral AI")
    True
    """
    text = name
    if not text.isascii():
        text = unicodedata.normalize("NFKD", name)
        text = "".join(char for char in text.casefold() if not unicodedata.combining(char))
    text = _SIGNS.sub(" ", text.casefold().replace(".", "")).strip()
    while (shorter := _LEGAL.sub("", text)) != text:
        text = shorter
    return text


@dataclass(frozen=True)
class Words:
    """The words of a text in their order, without those that come and go.

    Attributes:
        folded: each word without case and accents, abbreviations written out; a Chinese or
            Japanese sign is a word of its own.
        raw: the same words as they were written.
        part: number of the part of the text (between commas and the like) that each is in.
        piece: number of the affiliation that each is in, of several in one text.
        bound: whether a word that comes and goes stands before it ("of", "in", "the").
        domains: domains of the e-mail addresses.
    """

    folded: tuple[str, ...]
    raw: tuple[str, ...]
    part: tuple[int, ...]
    piece: tuple[int, ...]
    bound: tuple[bool, ...]
    domains: tuple[str, ...]


def words(text: str) -> Words:
    """Read a name or an affiliation string.

    >>> words("Dept. of Physics, Universität Tübingen").folded
    ('department', 'physics', 'universitat', 'tubingen')
    """
    text = text[:LONGEST].encode("utf-8", "replace").decode()
    domains: tuple[str, ...] = ()
    if "@" in text:
        domains = tuple(domain.lower() for domain in _MAIL.findall(text))
        text = _MAIL.sub(" ", text)
    if not text.isascii():
        text = _LOOSE.sub("", _LOOSE_LOW.sub("", text))
        text = _LEGAL_EAST.sub(" ", unicodedata.normalize("NFKC", text))
    folded: list[str] = []
    raws: list[str] = []
    parts: list[int] = []
    pieces: list[int] = []
    bounds: list[bool] = []
    number = 0
    capitals = text.isupper()
    for nr, piece in enumerate(_pieces(text)):
        for part in _PART.split(piece):
            bound = False
            number += 1
            for raw in _tokens(part):
                word = plain(raw)
                if word in STOP and (capitals or len(raw) != 2 or not raw.isupper()):
                    bound = True
                elif word:
                    folded.append(_SAME.get(word, word))
                    raws.append(raw)
                    parts.append(number)
                    pieces.append(nr)
                    bounds.append(bound)
                    bound = False
    return Words(tuple(folded), tuple(raws), tuple(parts), tuple(pieces), tuple(bounds), domains)


def _pieces(text: str) -> list[str]:
    """The affiliations in a text: between semicolons, lines, or in a numbered list."""
    pieces = _PIECE.split(text)
    if _NUMBERED_LIST.match(text):
        pieces = [item for piece in pieces for item in _NUMBER.split(piece)]
    return [item for piece in pieces for item in _GLUED_NUMBER.split(piece)]


def _tokens(part: str) -> list[str]:
    part = _JOINED.sub(r"\1\2", part.translate(_LETTERS_RAW))
    part = _INITIAL.sub(r"\1", part).replace("'", "")
    tokens = _TOKEN.findall(part)
    joined: list[str] = []
    for token in tokens:
        token = _TRAILING.sub("", token)
        if token[0].isdigit() and token not in _NUMBERED:
            token = _LEADING.sub("", token)
        joined.append(token)
    return joined


_LETTERS_RAW = str.maketrans(dict.fromkeys("’‘`´ʼ′", "'"))
#: Names that begin with a number; other numbers before a word are marks of a footnote.
_NUMBERED = frozenset({"4Paradigm", "42dot", "4paradigm", "8bit"})


def without_legal_form(name: str) -> str:
    """A name without Chinese, Japanese and Korean legal forms, which stand there without a blank.

    >>> without_legal_form("株式会社ソニー")
    'ソニー'
    """
    return name if name.isascii() else _LEGAL_EAST.sub("", name).strip()


def plain(word: str) -> str:
    """A word without case and accents."""
    word = word.casefold()
    if word.isascii():
        return word
    word = unicodedata.normalize("NFKD", word.translate(_LETTERS))
    return "".join(char for char in word if not unicodedata.combining(char))


def eastern(word: str) -> bool:
    """Whether a word is a Chinese or Japanese sign."""
    return bool(_EAST.match(word))


def key(text: str) -> str:
    """What spellings of one name have in common: its words without legal forms.

    >>> key("The University of Texas, Austin") == key("University of Texas at Austin")
    True
    """
    if len(text) > LONGEST or not _PLAIN.fullmatch(text):
        return key_of(words(text))
    # The same for nearly all names of a register, in a tenth of the time.
    capitals = text.isupper()
    found = [
        _SAME.get(word, word)
        for raw in text.split()
        if (word := raw.casefold()) not in STOP or (not capitals and len(raw) == 2 == _big(raw))
    ]
    while len(found) > 1 and found[-1] in LEGAL:
        found.pop()
    return " ".join(found)


def _big(word: str) -> int:
    return sum(map(str.isupper, word))


def key_of(read: Words) -> str:
    """The same of words that were read already."""
    size = len(read.folded)
    while size > 1 and read.folded[size - 1] in LEGAL:
        size -= 1
    return " ".join(read.folded[:size])
