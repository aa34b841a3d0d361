"""Title and journal of a citation: the parts that only words and signs tell apart."""

from __future__ import annotations

import re

from gapstudy.link._npl_text import MARK

#: Stems that journals are abbreviated with (ISO 4): a full stop after one ends no sentence.
STEMS = frozenset(
    "abstr acad acc acoust adv aerosp agr agric am amer anal anat angew ann annu antimicrob app "
    "appl arch artif assoc astron astrophys atmos autom bacteriol behav ber biochem bioch "
    "bioeng biol biomed biomol bioorg biophys biosci biotech biotechnol bot brit br bull can "
    "cancer cardiol catal cell cem chem chemother chim chromatogr circ clin coll colloq comm "
    "commun comp comput conf cong contr control coord crit cryst curr cytol dept dermatol dev "
    "diabet diagn dig dis drug econ ed educ electr electroanal electrochem electron embo endocr "
    "endocrinol eng engl engr entomol environ enzymol epidemiol ergon eur exp expt fed fertil "
    "fluid gastroenterol gen genet geol geophys gerontol gynecol haematol hematol hepatol hist "
    "histochem hum hyg ibid ieee imag immun immunol immunother ind indus inf infect inform "
    "inorg inst instr instrum int intell intern internat inter investig invest j jour jap jpn "
    "lab lancet langmuir lett leuk lightwave lipid mach macromol mag magn manag manuf mar mat "
    "mater math meas mech med metab metabol meth methods micr microb microbiol microsc mil mod "
    "mol molec morphol mutagen mutat nanotech nat natl nature neural neurobiol neurochem neurol "
    "neurosci neurosurg nephrol nucl nutr obstet oncol ophthal ophthalmol opt org orthop otol "
    "parasitol pathol pediat pediatr perspect pharm pharmac pharmacol pharmacother philos "
    "photochem photobiol photogr phys physiol plant pol pollut polym postgrad powder pract "
    "pressure prim proc prod prog pract psych psychiat psychiatr psychol publ pub pure qual "
    "quant quart radiat radiol rec reg rehabil rept rep repr reprod res resp respir rev rheum "
    "rheumatol robot rubber sci scand sect sem semicond semin sens ser sic sig soc sociol sol "
    "solid spectr spectrom spectrosc sq stat steroid struct supp suppl supramol surf surg symp "
    "syn synth syst tech technol teleph tetrahedron theor ther thermodyn thorac thromb tissue "
    "tox toxicol traffic trans transplant transp trop ultrason univ urol vac vasc vet virol vis "
    "vit vitr wld zool zh zhurn zs ztschr us usa u.s.a u.s s".split()
)  # fmt: skip
_HEADS = re.compile(
    r"^(?:journal|j|proceedings?|proc|trans|transactions|annals|ann|annual|archives|arch|acta|"
    r"bulletin|bull|ieee|acm|spie|advances|adv|trends|current|curr|international|int|european|eur|"
    r"american|am|british|brit|chem|phys|physical|physica|nature|science|cell|zeitschrift|review|"
    r"reviews|revue|letters|appl|applied|mol|nucleic|biochim|biochem|the|lancet|new|neuro|"
    r"\d{4})\W*$",
    re.IGNORECASE,
)
VENUE = re.compile(
    r"\b(?:journal|j\.|proc(?:eedings)?\b|trans(?:actions)?\b|conf(?:erence)?\b|symp(?:osium)?\b|"
    r"workshop|meeting|congress|letters|lett\b|annals|archives|bulletin|magazine|reviews?\b|"
    r"zeitschrift|tagung|ieee|acm|spie|arxiv|lncs|lecture notes|digest|summit|tagungsband|"
    r"nature|science|pnas|physica|acta|学报|论文集|会议|杂志|通信)",
    re.IGNORECASE,
)
_HOUSES = (
    r"elsevier|springer|pergamon|john wiley|wiley|academic press|mit press|kluwer|crc press|plenum|"
    r"marcel dekker|blackwell|taylor (?:&|and) francis|raven press|irl press|prentice|mcgraw|"
    r"addison|"
    r"cambridge university press|oxford university press|karger|thieme"
)
_PUBLISHER = re.compile(
    rf"^(?:(?:{_HOUSES}|published (?:by|online)|abstracts?|article|dated|pages?|vol|new york|"
    rf"london|"
    r"editor|eds?\.?|entire|the whole document|chapter|see|part \d+|online|bearing)\b.{0,60}|"
    r"(?:ieee|acm|iee|spie)(?: press| service center| computer society)?|ny|us|gb|nl|de|jp|uk|usa|"
    r"xp|in|.{0,2})$",
    re.IGNORECASE,
)
_PLACE = re.compile(r"\s?\([^()]{2,30},[^()]{2,30}\)")
_HOUSE_ALONE = re.compile(rf"(?:{_HOUSES}|ieee|acm|spie)\b.{{0,60}}$", re.IGNORECASE)
_HOUSE_LAST = re.compile(
    rf"(?<=\w)[\s,.(]{{1,3}}(?:\w{{3,20}}:\s)?(?:{_HOUSES})\b.{{0,60}}$", re.IGNORECASE
)
_LINKS = frozenset(
    "of and the for in on & de la le et der die des für und to du van del y a an from with und "
    "en i - /".split()
)
STOP = frozenset(
    "the a an on in of for and to with by using from at as how what why is are new novel".split()
)
_OPEN = re.compile(r"(?:(?<=[\s,:;(.])|^)(['\"])(?=\S)")
EDGES = " \t,;:.-" + MARK
_AT_PLACE = re.compile(
    r",\s[A-Z][\w.]{2,20}(?:\s[A-Z][\w.]{2,20}){0,2},\s(?:[A-Z]{2}|U\.?S\.?A\.?|Japan|China|"
    r"France|Germany"
    r"|Canada|Italy|Spain|Korea|Australia|Austria|Greece|Sweden|India|Portugal)$"
)
_INSIDE = re.compile(r"(?:[.,;]\s|\s)(?:In|in|IN):\s")
_IN = re.compile(r"^(?:(?:published\s)?in:?\s|aus:?\s|from\s)", re.IGNORECASE)


