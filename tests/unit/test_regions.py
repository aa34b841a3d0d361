"""Countries, regions at a date, and counting."""

import datetime as dt

import pandas as pd
import pycountry
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gapstudy.errors import UsageError
from gapstudy.regions import (
    ALL_SCHEMES,
    EU27,
    REGIONS,
    Counting,
    RegionScheme,
    add_region,
    country_code,
    credit,
    is_code,
    is_member,
)

CODES = sorted(country.alpha_2 for country in pycountry.countries)
DAYS = st.dates(dt.date(1950, 1, 1), dt.date(2030, 12, 31))
fixed = settings(derandomize=True, database=None, deadline=None, max_examples=60)


@pytest.mark.parametrize("code", CODES)
def test_every_iso_code_and_name_leads_to_its_code(code: str) -> None:
    country = pycountry.countries.get(alpha_2=code)
    assert country
    assert is_code(code)
    for name in (code, code.lower(), country.alpha_3, country.name, f"  {country.name.upper()} "):
        assert country_code(name) == code, name


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("EL", "GR"), ("UK", "GB"), ("U.K.", "GB"), ("England", "GB"), ("USA", "US"),
        ("U.S.", "US"), ("United  States", "US"), ("the United States", "US"), ("PRC", "CN"),
        ("Peoples Republic of China", None), ("People's Republic of China", "CN"), ("中国", "CN"),
        ("P.R. China.", "CN"), ("Hong Kong, China", "HK"), ("香港", "HK"), ("Macau", "MO"),
        ("Taiwan", "TW"), ("台灣", "TW"), ("Chinese Taipei", "TW"), ("South Korea", "KR"),
        ("Korea (South)", "KR"), ("Türkiye", "TR"), ("Czech Republic", "CZ"), ("Holland", "NL"),
        ("ＧＥＲＭＡＮＹ", "DE"), ("Deutschland;", "DE"), ("kosovo", "XK"),
    ],
)  # fmt: skip
def test_messy_names(name: str, code: str | None) -> None:
    assert country_code(name) == code


@pytest.mark.parametrize(
    "name", ["", None, " ", "EU", "EU27", "Multinational", "Europe", "Germny", "Germany, France"]
)
def test_what_is_not_one_country_stays_unknown(name: str | None) -> None:
    assert country_code(name) is None


@pytest.mark.parametrize("text", ["UK", "EL", "us", "USA", "", "ZZ", "U1"])
def test_other_texts_are_no_codes(text: str) -> None:
    assert not is_code(text)


@fixed
@given(st.text(max_size=30))
def test_no_text_breaks_the_reading_of_names(text: str) -> None:
    code = country_code(text)
    assert code is None or is_code(code)


@fixed
@given(st.sampled_from(ALL_SCHEMES), st.one_of(st.none(), st.sampled_from(CODES)), DAYS)
def test_a_country_is_in_one_region_of_a_scheme(
    scheme: RegionScheme, code: str | None, day: dt.date
) -> None:
    region = scheme.region(code, day)
    assert region in REGIONS
    assert (region == "unknown") == (code is None)
    assert (region == "US") == (code == "US")


@pytest.mark.parametrize("scheme", ALL_SCHEMES, ids=lambda scheme: scheme.name)
def test_places_that_are_argued_about(scheme: RegionScheme) -> None:
    day = dt.date(2019, 6, 1)
    assert scheme.region("TW", day) == "other"
    assert scheme.region("CN", day) == "CN"
    for code in ("HK", "MO"):
        assert scheme.region(code, day) == ("CN" if scheme.china == "with_hk_mo" else "other")
    for code in ("CH", "NO", "IS", "LI"):
        assert scheme.region(code, day) == ("EU" if scheme.europe == "europe" else "other")
    for code in EU27:
        assert scheme.region(code, day) == "EU"


@pytest.mark.parametrize(
    ("europe", "before", "after"),
    [("EU27", "other", "other"), ("EU28", "EU", "EU"), ("membership", "EU", "other"),
     ("europe", "EU", "EU")],
)  # fmt: skip
def test_the_united_kingdom_on_its_last_day_and_the_next(
    europe: str, before: str, after: str
) -> None:
    scheme = RegionScheme.from_name(f"{europe}/mainland")
    assert scheme.region("GB", dt.date(2020, 1, 31)) == before
    assert scheme.region("GB", dt.date(2020, 2, 1)) == after
    assert scheme.region("GB") == ("other" if europe == "membership" else after)


