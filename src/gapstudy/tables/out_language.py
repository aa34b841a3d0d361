"""Contracts of the results on language: what papers, patents and products talk about."""

from __future__ import annotations

from gapstudy.tables.contract import Origin, Table, count, flag, text
from gapstudy.tables.out_common import NOTE, REGION, SPEC, VERSUS, estimate

THEMES = ("metrics", "customers", "law_ethics", "scaling", "monitoring", "governance")
KINDS = ("paper", "patent", "product")
_KIND = text("kind", "kind of text: title and abstract of a paper or patent, description of a "
                     "product", values=KINDS)  # fmt: skip
_THEME = text("theme", "what is talked about", values=THEMES)
_CORRECTION = text(
    "correction",
    "none, or rogan_gladen: the lexicon's errors, as the labelled test "
    "sentences show them, taken out",
    values=("none", "rogan_gladen"),
)
_FROM = (Origin("papers", {}), Origin("patents", {}), Origin("products", {}))

SHARE = Table(
    "out_language_share",
    "Share of sentences or texts that treat one theme.",
    "measure",
    (
        *SPEC,
        text("unit", "what is counted: sentence, or text with at least one such sentence",
             values=("sentence", "text")),
        _KIND, _THEME,
        text("source", "source of the texts; all: every source whose texts are the makers' own"),
        text("year", "year of the texts; all: every year of the window", form=r"all|\d{4}"),
        REGION, _CORRECTION,
        *estimate("share"),
        NOTE,
    ),
    ("scheme", "counting", "unit", "kind", "source", "theme", "region", "year", "correction"),
    _FROM,
)  # fmt: skip

DIFFERENCE = Table(
    "out_language_difference",
    "Difference of two shares of sentences that treat one theme, or its change per year.",
    "measure",
    (
        *SPEC,
        text("comparison", "kinds (of text), regions, or year (change of the share per year)",
             values=("kinds", "regions", "year")),
        _THEME, _KIND,
        text("versus_kind", "kind of text that is subtracted; the same where regions or years are "
                            "compared", values=KINDS),
        REGION, VERSUS, _CORRECTION,
        *estimate("difference of shares, or change per year", p_value=True),
        NOTE,
    ),
    ("scheme", "counting", "comparison", "theme", "kind", "versus_kind", "region", "versus",
     "correction"),
    (Origin("out_language_share", {"scheme": "scheme", "counting": "counting", "theme": "theme",
                                   "kind": "kind", "region": "region",
                                   "correction": "correction"}),
     Origin("out_language_share", {"scheme": "scheme", "counting": "counting", "theme": "theme",
                                   "versus_kind": "kind", "versus": "region",
                                   "correction": "correction"})),
)  # fmt: skip

QUALITY = Table(
    "out_language_quality",
    "How well the lexicon finds one theme, on labelled sentences and in texts from outside.",
    "measure",
    (
        text("sample", "labelled (sentences of this study) or outside (a reading of other texts, "
                       "of which only counts are kept)", values=("labelled", "outside")),
        text("split", "develop (served to mend the lexicon) or test", values=("develop", "test")),
        text("kind", "kind of text, or all", values=("all", *KINDS)),
        text("theme", "theme, or all", values=("all", *THEMES)),
        text("metric", "precision, recall, f1, specificity; carried (share of true sentences with "
                       "a word of the theme), sensitivity_carried and false_carried (share of hits "
                       "among true and other sentences with such a word); hit_right and "
                       "no_hit_right (share of outside sentences read that were right)"),
        *estimate("share"),
        NOTE,
    ),
    ("sample", "split", "kind", "theme", "metric"),
)  # fmt: skip

EXAMPLES = Table(
    "out_language_examples",
    "How often one pattern of the lexicon hit. Patterns only: texts are not repeated here.",
    "measure",
    (
        _KIND, _THEME,
        text("pattern", "the pattern as the lexicon writes it"),
        text("form", "lemma or form: what its words are compared with", values=("lemma", "form")),
        text("origin", "where the words are from"),
        count("sentences", "sentences that it hit"),
    ),
    ("kind", "theme", "pattern", "form"),
    _FROM,
)  # fmt: skip

TEXTS = Table(
    "out_language_texts",
    "Texts of one source: how many there are, and how many could be measured.",
    "measure",
    (
        _KIND,
        text("source", "the source"),
        count("texts", "rows of that source in the window"),
        count("with_text", "those with an abstract or description"),
        count("english", "of these, measured ones in English"),
        count("other_language", "of these, in other languages: counted here and not measured"),
        count("wordless", "of these, without a word"),
        count("sentences", "sentences of the English ones"),
        flag("measured", "whether the texts are the makers' own words and so are measured"),
        NOTE,
    ),
    ("kind", "source"),
    _FROM,
)  # fmt: skip

TABLES = (SHARE, DIFFERENCE, QUALITY, EXAMPLES, TEXTS)