def strip(text: str) -> str:
    """A part of a citation without marks and the signs around it."""
    return re.sub(rf"\s*{MARK}[\s{MARK}]*", " ", text).strip(EDGES + "*'\"").strip()


def quoted(text: str) -> tuple[int, int, int, int] | None:
    """Where the title in quotation marks stands: outer start, inner start, inner end, outer end.

    An apostrophe inside the title closes nothing: what closes is followed by a sign, the end or a
    new part. A title whose mark is never closed goes to the end of the text.
    """
    for opening in _OPEN.finditer(text):
        mark, start = opening[1], opening.end()
        at, within = start, 0
        while (at := text.find(mark, at)) >= 0:
            if text[at - 1] == " " and text[at + 1 : at + 2].isalnum():
                within += 1
            elif within and text[at - 1] != " " and text[at + 1 : at + 3].lstrip().islower():
                within -= 1
            elif _closes(text, at, mark):
                if within and (mark == '"' or text[at + 1 : at + 2] == " "):
                    within -= 1
                    at += 1
                    continue
                if len(text[start:at].split()) >= 2:
                    return opening.start(), start, at, at + 1
                break
            at += 1
        else:
            if mark == '"' and len(text) - start > 20:
                return opening.start(), start, len(text), len(text)
    return None


def _closes(text: str, at: int, mark: str) -> bool:
    after = text[at + 1 : at + 3]
    if not after or after[0] in ",.;:)]" + MARK:
        return True
    if after[0] != " ":
        return False
    if text[at - 1] in ",.?!;" or (mark == '"' and text[at - 1] != " " and not after[1:].islower()):
        return True
    rest = text[at + 2 : at + 3]
    return not text[at - 1].isdigit() and (rest.isupper() or rest in "(-[" or rest == MARK
                                           or text[at + 2 : at + 5].lower() == "in ")  # fmt: skip