@pytest.mark.parametrize(
    ("code", "day"),
    [("HR", dt.date(2013, 7, 1)), ("BG", dt.date(2007, 1, 1)), ("RO", dt.date(2007, 1, 1)),
     ("PL", dt.date(2004, 5, 1)), ("CY", dt.date(2004, 5, 1)), ("FI", dt.date(1995, 1, 1)),
     ("ES", dt.date(1986, 1, 1)), ("GR", dt.date(1981, 1, 1)), ("IE", dt.date(1973, 1, 1)),
     ("GB", dt.date(1973, 1, 1))],
)  # fmt: skip
def test_accession_counts_from_its_day(code: str, day: dt.date) -> None:
    assert is_member(code, day)
    assert not is_member(code, day - dt.timedelta(days=1))


def test_the_number_of_members_by_year() -> None:
    members = {year: sum(is_member(code, dt.date(year, 12, 31)) for code in CODES)
               for year in (1958, 1973, 1981, 1986, 1995, 2004, 2007, 2013, 2020)}  # fmt: skip
    assert list(members.values()) == [6, 9, 10, 12, 15, 25, 27, 28, 27]


def test_scheme_names_go_both_ways() -> None:
    for scheme in ALL_SCHEMES:
        assert RegionScheme.from_name(scheme.name) == scheme
    with pytest.raises(UsageError, match=r"EU26/mainland.*EU27/mainland"):
        RegionScheme.from_name("EU26/mainland")


def test_regions_of_a_frame_follow_the_middle_of_the_date() -> None:
    frame = pd.DataFrame(
        {
            "country": pd.array(["GB", "GB", "GB", None, "US"], dtype="string[pyarrow]"),
            "first": pd.to_datetime(
                ["2020-01-31", "2020-01-01", "2020-02-01", "2020-01-01", "NaT"]
            ),
            "last": pd.to_datetime(["2020-01-31", "2020-02-29", "2020-02-01", "2020-01-01", "NaT"]),
        },
        index=[5, 3, 9, 1, 0],
    )
    found = add_region(frame, RegionScheme("membership"), date=("first", "last"))
    assert found.tolist() == ["EU", "EU", "other", "unknown", "US"]
    assert found.index.tolist() == frame.index.tolist()
    assert add_region(frame, RegionScheme("EU28")).tolist() == ["EU"] * 3 + ["unknown", "US"]


def test_regions_of_an_empty_frame() -> None:
    empty = pd.DataFrame({"country": pd.array([], dtype="string[pyarrow]")})
    assert add_region(empty, RegionScheme()).tolist() == []


@st.composite
def papers(draw: st.DrawFn) -> pd.DataFrame:
    """Parties of a few papers; authors known, unknown, or known in part."""
    rows = []
    for paper in range(draw(st.integers(1, 4))):
        parties = draw(st.lists(
            st.tuples(st.one_of(st.none(), st.integers(1, 4)), st.sampled_from(REGIONS)),
            min_size=1, max_size=6,
        ))  # fmt: skip
        rows += [(f"p{paper}", author, position, region)
                 for position, (author, region) in enumerate(parties, start=1)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["paper_id", "author", "position", "region"])
    return frame.astype({"author": "Int64", "position": "int64"})


def shares(frame: pd.DataFrame, counting: Counting) -> "pd.Series[float]":
    found = credit(frame, counting, item="paper_id").set_index(["paper_id", "region"])["credit"]
    assert found.index.is_unique
    return found


@fixed
@given(papers())
def test_credits_of_a_paper(frame: pd.DataFrame) -> None:
    whole, split, first = (shares(frame, kind) for kind in ("whole", "fractional", "first"))
    for found in (split, first):
        assert found.groupby("paper_id").sum().tolist() == pytest.approx(
            [1.0] * frame["paper_id"].nunique()
        )
    assert (whole == 1.0).all()
    assert set(whole.index) == set(split.index)
    assert (whole + 1e-12 >= split).all()
    assert set(first.index) <= set(whole.index)
    shuffled = frame.sample(frac=1.0, random_state=1)
    assert shares(shuffled, "fractional").round(12).equals(split.round(12))


def test_credit_by_hand() -> None:
    # Author 1 sits in the EU and in an unknown place, author 2 in the US.
    frame = pd.DataFrame(
        {"paper_id": "p", "author": [1, 1, 2], "position": [1, 2, 3],
         "region": ["EU", "unknown", "US"]}
    )  # fmt: skip
    assert shares(frame, "fractional").to_dict() == {
        ("p", "EU"): 0.25, ("p", "US"): 0.5, ("p", "unknown"): 0.25,
    }  # fmt: skip
    assert shares(frame, "first").to_dict() == {("p", "EU"): 1.0}
    assert shares(frame, "whole").sum() == 3.0
