"""The import: four tools, one result; nothing personal is kept; everything left out is counted."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapstudy.errors import UsageError
from gapstudy.survey.exports import TOOLS, Tool
from gapstudy.survey.importer import COLUMNS, Imported, clean
from gapstudy.survey.questionnaire import questionnaire
from gapstudy.survey.synthetic import export, responses

FORM = questionnaire()
MADE = responses(FORM, 60, 5)


def plain(*lines: str, tool: Tool = "auto") -> Imported:
    return clean(("\n".join(lines) + "\n").encode(), FORM, tool, "answers.csv")


@pytest.mark.parametrize("tool", TOOLS)
def test_each_tool_gives_the_same_answers(tool: Tool) -> None:
    found = clean(export(FORM, MADE, tool, 5), FORM)
    assert found.tool == tool
    assert found.stored() == clean(export(FORM, MADE, "csv", 5), FORM).stored()
    assert (found.responses, len(found.respondents), found.absent) == (60, 60, ())
    assert not found.problems
    wanted = sorted(sorted((k, v) for k, v in one.items() if k != "consent") for one in MADE)
    kept = [sorted((k, v) for k, v in one.items() if k != "month") for one in found.respondents]
    assert sorted(kept) == wanted


@pytest.mark.parametrize("tool", TOOLS)
def test_nothing_personal_is_kept(tool: Tool) -> None:
    found = clean(export(FORM, MADE, tool, 5), FORM)
    text = found.stored().decode()
    for part in ("example.org", "192.0.2", "Call me", ":15:", "R_1,", "+00"):
        assert part not in text
    assert "comment" in found.dropped


def test_synthetic_is_said_everywhere() -> None:
    found = clean(export(FORM, MADE, "csv", 5), FORM)
    assert found.synthetic
    assert found.file_name.startswith("synthetic-")
    rows = list(csv.DictReader(io.StringIO(found.stored().decode())))
    assert all(row["synthetic"] == "yes" for row in rows)
    assert all(row["respondent_id"].startswith("synthetic-") for row in rows)
    assert not plain("role,law_clarity", "research,4").synthetic
    named = clean(b"role,law_clarity\nresearch,4\n", FORM, name="my synthetic file.csv")
    assert named.synthetic


def test_synthetic_and_real_rows_in_one_file_are_refused() -> None:
    with pytest.raises(UsageError, match="synthetic"):
        plain("law_clarity,synthetic", "4,yes", "3,no")


def test_bad_answers_are_counted_without_their_text() -> None:
    found = plain("role,LAWE1,size,DATA1", "Jane Doe,4,1 to 9,2", "research,11,mail@example.org,3")
    assert [(p.row, p.item) for p in found.problems] == [
        (2, "role"), (3, "law_clarity"), (3, "size"),
    ]  # fmt: skip
    stored = found.stored().decode()
    assert "Jane" not in stored
    assert "mail@" not in stored
    assert stored.count("none of the answers") == 3


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (("consent,law_clarity", "no,4", ",4"), "no consent"),
        (("id,law_clarity", "7,4", "7,5"), "a repetition of an earlier response"),
        (("Timestamp,law_clarity", "2026/01/02 3:04:05,4", "2026/01/02 3:04:05,4"),
         "a repetition of an earlier response"),
        (("id,submitdate,law_clarity", "1,,4", "2,1980-01-01 00:00:00,4"), "not finished"),
        (("Finished,law_clarity", "False,4"), "not finished"),
        (("Status,law_clarity", "Survey Preview,4"), "a preview, not a response"),
        (("role,law_clarity", "research,"), "no answer to any question"),
        (("role,law_clarity", "research,4,x"),
         "more cells than columns: a separator or quote is wrong"),
    ],
)  # fmt: skip
def test_whole_responses_left_out(lines: tuple[str, ...], reason: str) -> None:
    found = plain(*lines)
    assert {problem.reason for problem in found.problems} == {reason}
    assert found.responses == len(found.respondents) + len(found.problems)


def test_equal_answers_alone_are_no_repetition() -> None:
    assert len(plain("role,law_clarity", "research,4", "research,4").respondents) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no header"), ("name,e-mail\nJane,jane@example.org\n", "no column"),
        ("role,country\nresearch,DE\n", "no column"),
        ("law_clarity,LAWE1\n4,4\n", "two columns"),
    ],
)  # fmt: skip
def test_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        clean(text.encode(), FORM)


def test_qualtrics_without_its_header_rows_is_refused() -> None:
    with pytest.raises(UsageError, match="three header rows"):
        plain("law_clarity", "4", tool="qualtrics")


def test_other_encodings() -> None:
    text = "role\tlaw_clarity\nresearch\t4\n"
    assert clean(text.encode("utf-16"), FORM).respondents == clean(text.encode(), FORM).respondents
    with pytest.raises(UsageError, match="UTF-8"):
        clean("role,law_clarity\ncafé,4\n".encode("latin-1"), FORM)


SECRET = st.text(min_size=4, max_size=30).filter(
    lambda text: sum(char.isalpha() for char in text) > 3
)


@given(
    st.lists(st.tuples(st.sampled_from("123459"), SECRET, SECRET), min_size=1, max_size=8),
    st.sampled_from((",", ";", "\t")),
)
def test_free_text_never_gets_through(rows: list[tuple[str, str, str]], mark: str) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=mark)
    writer.writerow(["Please tell us more", "LAWE1", "role"])
    writer.writerows([(f"§{note}", point, f"§{role}") for point, note, role in rows])
    found = clean(buffer.getvalue().encode("utf-8", "replace"), FORM)
    lines = list(csv.reader(io.StringIO(found.stored().decode())))
    assert tuple(lines[0]) == COLUMNS
    assert len(found.respondents) == found.responses == len(rows)
    assert "§" not in found.stored().decode()
    assert sorted(one["law_clarity"] for one in found.respondents) == sorted(
        "na" if point == "9" else point for point, _, _ in rows
    )
    assert found.reasons.total() == len(rows)  # no role is one of the list


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        found = clean(body, FORM)
    except UsageError:
        return
    assert found.stored().startswith(",".join(COLUMNS).encode())


@given(st.permutations(range(12)))
def test_order_of_the_export_leaves_no_trace(order: list[int]) -> None:
    whole = clean(export(FORM, MADE[:12], "csv", 5), FORM)
    lines = export(FORM, MADE[:12], "csv", 5).decode().splitlines()
    mixed = "\n".join([lines[0], *(lines[1 + at] for at in order)]) + "\n"
    assert clean(mixed.encode(), FORM).stored() == whole.stored()


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    again = export(FORM, responses(FORM, 60, 5), "google", 5)
    assert again == export(FORM, MADE, "google", 5)
    with pytest.raises(UsageError, match="no export"):
        export(FORM, MADE, "auto", 5)
