"""The correction, shares, differences and trends, and the tables from end to end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from gapstudy.measure.inputs import Inputs
from gapstudy.measure.language import correct, estimates, texts
from gapstudy.measure.language.correct import Measured
from gapstudy.measure.language.quality import Rates
from gapstudy.measure.language.tables import measured, results
from gapstudy.publish.figures import language as figure
from gapstudy.publish.figures import language_quality
from gapstudy.publish.theme import Size
from gapstudy.simulate.language import CORPORA, table
from gapstudy.study import Study
from gapstudy.tables import out_language
from gapstudy.tables.checks import validate

#: Where every sentence carries a word, the correction is that of Rogan and Gladen.
RATES = Rates(hits=80, carried=100, true=100, false_hits=10, false_carried=200)


def test_with_all_sentences_carriers_it_is_rogan_and_gladen() -> None:
    n, share = 400, 0.2
    hit = np.repeat([1.0, 0.0], [int(n * share), n - int(n * share)])[:, None]
    base = np.ones((n, 1))
    made = correct.corrected(correct.ratio(hit, base), correct.ratio(base, base), RATES)
    se, sp = 0.8, 0.95
    expected = (share + sp - 1) / (se + sp - 1)
    assert made.value[0] == pytest.approx(expected)
    # Their variance, with one success and one failure added to the counts of the labelled.
    s, q = 81 / 102, 11 / 202
    gap = se + sp - 1
    theirs = (
        share * (1 - share) / n + expected**2 * s * (1 - s) / 102
        + (1 - expected) ** 2 * q * (1 - q) / 202
    ) / gap**2  # fmt: skip
    carried = (expected * np.sqrt(101 / 102 * (1 / 102) / 102)) ** 2
    assert made.variance[0] == pytest.approx(theirs + carried, rel=1e-9)


def test_few_labels_or_a_lexicon_that_tells_nothing_apart_correct_nothing() -> None:
    assert correct.usable(RATES)
    assert not correct.usable(Rates(5, 6, 6, 0, 200))
    assert not correct.usable(Rates(50, 100, 100, 45, 100))
    assert not correct.usable(Rates(0, 100, 100, 0, 100))


def test_slopes_agree_with_least_squares_and_its_clustered_variance() -> None:
    import statsmodels.api as sm

    random = np.random.default_rng(3)
    n = 200
    base = random.integers(1, 9, n).astype(float)
    hits = random.binomial(base.astype(int), 0.3).astype(float)
    x = random.integers(2012, 2020, n).astype(float)
    cluster = random.integers(0, 30, n)
    made = correct.slope(hits[:, None], base[:, None], x, cluster)
    model = sm.WLS(hits / base, sm.add_constant(x - 2015), weights=base)
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": cluster, "use_correction": False})
    assert made.value[0] == pytest.approx(fit.params[1], abs=1e-12)
    assert made.variance[0] == pytest.approx(fit.bse[1] ** 2, rel=1e-9)


def test_a_slope_without_years_is_zero() -> None:
    ones = np.ones((3, 1))
    made = correct.slope(ones, ones, np.full(3, 2015.0), np.arange(3))
    assert made.value[0] == 0
    assert made.variance[0] == 0


def test_differences_know_what_both_sides_share() -> None:
    shared = Measured(np.array([0.4, 0.3]), np.array([[0.1, 0.1], [-0.1, -0.1]]))
    gap, error = shared.minus(0, 1)
    assert gap == pytest.approx(0.1)
    assert error == 0


@pytest.mark.parametrize("corpus", CORPORA, ids=lambda corpus: corpus.name)
def test_corrected_shares_recover_the_truth(corpus: Any) -> None:
    frame = table(corpus, 300, [7]).set_index(["estimator", "method"])
    fixed = frame.xs("rogan_gladen", level="method")
    assert (fixed["bias"].abs() < 4 * fixed["mc_error"]).all()
    assert (fixed["coverage_high"] > 0.93).all()
    assert (fixed["coverage_low"] < 0.98).all()
    if corpus.shares[0] != corpus.shares[1]:
        plain = frame.xs("uncorrected", level="method")
        assert (plain["coverage_high"] < 0.9).all()


def _frames(make: Any, source: str, count: int = 36) -> dict[str, pd.DataFrame]:
    """Papers that speak of metrics and products that speak of customers, in three regions."""
    papers, parties, products = [], [], []
    country = ("DE", "US", "CN")
    for i in range(count):
        date = f"{2014 + i % 6}-05-01"
        extra = "The GDPR asks for consent." if i % 6 == 0 else "The encoder has four layers."
        papers.append(make.paper(
            f"p{i}", date, title="A network", source=source,
            abstract=f"It outperforms strong baselines on two datasets. {extra}",
        ))  # fmt: skip
        where = country[i % 3]
        parties.append(make.party(f"p{i}", 1, where, organisation=f"lab {i % 18}", source=source))
        products.append(make.product(
            f"t{i}", date, where, source=source, organisation=f"firm {i % 18}",
            description="It draws pictures." if i % 4 else "Our customers save time every week.",
        ))  # fmt: skip
    products.append(make.product("cn", "2016-01-01", "CN", source=source, organisation="x",
                                 description="帮助客户节省时间的智能助手"))  # fmt: skip
    frames = {"papers": papers, "paper_affiliations": parties, "products": products}
    made = {name: pd.DataFrame(rows) for name, rows in frames.items()}
    for frame in (made["papers"], made["products"]):
        for column in ("date_from", "date_to"):
            frame[column] = pd.to_datetime(frame[column])
    return made


def _texts(frames: dict[str, pd.DataFrame], study: Study) -> list[texts.Texts]:
    from gapstudy.measure import cohort

    scheme = study.regions.scheme
    rows = cohort.parties(frames["papers"], frames["paper_affiliations"])
    return [
        texts.papers(frames["papers"], rows, scheme, study.regions.counting),
        texts.products(frames["products"], scheme, study.window),
    ]


def _one(frame: pd.DataFrame, **where: object) -> dict[str, Any]:
    rows = frame
    for column, value in where.items():
        rows = rows[rows[column] == value]
    assert len(rows) == 1, where
    return {str(name): value for name, value in rows.iloc[0].items()}


@pytest.fixture(scope="module")
def own(study: Study, make: Any) -> dict[str, pd.DataFrame]:
    frames = _frames(make, "arxiv")
    frames["products"]["source"] = "yc"
    return measured(_texts(frames, study), study)


def test_tables_keep_their_contracts(own: dict[str, pd.DataFrame]) -> None:
    for contract in out_language.TABLES:
        validate(contract, own[contract.name])
    assert set(own) == {contract.name for contract in out_language.TABLES}


def test_shares_are_those_of_the_texts(own: dict[str, pd.DataFrame]) -> None:
    shares = own["out_language_share"]
    head = {"unit": "sentence", "source": "all", "year": "all", "region": "all",
            "correction": "none"}  # fmt: skip
    assert _one(shares, kind="paper", theme="metrics", **head)["estimate"] == pytest.approx(1 / 3)
    sold = _one(shares, kind="product", theme="customers", **head)
    assert sold["estimate"] == pytest.approx(0.25)
    assert sold["n"] == 36
    assert sold["low"] < 0.25 < sold["high"]
    text = _one(shares, kind="paper", theme="metrics", **{**head, "unit": "text"})
    assert text["estimate"] == 1
    german = {**head, "region": "EU", "kind": "paper", "theme": "law_ethics"}
    assert _one(shares, **german)["estimate"] == pytest.approx(1 / 6)


def test_differences_and_trends_are_tested(own: dict[str, pd.DataFrame]) -> None:
    gaps = own["out_language_difference"]
    kinds = {"comparison": "kinds", "kind": "paper", "versus_kind": "product", "region": "all",
             "correction": "none"}  # fmt: skip
    metrics = _one(gaps, theme="metrics", **kinds)
    assert metrics["estimate"] == pytest.approx(1 / 3)
    assert metrics["p_value"] < 0.05
    assert _one(gaps, theme="customers", **kinds)["estimate"] == pytest.approx(-0.25)
    regions = _one(gaps, comparison="regions", kind="paper", theme="law_ethics", versus="US",
                   correction="none")  # fmt: skip
    assert regions["estimate"] == pytest.approx(1 / 6)
    trend = _one(gaps, comparison="year", kind="paper", theme="law_ethics", region="all",
                 correction="none")  # fmt: skip
    # All of them stand in the first of six years.
    assert trend["estimate"] == pytest.approx(-2.5 / 17.5 / 3, rel=1e-9)
    assert trend["high"] < 0
    flat = _one(gaps, comparison="year", kind="paper", theme="metrics", region="all",
                correction="none")  # fmt: skip
    assert np.isnan(flat["estimate"])
    assert flat["note"]


def test_no_hit_is_no_certainty(own: dict[str, pd.DataFrame]) -> None:
    shares = own["out_language_share"]
    none = shares[(shares["kind"] == "paper") & (shares["theme"] == "monitoring")
                  & (shares["source"] == "all") & (shares["region"] == "all")
                  & (shares["unit"] == "sentence") & (shares["year"] == "all")]  # fmt: skip
    assert len(none) == 2
    assert (none["estimate"] == 0).all()
    assert (none["high"] > 0.01).all()


def test_chinese_texts_are_counted_and_not_measured(own: dict[str, pd.DataFrame]) -> None:
    row = _one(own["out_language_texts"], kind="product")
    assert (row["texts"], row["english"], row["other_language"]) == (37, 36, 1)


def test_patterns_are_counted_without_any_text(own: dict[str, pd.DataFrame]) -> None:
    rows = own["out_language_examples"]
    assert _one(rows, kind="paper", pattern="outperform")["sentences"] == 36
    assert not rows["pattern"].str.contains("datasets").any()


def test_texts_that_are_not_the_makers_own_give_no_number(study: Study, make: Any) -> None:
    made = measured(_texts(_frames(make, "landmark"), study), study)
    for name in ("out_language_share", "out_language_difference"):
        assert len(made[name])
        assert made[name]["estimate"].isna().all()
        assert made[name]["note"].str.contains("makers' own words").all()
    counts = made["out_language_texts"]
    assert not counts["measured"].any()
    assert counts["note"].str.contains("written by this study").all()
    for contract in out_language.TABLES:
        validate(contract, made[contract.name])


def test_a_source_that_is_not_known_is_not_measured() -> None:
    assert texts.why_not("something_new") == "not known whose words they are"
    assert texts.why_not("arxiv") == ""


def test_one_organisation_gives_no_interval(study: Study, make: Any) -> None:
    frames = _frames(make, "arxiv")
    frames["paper_affiliations"]["organisation"] = "the only lab"
    shares = measured(_texts(frames, study), study)["out_language_share"]
    papers = shares[(shares["kind"] == "paper") & (shares["region"] == "all")]
    assert papers["estimate"].isna().all()
    assert (papers["note"] != "").all()


def test_patents_are_taken_by_family_and_applicant(study: Study) -> None:
    day = pd.Timestamp(study.window.start) + pd.Timedelta(days=400)
    frame = pd.DataFrame(
        {
            "patent_id": ["EP1A1", "US1A1", "US2A1"], "title": "t", "abstract": "An abstract.",
            "family_first": [True, False, True], "source": "epo_ops",
            "priority_date_from": [day, day, pd.NaT], "priority_date_to": [day, day, pd.NaT],
            "publication_date_from": day, "publication_date_to": day,
        }
    )  # fmt: skip
    parties = pd.DataFrame(
        {
            "patent_id": ["EP1A1", "EP1A1"], "role": ["applicant", "inventor"], "position": [1, 1],
            "name": ["Firm", "Person"], "organisation_id": None, "country": ["FR", "US"],
        }
    )  # fmt: skip
    made = texts.patents(frame, parties, study.regions.scheme, "whole", study.window)
    assert made.kind == "patent"
    assert made.frame["id"].tolist() == ["EP1A1", "US2A1"]
    assert made.weight[:, [0, 1, 4, 5]].tolist() == [[1, 0, 0, 1], [0, 0, 1, 1]]
    assert made.frame["organisation"].tolist() == ["firm", ""]


def test_the_study_gives_every_table(tables: dict[str, pd.DataFrame], study: Study) -> None:
    made = results(Inputs.of(tables, study), study)
    for contract in out_language.TABLES:
        validate(contract, made[contract.name])


def test_the_same_texts_give_the_same_rows(own: dict[str, pd.DataFrame], study: Study,
                                           make: Any) -> None:  # fmt: skip
    frames = _frames(make, "arxiv")
    frames["products"]["source"] = "yc"
    frames = {name: frame.sample(frac=1, random_state=1) for name, frame in frames.items()}
    again = measured(_texts(frames, study), study)
    for contract in out_language.TABLES:
        one, two = (validate(contract, made[contract.name]) for made in (own, again))
        pd.testing.assert_frame_equal(one, two, rtol=1e-9)


def test_figures_are_drawn(own: dict[str, pd.DataFrame]) -> None:
    shares = own["out_language_share"].dropna(subset=["estimate"])
    rows = shares[(shares["unit"] == "sentence") & (shares["source"] == "all")
                  & (shares["year"] == "all") & (shares["correction"] == "none")
                  & shares["region"].isin(["EU", "US", "CN", "all"])]  # fmt: skip
    quality = own["out_language_quality"]
    found = quality[(quality["split"] == "test") & (quality["kind"] == "all")
                    & quality["metric"].isin(["precision", "recall"])]  # fmt: skip
    for module, frame in ((figure, rows), (language_quality, found)):
        assert "metrics and benchmarks" in module.alt(frame)
        module.draw(frame, Size(3.72, module.HEIGHTS[1], narrow=True)).draw()


def test_clusters_fewer_than_five_are_said() -> None:
    assert "organisations" in estimates._too_few(100, 4, 10)
    assert "fewer than 10 texts" in estimates._too_few(9, 9, 10)
    assert estimates._too_few(10, 5, 10) == ""