def journal_after(text: str) -> str:
    """Journal in what follows a title: its first part that is no publisher and no place."""
    parts = [part for part in re.split(rf"[{MARK}]", text) if strip(part)]
    for part in parts:
        found = _first_part(_IN.sub("", strip(part)))
        if found:
            return found
    return ""


def _first_part(text: str) -> str:
    text = _PLACE.sub("", text)
    pieces = re.split(r"(?:(?<=[^\W\d_])|(?<=[)\].]))[,;]\s", text)
    for at, piece in enumerate(pieces):
        name = strip(piece)
        if not _worded(name) or _PUBLISHER.match(name):
            continue
        after = [strip(other) for other in pieces[at + 1 :]]
        # "Acoustics, Speech and Signal Processing" is one name.
        for count in (1, 2):
            last = after[count - 1 : count]
            if last and " and " in last[0] and len(name.split()) <= 3 and len(last[0].split()) < 7:
                return strip(", ".join([name, *after[:count]]))
        return _to_sentence_end(name)
    return ""


def _worded(text: str) -> bool:
    return any(char.isalpha() for char in text) and len(text) >= 3


def _to_sentence_end(text: str) -> str:
    """A journal without what a full stop divides from it, abbreviations kept whole."""
    words = text.split()
    for at, word in enumerate(words[:-1]):
        rest = " ".join(words[at + 1 :])
        long = len(word) > 8 or word[0].islower() or word.rstrip(".").casefold() in _LINKS
        if word.endswith(".") and (
            _HOUSE_ALONE.match(rest)
            or (long and not _abbreviated(word) and "roceed" not in rest.lower())
        ):
            text = " ".join(words[: at + 1]).rstrip(".")
            break
    return _HOUSE_LAST.sub("", text)


def _abbreviated(word: str) -> bool:
    bare = word.rstrip(".,").casefold().split(".")[-1].split("-")[-1].lstrip("(")
    return bare in STEMS or (len(bare) <= 2 and not bare.isdigit() and bare not in _LINKS)


def journal_before(text: str) -> tuple[str, str]:
    """Title and journal in a text where the journal comes last, without a sign of its own.

    The journal is read backwards: capitalised words and links between them, up to a sign that ends
    a part or a word in small letters.
    """
    within = _INSIDE.search(text)
    if within:
        return strip(text[: within.start()]), strip(text[within.end() :])
    if VENUE.search(text):
        text = _AT_PLACE.sub("", text.rstrip(" ,;:."))
    words = text.rstrip(" ,;:").split()
    start = len(words)
    for at in range(len(words) - 1, -1, -1):
        word = words[at]
        bare = word.strip("()[]\"'")
        if start < len(words) and _ends_part(word):
            following = words[at + 1]
            if not (word[-1] == "." == following[-1] and word[0].isupper() and len(word) < 8):
                break
        if not bare or (bare in _LINKS and at > 0):
            continue
        if not (
            bare[0].isupper() or (bare[0].isdigit() and start < len(words)) or _cased_late(bare)
        ):
            break
        start = at
    journal = words[start:]
    if start == 0 and not VENUE.search(text) and len(words) > 6:
        return text, ""
    ended = start == 0 or _ends_part(words[start - 1])
    if len(journal) > 3 and not ended:
        heads = [at for at, word in enumerate(journal) if word[0].isupper() and _HEADS.match(word)]
        keep = heads[0] if heads and heads[0] > 0 else (0 if heads else len(journal) - 1)
        start += keep
        journal = words[start:]
    return strip(" ".join(words[:start])), strip(" ".join(journal))


def _cased_late(word: str) -> bool:
    """Whether a word is written like a name though it starts small: `e-Crime`, `iScience`."""
    return len(word) > 2 and any(char.isupper() for char in word[1:3])


def _ends_part(word: str) -> bool:
    if word[-1] in ",;:?!" or word.endswith(('"', "';", "',")):
        return True
    return word[-1] == "." and len(word) > 1 and not _abbreviated(word)


def is_venue(text: str) -> bool:
    """Whether a text speaks of a journal or conference."""
    return VENUE.search(text) is not None
