"""The questionnaire: names that cannot be mixed up, answers in every form, its codebook."""

import csv
import io
import tomllib
from importlib.resources import files

import pytest

from gapstudy.errors import StudyError
from gapstudy.survey import questionnaire as model
from gapstudy.survey.questionnaire import STAGES, fold, questionnaire

FORM = questionnaire()


def test_every_stage_has_barriers() -> None:
    assert {item.stage for item in FORM.barriers} == set(STAGES)


def test_codes_suit_limesurvey() -> None:
    for item in FORM.items:
        assert item.code.isalnum()
        assert item.code[0].isalpha()
        assert all(answer.code.isalnum() and len(answer.code) <= 5 for answer in item.answers)


@pytest.mark.parametrize("item", FORM.items, ids=lambda item: item.name)
def test_every_answer_is_read_by_code_name_and_label(item: model.Item) -> None:
    for answer in item.answers:
        for text in (answer.code, answer.name, answer.label.upper(), f" {answer.label}. "):
            assert item.read(text) == answer.name


@pytest.mark.parametrize(
    ("item", "text", "read"),
    [
        ("country", "germany", "DE"), ("country", "us", "US"), ("country", "Atlantis", None),
        ("year", "2024", "2024"), ("year", "2024.5", None), ("year", "1999", None),
        ("production_share", "12,5 %", "12.5"), ("production_share", "101", None),
        ("production_share", "many", None), ("law_clarity", "4.0", "4"), ("law_clarity", "6", None),
        ("role", "-oth-", "other"), ("size", "-oth-", None), ("role", "I am Jane Doe", None),
        ("production_share", "-1", None),
    ],
)  # fmt: skip
def test_answers(item: str, text: str, read: str | None) -> None:
    assert FORM.item(item).read(text) == read


def test_codebook_holds_every_item_and_answer() -> None:
    rows = list(csv.DictReader(io.StringIO(model.codebook_csv(FORM))))
    assert [row["item"] for row in rows] == [item.name for item in FORM.items]
    text = model.codebook_markdown(FORM) + model.as_text(FORM)
    assert all(item.text in text and item.code in text for item in FORM.items)
    assert next(row for row in rows if row["item"] == "consent")["kept"] == "no"


def data() -> dict[str, object]:
    path = files("gapstudy.survey") / "questionnaire.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("change", "message"),
    [({"code": "role"}, "share"), ({"stage": "sales"}, "stage"), ({"text": "Role"}, "share")],
)
def test_mixed_up_names_are_refused(change: dict[str, str], message: str) -> None:
    rows = data()
    rows["barrier"][0] |= change  # type: ignore[index]  # a list of tables
    with pytest.raises(StudyError, match=message):
        model.from_data(rows)


def test_fold_keeps_what_tells_answers_apart() -> None:
    assert fold("250+") != fold("250")
