import pytest

from gapstudy.organisations.domains import institution_country
from gapstudy.organisations.places import city_country, countries
from gapstudy.organisations.postcodes import postcodes
from gapstudy.organisations.words import key
from gapstudy.regions import is_code


@pytest.mark.parametrize(
    ("name", "country"),
    [
        ("Deutschland", "DE"), ("中国", "CN"), ("日本", "JP"), ("P.R. China", "CN"),
        ("People's Republic of China", "CN"), ("Scotland", "GB"), ("U.K.", "GB"), ("USA", "US"),
        ("Korea", "KR"), ("Republic of Korea", "KR"), ("Czechia", "CZ"), ("Czech Republic", "CZ"),
        ("Türkiye", "TR"), ("Hong Kong SAR", "HK"), ("Macau", "MO"), ("Taiwan", "TW"),
        ("Republic of China", "TW"), ("The Netherlands", "NL"), ("España", "ES"),
        ("Viet Nam", "VN"), ("Russian Federation", "RU"),
    ],
)  # fmt: skip
def test_countries(name: str, country: str) -> None:
    assert countries()[key(name)] == country


def test_all_countries_are_codes_and_no_name_is_lost() -> None:
    assert all(is_code(code) for code in countries().values())
    assert "" not in countries()
    assert len(set(countries().values())) > 240


@pytest.mark.parametrize(
    ("city", "country"),
    [("munchen", "DE"), ("munich", "DE"), ("genova", "IT"), (key("北京"), "CN"), ("ithaca", "US")],
)
def test_cities(city: str, country: str) -> None:
    found = city_country(city)
    assert found is not None
    assert found[0] == country


def test_cities_of_one_name_are_told_by_state() -> None:
    assert city_country("cambridge", "MA") == ("US", 1.0)
    assert city_country("cambridge", "TX") is None
    unsure = city_country("cambridge")
    assert unsure is not None
    assert unsure[1] < 0.6
    assert city_country("university") is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Cambridge CB3 0FD", ["GB"]), ("Toronto, M5S 1A1", ["CA"]), ("CH-8092 Zürich", ["CH"]),
        ("75005 Paris Cedex", ["FR"]), ("Stanford, CA 94305", ["US"]), ("2628 CD Delft", ["NL"]),
        ("Room 204, Floor 3", []), ("", []),
    ],
)  # fmt: skip
def test_postcodes(text: str, found: list[str]) -> None:
    assert postcodes(text)[:1] == found


@pytest.mark.parametrize(
    ("domain", "country"),
    [("example.edu", "US"), ("x.example.ac.uk", "GB"), ("example.de", "DE"), ("example.com", None),
     ("example.ai", None), ("example.ac.rs", "RS"), ("example.edu.cn", "CN")],
)  # fmt: skip
def test_domains_of_institutions(domain: str, country: str | None) -> None:
    assert institution_country(domain) == country
