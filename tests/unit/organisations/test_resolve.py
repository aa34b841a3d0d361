import csv
import time
from importlib.resources import files

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gapstudy.organisations.index import Index
from gapstudy.organisations.likeness import Blocks
from gapstudy.organisations.resolve import COLUMNS, resolve, shipped
from gapstudy.organisations.weigh import CONFIDENCE
from gapstudy.regions import is_code
from gapstudy.tables.core import KINDS


def one(text: str, index: Index | None = None) -> pd.Series:
    return resolve(pd.Series([text]), index).iloc[0]


@pytest.mark.parametrize(
    ("text", "country"),
    [
        # stated
        ("School of Nothing, Nowhere University, Atlantis, Germany", "DE"),
        ("Dept. of Physics, University of Oxford, Oxford OX1 3PU, U.K.", "GB"),
        ("Ghent University, Belgium; Stanford University, USA", "BE"),
        ("1 Tsinghua University, China 2 University of Oxford, UK", "CN"),
        ("Northeastern University, Shenyang, China", "CN"),
        ("University of New South Wales, Sydney", "AU"),
        ("University of New Mexico, Albuquerque, NM", "US"),
        # states, provinces, postal codes
        ("School of Computing, Athens, GA", "US"),
        ("Example Labs, Lebanon, NH", "US"),
        ("Example GmbH, Berlin, DE", "DE"),
        ("Example Inc., Wilmington, DE", "US"),
        ("London Health Research, London, ON, Canada", "CA"),
        ("Parks Road, OX1 3PJ", "GB"),
        # Hong Kong, Macau, Taiwan
        ("The Chinese University of Hong Kong", "HK"),
        ("The Chinese University of Hong Kong, Hong Kong, China", "HK"),
        ("The Chinese University of Hong Kong, Shenzhen, China", "CN"),
        ("University of Macau, Macau, China", "MO"),
        ("National Taiwan University, Taipei, Taiwan, R.O.C.", "TW"),
        # by the organisation
        ("MIT", "US"), ("TU München", "DE"), ("清华大学计算机系", "CN"), ("東京大学", "JP"),
        ("ETH Zurich", "CH"), ("EPFL", "CH"), ("Inria", "FR"), ("KAIST", "KR"), ("Technion", "IL"),
        ("York University", "CA"), ("University of York", "GB"),
        ("Cambridge University Engineering Department", "GB"),
        # laboratories of firms
        ("Microsoft Research Asia", "CN"), ("Microsoft Research", "US"),
        ("Google Research, Zurich", "CH"), ("Google Research, New York, NY", "US"),
        ("IBM Research - Haifa", "IL"), ("Samsung AI Center, Moscow", "RU"),
        ("Huawei Noah's Ark Lab", "CN"), ("Fujitsu Research India, Bangalore", "IN"),
        # places inside names
        ("Technical Institute of Denmark", "DK"), ("Universidad de Antofagasta", "CL"),
        # mail and slips
        ("someone@cs.example.ac.uk", "GB"), ("Standford University", "US"),
        # nothing
        ("", ""), ("Department of Computer Science and Engineering", ""), ("Ann Example", ""),
    ],
)  # fmt: skip
def test_country(text: str, country: str) -> None:
    assert one(text)["country"] == country


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Computer Science and Artificial Intelligence Laboratory, MIT",
         "Massachusetts Institute of Technology"),
        ("Technische Universitaet Muenchen", "Technical University of Munich"),
        ("TUM", "Technical University of Munich"),
        ("Max-Planck-Institut für Informatik, Saarbrücken",
         "Max Planck Institute for Informatics"),
        ("Max Planck Institute", "Max Planck Society"),
        ("Institute of Automation, Chinese Academy of Sciences",
         "Institute of Automation, Chinese Academy of Sciences"),
        ("Chinese Academy of Sciences, Beijing", "Chinese Academy of Sciences"),
        ("Ryerson University", "Toronto Metropolitan University"),
        ("华为技术有限公司", "Huawei"),
        ("Somebody's Garage, France", ""),
    ],
)  # fmt: skip
def test_organisation(text: str, name: str) -> None:
    assert one(text)["name"] == name


