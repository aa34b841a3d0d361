"""Names that papers coin, learnt from their titles and abstracts.

A name of the paper's own thing is given by its source, stands before the colon of its title, is an
acronym that the paper makes for what it proposes (A. Schwartz and M. Hearst, PSB 2003, find its
expansion), or follows a phrase such as "we propose", "dubbed" or 名为. A name of another work (we
use BERT, such as ResNet) follows no such phrase, so it is not taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

import pandas as pd

from gapstudy.link.acronyms import MARKS, expansion, long_form, singular
from gapstudy.link.names import is_strict
from gapstudy.link.rarity import rarity
from gapstudy.link.tokens import fold

#: Limits: names of a paper, characters of a name, characters of an abstract that are read.
MOST, LONG, READ = 6, 60, 5_000
#: A capitalised word from this rarity on is taken for a name (Vysics, not Markov).
RARE = 0.75
#: And one that is told to be a thing from this rarity on (the Transformer, a model).
KNOWN = 0.4
COLUMNS = ("row", "name", "origin", "common", "rarity")
#: Terms of the field that any paper may write out: never coined by an abstract that does.
GENERAL = frozenset(
    "2d 2dof 3d 3dof 4d 5g 6d 6dof 7dof admm agi ai api ar arxiv asr auc bci bev bft blf cad "
    "cdf cfd cgh cifar cifar10 cnn coco cpg cpu crf ct ctr cv cvae dag dcnn ddpm dl dna dnn "
    "dof dp dqn drl dsp ecg eeg ehr ekf elbo em emg fft fl fmri fpga fps gan gcn github gmm "
    "gnn gp gpgpu gps gpu hci hdr hmm hpc hri hrl html ica icl icp iid ik il imagenet imu iot "
    "iou ip ir kg kitti kl knn lda lidar llm lm lmi lms lp lqr lstm ltl mab map marl mas "
    "matlab mav mcmc mcp mcts mdp mems mfcc mil milp mip ml mle mllm mlm mlp mnist mpc mrf "
    "mri mse mt mvs nas ner nerf nlg nli nlp nlu nmt nn np ocr od ode ood pac pc pca pde pdf "
    "peft pet pid plm pomdp pytorch qa qp rag ransac rbf rct relu rf rgb rgbd rkhs rl rlhf "
    "rna rnn roi ros rrt sar sat sde sdf sdp sfm sft sgd slam slm smc smt snn sota sql sr ssl "
    "ssm ssvm svd svm tensorflow tts tv uas uav uda ui url us usa vae vi vio vit vla vlm vln "
    "vmf vqa vr wifi xai xml youtube".split()
)
_TITLE_HEAD = re.compile(r"([^:]{2,60}?)\s*(?::|\s[-\u2013\u2014])\s")
_TITLE_ONLY = re.compile(r"(.{2,40}?)(?:\s+(?:System Card|(?:Technical )?Report))?")
# A head that begins so says what is done, not what it is called.
_TALK = frozenset(
    "a about against an are beyond can combining do does exploring for from how improving in is "
    "it learning making not on part revisiting rethinking scaling the to toward towards "
    "understanding using what when where which who why with without".split()
)
_LATEX = re.compile(
    r"\\(?:text(?:bf|it|sc|tt|rm|sf)|emph|hbox|math(?:bf|rm|sf|tt|cal)|underline|href)\s?"
    r"\{([^{}]{0,80})\}|[{}$]|``|''|\*\*|(?:\\(?:em|it|bf|sc)\b)"
)
# No \w: it takes Chinese characters, which stand beside names without a blank.
_SIGN = r"A-Za-z0-9\u00c0-\u024f\u0370-\u03ff"
_WORD = rf"[{_SIGN}](?:[{_SIGN}_+#/@^]|[.\-\u2010\u2011\u00b7](?=[{_SIGN}])){{0,39}}"
# A name as it stands in a sentence: one word, or up to four that begin with a capital or digit.
_NAME = re.compile(rf"[\"'“‘「《]?({_WORD}(?: (?=[A-Z0-9]){_WORD}){{0,3}})[\"'”’」》]?")
_PROPOSE = (
    r"\b(?:[Ww]e|[Tt]his (?:paper|work|article|study|report|letter|demo)|[Tt]he (?:paper|authors?)|"
    r"[Hh]ere)\b,?(?: \w{2,12}){0,2}? "
    r"(?:propos|present|introduc|develop|releas|design|build|construct|creat|devis|contribut|"
    r"unveil|describ|provid|offer|publish|formulat|deriv|put forward)(?:e|es|s|ed)?\b"
    r"|\b(?:[Pp]ropos|[Pp]resent|[Ii]ntroduc|[Rr]eleas|[Dd]escrib)e?s\b"
    r"|^(?:Develop|Build|Train|Offer|Deriv|Design|Creat|Giv|Defin)e?s\b"
    r"|\bis (?:proposed|presented|introduced)\b"
)
_CALL = (
    r"\b(?:called|named|dubbed|termed|coined|namely|entitled|titled|denoted (?:as|by)|"
    r"(?:which|that) we (?:call|name|term|dub|denote)|"
    r"[Ww]e (?:call|name|term|dub) (?:this|our|the|it|such|these|that)(?: [\w-]+){0,5}?(?: as)?"
    r"(?= [\"'“‘A-Z])|"
    r"(?:which )?(?:(?:we|is|are|be) )?refer(?:red)? to (?:\w+ ){0,3}?as)(?: the| a| an| as)?\b"
)
#: First words of the phrases.
_FIRST = frozenset(
    "we this the here is propose proposes presents introduces releases describes develops builds "
    "trains offers derives designs creates gives defines called named dubbed termed coined namely "
    "entitled titled denoted which that refer referred our".split()
)
_FIRST |= {word.capitalize() for word in _FIRST}
_OWN = r"\b(?:[Oo]ur|[Tt]he|[Tt]his) (?:newly[ -])?(?:proposed|novel|new|resulting)\b"
_CUE = re.compile(rf"(?P<propose>{_PROPOSE})|(?P<call>{_CALL})|(?P<own>{_OWN})")
_OURS = re.compile(
    r"\b(?:[Oo]ur|[Ww]e|[Tt]his|[Nn]ew|[Nn]ovel|resulting|propose[ds]?|introduce[ds]?|present|here)\b"
)
_STOP = re.compile(r"[.!?](?=\s|$)|[。！？]")
_LEAD = re.compile(
    r"[\s,:]*(?:(?:a|an|the|our|and|new|novel|simple|both|two|first|version|family of) )*\s*"
)
_BETWEEN = re.compile(
    r"[,;:.]|(?<![\w-])(?:about|and|as|at|between|based|by|for|from|in|into|of|on|over|than|that|"
    r"through|to|under|using|via|which|with|where|whose|while)(?![\w-])"
)
_KIND_OF = re.compile(
    r"\b(?:approach|method|model|framework|concept|idea|notion|class|family|technique|strategy|"
    r"algorithm|architecture)(?:e?s)? of\b"
)
_IS_A = re.compile(r"[)\]]?, an? \w")
_PAREN = re.compile(r"\s?[(\[]\s?([A-Za-z0-9][\w+\-@/^]{1,14})\s?[)\],;:]")
_APPOSED = re.compile(rf",? (?:the )?[\"'“]?({_WORD})[\"'”]?(?=[,.;:]|\s?[(\[]|$)")
_AFTER = re.compile(
    r" (?:of|to|for|and|in|with|the) [A-Z]|-$|"
    r"-?(?:based|like|style|guided|driven|free|level|aware|specific|type)\b"
)
_NOUN = re.compile(
    r" (?!(?:and|as|by|can|for|from|has|in|is|on|that|to|was|where|which|with)\b)[a-z]"
)
_EASTERN = re.compile(
    r"(?:名为|称为|称之为|命名为|叫做|取名为|我们提出的|我们提出了?|本文提出了?|名為|稱為)\s?[“「《\"]?"
    rf"({_WORD}(?: (?=[A-Z0-9]){_WORD}){{0,2}})|「([^「」]{{2,30}})」と(?:呼|名付|名づ|称)"
)


def coined_names(papers: pd.DataFrame, words: Set[str]) -> pd.DataFrame:
    """Names coined by each paper.

    Args:
        papers: columns title, abstract, coined_name (";" or " / " between several).
        words: dictionary of ordinary words, lower case.

    Returns:
        Frame of row (position in `papers`), name, origin ("source": given; "title": before a colon;
        "acronym"; "phrase"; "expansion": what an acronym stands for), common (ordinary word or too
        short, see `names.is_strict`), rarity (see `rarity`); at most MOST names of at most LONG
        characters a paper, of which the abstract's first READ characters give some.
    """
    rows: list[int] = []
    names: list[str] = []
    origins: list[str] = []
    columns = (
        papers[name].fillna("").astype(object) for name in ("title", "abstract", "coined_name")
    )
    for row, (title, abstract, given) in enumerate(zip(*columns, strict=True)):
        for name, origin in names_of(str(title), str(abstract), str(given)):
            rows.append(row)
            names.append(name)
            origins.append(origin)
    made = {"row": pd.Series(rows, dtype="int64"), "name": pd.Series(names, dtype=object),
            "origin": pd.Series(origins, dtype=object)}  # fmt: skip
    frame = pd.DataFrame(made)
    judged = {name: is_strict(name, words) for name in dict.fromkeys(names)}
    frame["common"] = frame["name"].map(judged).astype(bool)
    frame["rarity"] = rarity(names)
    return frame[list(COLUMNS)]


def names_of(title: str, abstract: str = "", given: str = "") -> list[tuple[str, str]]:
    """Names and origins of one paper, the surest first.

    >>> names_of("Quick nets", "We present QuickNet, faster than ResNet.")
    [('QuickNet', 'phrase')]
    >>> names_of("A study of BERT", "We use BERT and a graph neural network (GNN).")
    []
    """
    title = _clean(title[:500])
    text = _clean(abstract[:READ])
    found: dict[str, tuple[str, str]] = {}
    for name, origin in _candidates(title, text, given):
        name = name.strip(MARKS)
        key = fold(name)
        if len(key) > 1 and len(name) <= LONG and key not in found and key + "s" not in found:
            found[key] = (name, origin)
        if len(found) == MOST:
            break
    return list(found.values())


def _candidates(title: str, text: str, given: str) -> Iterator[tuple[str, str]]:
    own = [part.strip() for part in re.split(r";|\s/\s", given) if part.strip()]
    first = [(name, "source") for name in own] or list(_from_title(title, text))
    found = [*first, *([] if own else _from_abstract(text))]
    yield from found
    for name, _ in found:
        for body in (title, text):
            long = expansion(name, body)
            if long:
                yield long, "expansion"
                break


def _from_title(title: str, text: str) -> Iterator[tuple[str, str]]:
    head = _TITLE_HEAD.match(title)
    whole = None if head else _TITLE_ONLY.fullmatch(title)
    name = head[1] if head else whole[1] if whole else ""
    parts = name.split()
    alone = len(parts) == 1 and (head is not None or title != name)
    alone = alone and (not name[1:].islower() or rarity([name])[0] >= KNOWN)
    if alone or (parts and _names_a_thing(parts, name in text, rare=head is not None)):
        yield name, "title"
    for match in _PAREN.finditer(title):
        short = singular(match[1])
        if not _general(short) and long_form(short, title[: match.start()]):
            yield short, "acronym"


def _names_a_thing(parts: list[str], repeated: bool, rare: bool) -> bool:
    """Whether the words before a colon, or a whole title, are a name rather than a topic."""
    first = parts[0].casefold()
    if first in _TALK or (first.endswith("ing") and len(parts) > 1) or len(parts) > 4:
        return False
    if repeated and all(part[0].isupper() or part[0].isdigit() for part in parts):
        return True
    if len(parts) > 3:
        return False
    numbered = len(parts) > 1 and parts[-1][0].isdigit() and parts[0][0].isupper()
    strange = rare and any(part[0].isupper() and rarity([part])[0] >= RARE for part in parts)
    return numbered or strange or any(map(_built, parts))


def _from_abstract(text: str) -> Iterator[tuple[str, str]]:
    end_of_last = 0
    for cue in _cues(text):
        calls = cue["call"] is not None
        if calls and not _OURS.search(text, max(end_of_last, cue.start() - 150), cue.end()):
            continue
        stop = _STOP.search(text, cue.end(), cue.end() + 300)
        rest = text[cue.end() : stop.start() if stop else cue.end() + 300]
        lead = _LEAD.match(rest)
        at = lead.end() if lead else 0
        longs: list[str] = []
        for match in _PAREN.finditer(rest):
            short = singular(match[1])
            long = long_form(short, rest[: match.start()])
            if long and len(fold(short)) > 2 and not _general(short):
                gap = _KIND_OF.sub("", rest[at : max(at, match.start() - len(long))])
                if not _BETWEEN.search(gap) or (not calls and _IS_A.match(rest, match.end() - 1)):
                    longs.append(long)
                    yield short, "acronym"
        name = _NAME.match(rest, at)
        if name is not None and _is_name(name[1], rest[name.end(1) :], str(cue.lastgroup)):
            short = _trimmed(name[1])
            if not any(long.startswith(short) or short in long for long in longs):
                yield short, "phrase"
        if cue["propose"] is not None:
            for match in _APPOSED.finditer(rest):
                if match.start() > at and rest[match.start()] == "," and _apposed(match, rest):
                    yield match[1], "phrase"
                    break
    for match in _EASTERN.finditer(text):
        name_east = match[1] or match[2]
        if match[2] or any(map(_built, name_east.split())) or rarity([name_east])[0] >= RARE:
            yield name_east, "phrase"


def _cues(text: str) -> Iterator[re.Match[str]]:
    """Phrases after which a paper names its own thing, none within another."""
    place = end = 0
    for word in text.split(" "):  # far faster than to look for a phrase at every character
        if place >= end and word.strip(MARKS) in _FIRST:
            cue = _CUE.match(text, place + len(word) - len(word.lstrip(MARKS)))
            if cue is not None:
                end = cue.end()
                yield cue
        place += len(word) + 1


def _is_name(name: str, after: str, cue: str) -> bool:
    """Whether what follows a cue is a name: built like one, rare, or capitalised if called."""
    words = name.split()
    if _AFTER.match(after) or _general(name) or re.fullmatch("[A-Z]?[a-z]+-[a-z]+", words[0]):
        return False
    if _built(words[0]) and not _general(words[0]):
        return True
    if cue == "own" or not words[0][0].isupper():
        return False
    rare = rarity(words[:1])[0]
    if cue == "call":
        known = KNOWN if not _NOUN.match(after) else RARE  # called Gibbs sampling
        return all(word[0].isupper() for word in words) and (len(words) > 1 or rare >= known)
    alone = len(words) == 1 and re.match(r", (?:an?|the|our|which)\b", after) is not None
    return bool(rare >= (KNOWN if alone else RARE))


def _general(name: str) -> bool:
    """Whether a word is a term of the field, or begins with one (CNN-based, 3D-shape)."""
    folded = fold(name)
    if folded in GENERAL or folded.removesuffix("s") in GENERAL:
        return True
    head, _, tail = name.partition("-")
    if not tail:
        return False
    known = fold(head) in GENERAL and tail.isalpha() and tail.islower()
    return known or _AFTER.match(f"-{tail.split('-')[-1]}") is not None


def _trimmed(name: str) -> str:
    """A name without following words that are not built like the first."""
    words = name.split()
    if _built(words[0]) and not all(word[0].isupper() or _built(word) for word in words):
        return words[0]
    return name


def _apposed(match: re.Match[str], rest: str) -> bool:
    """Whether "a new method, X, ..." names X: not one of several things in a list."""
    name, before = match[1], rest[: match.start()]
    listed = re.search(r"[,(]|\b(?:such as|like|including|e\.g|and|or)\b", before[-60:])
    follows = re.match(r"\s?,? (?:and|or) ", rest[match.end() :])
    strong = _built(name) and not _general(name)
    return strong and listed is None and follows is None and not name[0].isdigit()


def _built(word: str) -> bool:
    """Whether a word is built like a name: a capital or a digit within, and letters."""
    inner = any(char.isupper() or char.isdigit() for char in word[1:])
    letters = sum(map(str.isalpha, word))
    good = letters > 1 or (letters == 1 and word[0].isupper())
    return inner and good and not re.fullmatch("[A-Z][a-z]+-[A-Z][a-z]+", word)


def _clean(text: str) -> str:
    text = _LATEX.sub(lambda match: match[1] or "", text)
    return re.sub(r"\s+", " ", text).strip()
