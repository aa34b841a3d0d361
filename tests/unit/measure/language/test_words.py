"""The lexicon, the matcher, the language check, and what one text talks about."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.errors import StudyError
from gapstudy.measure.language import KINDS, THEMES, annotate, lexicon, quality
from gapstudy.measure.language.matching import Patterns, Token, beginnings
from gapstudy.measure.language.tongue import tongue

MODEL = "en_core_web_sm"
SOURCES = {"birhane2022", "paleyes2022", "nist_ai_rmf", "ai_act", "gdpr"}


def _themes(text: str) -> set[str]:
    (said,) = annotate.annotate([text], MODEL)
    return {theme for theme, hits in zip(THEMES, said.hit, strict=True) if hits}


def test_the_lexicon_names_its_sources_and_can_be_searched() -> None:
    rows = lexicon.rows()
    assert {row.theme for row in rows if row.use == "hit"} == set(THEMES)
    for row in rows:
        assert row.source in SOURCES or row.source.startswith("own: "), row
        assert row.words(), f"no word to find {row.pattern!r} by"


def test_a_question_mark_inside_a_choice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = {"theme": "metrics", "use": "hit", "kind": "lemma", "pattern": "new?|old law",
           "source": "own: test", "note": ""}  # fmt: skip
    monkeypatch.setattr("csv.DictReader", lambda _: [bad])
    lexicon.rows.cache_clear()
    try:
        with pytest.raises(StudyError, match="not valid"):
            lexicon.rows()
    finally:
        monkeypatch.undo()
        lexicon.rows.cache_clear()


def test_labelled_sentences_are_many_and_split_by_their_hash() -> None:
    frame = quality.labelled()
    assert len(frame) >= 400
    assert frame["text"].is_unique
    assert frame["sentence_id"].is_unique
    assert set(frame["kind"]) == set(KINDS)
    assert (frame["split"] == "test").sum() >= 200
    for text, split in zip(frame["text"], frame["split"], strict=True):
        number = int(hashlib.sha256(text.encode()).hexdigest(), 16)
        assert split == ("develop" if number % 100 < 42 else "test")
    near = frame["note"].str.removeprefix("near miss: ")
    for theme in THEMES:
        assert frame[theme].isin([0, 1]).all()
        assert not frame.loc[near == theme, theme].any(), "a near miss cannot treat its theme"
        assert frame.loc[frame["split"] == "test", theme].sum() >= 15
        assert (near[frame["split"] == "test"] == theme).sum() >= 10


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The parser outperforms two strong baselines.", {"metrics"}),
        ("Our shop owners earn more revenue.", {"customers"}),
        ("Fines under the GDPR worry hospitals.", {"law_ethics"}),
        ("The service answers at low latency under heavy load.", {"scaling"}),
        ("An observability tool for language models.", {"monitoring"}),
        ("Every release leaves an audit trail.", {"governance"}),
        # Negation does not undo a theme.
        ("This method does not scale to long documents.", {"scaling"}),
        ("No benchmark exists for this task.", {"metrics"}),
        # Titles in capitals.
        ("Benchmarks and Leaderboards Considered Harmful For Science", {"metrics", "law_ethics"}),
        # Other meanings.
        ("We prove a law of large numbers for weakly dependent sums.", set()),
        ("The scaling of the image is undone by the decoder.", set()),
        ("The governing equations are linear.", set()),
        ("Nurses look at a monitor beside the bed.", set()),
        ("A voltage regulator keeps the output stable.", set()),
        ("", set()),
        ("12345 !!!", set()),
    ],
)
def test_themes_of_a_sentence(text: str, expected: set[str]) -> None:
    assert _themes(text) == expected


def test_patterns_fit_lemmas_forms_gaps_numbers_and_options() -> None:
    def token(lower: str, lemma: str = "", pos: str = "NOUN", number: bool = False) -> Token:
        return Token(lower, frozenset((lower, lemma or lower)), pos, number)

    def found(pattern: str, tokens: list[Token], kind: Any = "lemma") -> list[tuple[int, int]]:
        row = lexicon.Row("metrics", "hit", kind, pattern, "own: test")
        return [tuple(span) for _, *span in Patterns([(0, row)]).find(tokens)]  # type: ignore[misc]

    scores = [token("it", pos="PRON"), token("scored", "score", "VERB"), token("about"),
              token("90", pos="NUM", number=True), token(".", pos="PUNCT")]  # fmt: skip
    assert found("score/V .. #", scores) == [(1, 4)]
    assert found("score/N", scores) == []
    assert found("score", scores, "form") == []
    assert found("scored", scores, "form") == [(1, 2)]
    assert found("it really? score", scores) == [(0, 2)]
    stopped = [token("score", pos="VERB"), token("."), token("90", pos="NUM", number=True)]
    assert found("score .. #", stopped) == []
    far = [token("score"), *[token("so")] * (lexicon.GAP + 1), token("9", number=True)]
    assert found("score .. #", far) == []


def test_words_are_found_by_their_beginnings() -> None:
    assert {"monitor", "monitoring"} <= beginnings("monitoring")
    assert lexicon.stem("evaluate") in beginnings("evaluating")
    assert lexicon.stem("policy") in beginnings("policies")
    assert "sell" in beginnings("sold", ["sell"])


def test_the_loose_search_loses_nothing() -> None:
    frame = quality.labelled()
    with_ = annotate.machine(MODEL)
    _, hit = annotate.sentences(frame["text"], MODEL)
    documents = with_.tagger.pipe(map(annotate._plain_case, frame["text"]))
    for i, document in enumerate(documents):
        every = with_.find([annotate._tagged(token) for token in document])
        assert [bool(rows) for rows in every] == hit[i].tolist(), frame["text"][i]


def test_a_text_is_annotated_alike_alone_and_among_others() -> None:
    texts = [
        " ".join(part) for part in np.array_split(quality.labelled()["text"].to_numpy()[:60], 12)
    ]
    texts += ["", "模型在三个基准上取得了最好的结果。", "x" * 30_000]
    together = list(annotate.annotate(texts, MODEL))
    for text, said in zip(texts, together, strict=True):
        (alone,) = annotate.annotate([text], MODEL)
        assert alone.language == said.language
        assert alone.sentences == said.sentences
        assert alone.hit.tolist() == said.hit.tolist()
        assert alone.carry.tolist() == said.carry.tolist()
        assert alone.patterns == said.patterns
        assert (said.hit <= said.carry).all()
        assert (said.carry <= said.sentences).all()


def test_other_languages_are_counted_apart() -> None:
    texts = [
        "该模型在多个基准测试中优于所有基线，并且已经在生产环境中部署。",
        "Das Verfahren übertrifft alle bisherigen Ansätze auf drei Datensätzen deutlich.",
        "Cette méthode améliore la précision et respecte la protection des données.",
        "???",
    ]
    said = list(annotate.annotate(texts, MODEL))
    assert [one.language for one in said] == ["other", "other", "other", "none"]
    assert all(one.sentences == 0 and not one.hit.any() for one in said)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("We show that the method works.", "en"),
        ("GPT-4o mini", "en"),
        ("Transformer-XL", "en"),
        ("使用 transformer 的翻译模型", "other"),
        ("El modelo supera a los demás en todas las pruebas.", "other"),
        ("Модель превосходит все остальные", "other"),
        ("", "none"),
    ],
)
def test_language_of_a_text(text: str, language: str) -> None:
    assert tongue(text) == language


@given(st.text(max_size=80))
def test_any_text_has_an_answer(text: str) -> None:
    assert tongue(text) in {"en", "other", "none"}


def test_a_model_that_is_not_installed_is_named() -> None:
    with pytest.raises(StudyError, match="xx_none"):
        annotate.Machine("xx_none")


def test_quality_on_the_test_sentences_stays() -> None:
    frame = quality.table(MODEL, 0.95)
    test = frame[(frame["sample"] == "labelled") & (frame["split"] == "test")]
    every = test[(test["kind"] == "all") & (test["metric"] == "f1")].set_index("theme")
    assert (every["estimate"] >= 0.8).all()
    known = frame.dropna(subset=["estimate"])
    assert ((known["low"] <= known["estimate"]) & (known["estimate"] <= known["high"])).all()
    outside = frame[(frame["sample"] == "outside") & (frame["kind"] == "all")]
    assert set(outside["metric"]) == {"hit_right", "no_hit_right"}
    assert outside.loc[outside["metric"] == "hit_right", "n"].item() == 55