@pytest.mark.parametrize(
    ("text", "another"),
    [("Acme University Hospital, Berlin, Germany", "Acme University"),
     ("Acme University of Technology, Berlin, Germany", "Acme University")],
)  # fmt: skip
def test_a_longer_name_is_another_organisation(text: str, another: str) -> None:
    table = pd.DataFrame({"organisation_id": ["ror:x"], "name": [another], "country": ["DE"]})
    index = Index.build(table)
    assert one(text, index)[["id", "country"]].tolist() == ["", "DE"]
    assert one(f"{another} in Berlin, Germany", index)["id"] == "ror:x"


def test_given_organisations_keep_their_identifier_and_learn_names() -> None:
    table = pd.DataFrame({
        "organisation_id": ["ror:a", "wd:Q1", "yc:b", "ror:c"],
        "name": ["Tsinghua University", "Acme Robotics", "Betatron", "Acme Robotics"],
        "country": ["CN", "DE", None, "FR"], "kind": ["academia", "industry", "industry", None],
        "other_names": ["", "Acme Robots | AR", "", ""],
        "domain": ["", "acme.example", "", ""],
    })  # fmt: skip
    index = Index.build(table)
    assert one("清华大学", index)["id"] == "ror:a"
    assert one("Acme Robots GmbH", index)[["id", "country"]].tolist() == ["wd:Q1", "DE"]
    assert one("Betatron", index)[["id", "country", "how"]].tolist() == ["yc:b", "", "none"]
    # Of two with one name, the place decides; without it there is none.
    assert one("Acme Robotics, Lyon, France", index)["id"] == "ror:c"
    assert one("Acme Robotics", index)["id"] == ""
    assert one("ann@mail.acme.example", index)["country"] == "DE"
    assert one("Stanford University", index)["id"] == "stanford-university"


def test_hong_kong_is_told_from_china_whatever_a_register_says() -> None:
    table = pd.DataFrame({
        "organisation_id": ["ror:hku"], "name": ["University of Hong Kong"], "country": ["CN"],
        "kind": ["academia"], "other_names": [""], "domain": [""],
    })  # fmt: skip
    assert one("University of Hong Kong", Index.build(table))[["id", "country"]].tolist() == [
        "ror:hku", "HK",
    ]  # fmt: skip


def test_one_row_per_input_in_its_order() -> None:
    names = pd.Series(["MIT", None, "EPFL", "MIT", ""], index=[9, 8, 7, 6, 5])
    found = resolve(names)
    assert list(found.columns) == list(COLUMNS)
    assert found.index.tolist() == names.index.tolist()
    assert found["country"].tolist() == ["US", "", "CH", "US", ""]
    assert found["confidence"].between(0, 1).all()
    assert resolve(pd.Series([], dtype="object")).empty
    assert resolve(names[::-1])[::-1].equals(found)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=120))
def test_any_text_has_an_answer(text: str) -> None:
    found = one(text)
    assert found["country"] == "" or is_code(found["country"])
    assert found["how"] in CONFIDENCE


def test_long_text_takes_bounded_time() -> None:
    started = time.perf_counter()
    resolve(
        pd.Series(["University of " * 8_000, "of, " * 25_000, "\ud800" * 100_000, "大学" * 50_000])
    )
    assert time.perf_counter() - started < 5


def test_shipped_list_is_sound() -> None:
    text = (files("gapstudy.organisations") / "data" / "organisations.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    names = [row["name"] for row in rows]
    assert len(names) == len(set(names)) > 1_000
    assert {row["kind"] for row in rows} <= set(KINDS)
    assert all(is_code(row["country"]) for row in rows)
    assert {row["parent"] for row in rows if row["parent"]} <= set(names)
    # Every organisation is found by its own name, in its own country.
    found = resolve(pd.Series(names), shipped())
    wrong = [
        (row["name"], country)
        for row, country in zip(rows, found["country"], strict=True)
        if country != row["country"]
    ]
    assert wrong == []


def test_likeness_compares_only_within_blocks() -> None:
    blocks = Blocks(["alpha robotics", "beta robotics", "gammatron systems", "omega"])
    rows, columns = blocks.pairs(["gamatron system", "unheard words"])
    assert list(zip(rows.tolist(), columns.tolist(), strict=True)) == [(0, 2)]
    best, likeness = blocks.best(["gamatron systems", "beta robotic", "zeta"])
    assert best.tolist() == [2, 1, -1]
    assert (likeness[:2] > 92).all()
