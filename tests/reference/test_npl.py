"""Citations on the data of others, where they are here; the tools everywhere."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gapstudy.link import intext, teams
from gapstudy.link.citations import parse

from . import npl, npl_intext, npl_teams

here = pytest.mark.skipif(
    not (npl.REFERENCE / npl.STRINGS).exists(), reason="the data sets of others are not here"
)


def _paper() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "title": ["Folding of paper boats"], "people": ["Jane Doe;Adam Roe"], "doi": [""],
            "date_from": ["2005-01-01"], "venue": ["Odd Boats"], "volume": ["3"],
            "pages": ["112-118"],
        }
    )  # fmt: skip


def test_written_citations_can_be_read() -> None:
    strings = npl.written(pd.concat([_paper()] * 300, ignore_index=True), np.random.default_rng(1))
    assert strings == npl.written(
        pd.concat([_paper()] * 300, ignore_index=True), np.random.default_rng(1)
    )
    read = parse(strings)
    assert (read["title"] == "Folding of paper boats").mean() > 0.6
    assert (read["year"] == 2005).mean() > 0.8
    assert (read["page_first"] == "112").mean() > 0.7


def test_what_dois_tell() -> None:
    doi = "10.1073/pnas.88.10.4186"
    told = [hit.groupdict() for rule in npl.TOLD if (hit := rule.match(doi))]
    assert told == [{"volume": "88", "issue": "10", "page_first": "4186"}]


def test_without_the_data_sets_the_scripts_say_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(npl, "REFERENCE", tmp_path)
    monkeypatch.setattr(npl_intext, "PASSAGES", tmp_path / "nowhere")
    assert npl.main([]) == 2
    assert npl_intext.main() == 2
    assert capsys.readouterr().err.count("not there") == 2


@here
def test_fields_agree_with_what_dois_tell() -> None:
    counts = npl.fields()
    for name, least in (("volume", 0.97), ("page_first", 0.95), ("year", 0.97), ("issue", 0.8)):
        right, n = counts[name]
        assert n >= 20
        assert right / n >= least, name


@here
def test_real_strings_are_literature_with_a_year() -> None:
    read = parse(npl.real()["npl_biblio"]).drop_duplicates("row")
    assert read["year"].notna().mean() > 0.95
    assert (
        read["kind"].isin({"patent", "office_action", "search_report", "court", "none"}).sum() == 0
    )


@here
def test_weights_of_signs_are_those_of_the_fit() -> None:
    texts, truth = npl_intext.passages()
    fitted = npl_intext.fit(intext.signs(texts).to_numpy(), truth)
    assert np.abs(fitted.coef_[0] - list(intext.WEIGHTS.values())).max() < 0.05
    called = npl_intext.crossed(intext.signs(texts).to_numpy(), truth) >= 0.5
    right = (called & truth).sum()
    assert 2 * right / (called.sum() + truth.sum()) > 0.9


def test_weights_of_content_and_time_are_those_of_the_fit() -> None:
    seen, truth, _, _ = npl_teams.pairs()
    weights, base = npl_teams.fit(seen, truth)
    assert weights == {name: teams.WEIGHTS[name] for name in npl_teams.FITTED}
    assert base == teams.BASE
