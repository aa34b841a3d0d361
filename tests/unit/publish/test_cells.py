"""What a page's cells give."""

import re
from types import ModuleType

import pytest
from lxml import html

from gapstudy import publish
from gapstudy.errors import UnknownNameError
from gapstudy.publish import cells
from gapstudy.publish.results import Results

ALL = ("comparisons", "freshness", "reasons", "rules")


def _text(made: object) -> str:
    return " ".join(str(html.fromstring(f"<div>{made}</div>").text_content()).split())


@pytest.mark.usefixtures("page")
def test_number_is_traceable() -> None:
    made = publish.number("conversion-5y-EU", n=True)
    span = html.fromstring(str(made))
    assert span.get("data-number") == "conversion-5y-EU"
    assert span.get("title") == "trace: gapstudy trace conversion-5y-EU"
    assert _text(made) == "22% (13% to 31%) n = 60"
    assert _text(publish.number("conversion-5y-EU", interval=False)) == "22%"
    assert _text(publish.number("conversion-5y-EU-minus-US")) == "−12 points (−23 to −1)"


@pytest.mark.usefixtures("page")
def test_a_missing_number_says_so() -> None:
    assert _text(publish.number("conversion-10y-all-threshold")) == "not estimable"


@pytest.mark.usefixtures("page")
def test_a_wrong_name_is_an_error_with_the_right_one() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'conversion-5y-"):
        publish.number("conversion-5y-UE")
    with pytest.raises(UnknownNameError, match="out_convrsion"):
        publish.table("out_convrsion", {"region": "Region"})
    with pytest.raises(UnknownNameError, match="regon"):
        publish.table("out_conversion", {"region": "Region"}, where={"regon": "EU"})
    with pytest.raises(UnknownNameError, match="incidnce"):
        publish.figure("incidnce")
    with pytest.raises(UnknownNameError, match=r"window\.cutof"):
        publish.study_text("window.cutof")
    with pytest.raises(UnknownNameError, match="C44"):
        publish.verdict("C44")


@pytest.mark.usefixtures("empty_page")
def test_without_tables_every_cell_says_no_data() -> None:
    assert _text(publish.number("anything")) == "no data yet"
    assert _text(publish.verdict("C4")) == "no data yet"
    assert "No data" in _text(publish.table("out_conversion", {"region": "Region"}))
    assert "No data" in _text(publish.scorecard({}))
    assert "Not enough data" in _text(publish.figure("conversion"))
    for name in ("comparisons", "freshness", "reasons"):
        assert "No data" in _text(getattr(publish, name)())


@pytest.mark.usefixtures("page")
def test_table_takes_the_headline_and_names_its_numbers() -> None:
    made = publish.table(
        "out_conversion",
        {"region": "Region", "horizon": "Within", "estimate": "Share"},
        where={"region": ["US", "EU"]},
    )
    tree = html.fromstring(str(made))
    rows = [
        [_text(html.tostring(cell).decode()) for cell in row] for row in tree.xpath("//tbody/tr")
    ]
    assert [row[0] for row in rows] == ["US", "US", "US", "EU", "EU", "EU"]
    assert rows[4] == ["EU", "5 years", "22% (13% to 31%)"]
    assert tree.xpath("//tbody/tr[5]/td[2]/span/@data-number") == ["conversion-5y-EU"]
    assert tree.xpath("//a/@href") == ["data/out_conversion.csv"]
    assert tree.xpath("//table/@data-quarto-disable-processing") == ["true"]


@pytest.mark.usefixtures("page")
def test_table_limits_sorts_and_leaves_out_empty_notes() -> None:
    made = publish.table(
        "out_link_model",
        {"feature": "Feature", "coefficient": "b"},
        sort=("-coefficient",),
        limit=1,
    )
    assert "The first 1 of 2 rows." in _text(made)
    assert "name found" in _text(made)
    noted = publish.table("out_rmst", {"region": "Region", "note": "Note"})
    assert "Note" not in _text(noted)


@pytest.mark.usefixtures("page")
def test_text_from_outside_is_shown_as_text(synthetic: ModuleType) -> None:
    attack = synthetic.ATTACK
    shown = [
        publish.freshness(),
        publish.reasons(),
        publish.table("quarantine", {"reason": "Reason"}),
        publish.table("out_link_errors", {"paper_id": "Result", "reason": "Reason"}),
        publish.table("sources", {"title": "Source", "note": "Note"}),
    ]
    for made in shown:
        source = str(made)
        assert attack in _text(made)
        assert not re.search(r"<script|<img|\{\{|`|\$", source)


@pytest.mark.usefixtures("page")
def test_scorecard_has_every_claim_and_traceable_numbers(results: Results) -> None:
    made = html.fromstring(str(publish.scorecard({
        "C4": ("conversion-5y-{region}", "share within five years"),
        "C6": ("data-scale-log10-ratio-all", "powers of ten"),
        "C9": ("no-such-number-{region}", "nothing"),
    })))  # fmt: skip
    table = made.xpath("//table")[0]
    assert table.xpath(".//tbody/tr/@data-claim") == [f"C{i}" for i in range(1, 10)]
    c4 = table.xpath(".//tr[@data-claim='C4']")[0]
    assert c4.xpath(".//@data-number") == [f"conversion-5y-{r}" for r in ("EU", "US", "CN")]
    assert set(table.xpath(".//@data-number")) <= set(results.numbers)
    for cell in table.xpath(".//tbody//td[@data-label]"):
        outside = "".join(cell.xpath(".//text()[not(ancestor::*[@data-number])]"))
        assert not re.search(r"\d", outside)


@pytest.mark.usefixtures("page")
def test_study_text() -> None:
    assert _text(publish.study_text("window.cutoff")) == "31 December 2025"
    assert _text(publish.study_text("measurement.confidence")) == "95%"
    assert _text(publish.study_text("measurement.horizons")) == "3, 5, 10"
    assert _text(publish.study_text("regions.europe")) == "EU27"


def test_root_is_found_upwards(study: object, monkeypatch: pytest.MonkeyPatch) -> None:
    from pathlib import Path

    assert isinstance(study, Path)
    (study / "deep").mkdir(exist_ok=True)
    monkeypatch.delenv(cells.ROOT, raising=False)
    monkeypatch.chdir(study / "deep")
    assert cells.study_root() == study


def test_no_module_hides_a_cell_of_its_name() -> None:
    """Importing a module sets it on its package, in the place of a function of the same name."""
    from pkgutil import iter_modules

    assert {item.name for item in iter_modules(publish.__path__)}.isdisjoint(publish.__all__)


@pytest.mark.parametrize("name", ALL)
def test_every_public_cell_is_importable(name: str) -> None:
    assert callable(getattr(publish, name))
    assert name in publish.__all__
