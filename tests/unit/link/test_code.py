"""Repositories and models of papers, on tables written by hand."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gapstudy.dates import parse_date
from gapstudy.link.code import PROBABILITY, artifacts
from gapstudy.tables import contract
from gapstudy.tables.checks import validate

TEXTS = ("paper_id", "title", "abstract", "coined_name", "arxiv_id", "doi", "organisations",
         "people", "archive_ref")  # fmt: skip
NET = {"paper_id": "net", "coined_name": "NorthNet", "arxiv_id": "2101.00001",
       "organisations": "Aurora Labs;University of Elsewhere", "people": "Ada Berg;Li, Wen",
       "archive_ref": "arxiv:1#1"}  # fmt: skip


def papers(*rows: dict[str, Any]) -> pd.DataFrame:
    texts = [{name: row.get(name, "") for name in TEXTS} for row in rows]
    return pd.DataFrame(texts, columns=TEXTS).assign(date_from=pd.Timestamp("2021-01-05"))


def product(identifier: str, address: str, date: str = "2021-02-01", **more: Any) -> dict[str, Any]:
    known = parse_date(date)
    return {
        "product_id": identifier, "evidence": address, "description": "", "kind": "product",
        "source": "hugging_face" if "huggingface" in address else "github", "date": date,
        "date_precision": known.precision, "date_from": pd.Timestamp(known.first),
        "date_to": pd.Timestamp(known.last), "date_meaning": "repository_creation",
        "archive_ref": f"x:{identifier}#1",
    } | more  # fmt: skip


def reference(owner: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "product_id": owner["product_id"], "position": 1, "text": "arxiv:2101.00001",
        "arxiv_id": "2101.00001", "doi": None, "source": owner["source"],
        "source_id": f"{owner['product_id']}/1", "archive_ref": owner["archive_ref"],
    } | more  # fmt: skip


def made(
    given: pd.DataFrame, products: list[dict[str, Any]] = [], references: list[dict[str, Any]] = [],  # noqa: B006
    same_as: list[dict[str, Any]] = [],  # noqa: B006
) -> pd.DataFrame:  # fmt: skip
    tables = {
        name: pd.DataFrame(rows, columns=contract(name).names)
        for name, rows in (("products", products), ("product_references", references),
                           ("same_as", same_as))
    }  # fmt: skip
    found = artifacts(given, tables["products"], tables["product_references"], tables["same_as"])
    checked = validate(contract("paper_artifacts"), found)
    assert checked["artifact"].tolist() == found["artifact"].tolist(), "in the order of the key"
    return checked


def only(found: pd.DataFrame) -> dict[str, Any]:
    (row,) = found.to_dict("records")
    return {str(key): None if pd.isna(value) else value for key, value in row.items()}


def test_a_repository_that_names_the_paper_and_has_its_organisation_and_name() -> None:
    code = product("gh:1", "https://github.com/aurora-labs/NorthNet")
    row = only(made(papers(NET), [code], [reference(code)]))
    assert (row["kind"], row["artifact"]) == ("repository", "aurora-labs/northnet")
    assert (row["by"], row["relation"]) == ("identifier", "own")
    assert row["probability"] == PROBABILITY["identifier, owner and name"]
    assert row["target_id"] == "gh:1"
    assert (row["date"], row["date_meaning"]) == ("2021-02-01", "repository_creation")
    assert (row["evidence"], row["evidence_ref"]) == ("arxiv:2101.00001", "x:gh:1#1")
    assert row["url"] == "https://github.com/aurora-labs/NorthNet"


@pytest.mark.parametrize(
    ("address", "relation", "rule"),
    [
        ("https://github.com/aurora/tools", "own", "identifier and owner"),
        ("https://github.com/auroraresearch/tools", "own", "identifier and owner"),
        ("https://github.com/adaberg/tools", "own", "identifier and owner"),
        ("https://github.com/wli/tools", "own", "identifier and owner"),
        ("https://github.com/stranger/northnet-pytorch", "own", "identifier and name"),
        ("https://github.com/stranger/tools", "other", "identifier"),
        ("https://github.com/university-of-nowhere/tools", "other", "identifier"),
        ("https://huggingface.co/aurora/northnet-large", "own", "identifier, owner and name"),
        ("https://huggingface.co/stranger/northnet-large", "other", "identifier"),
        ("https://huggingface.co/aurora/southnet", "other", "identifier and owner, another name"),
    ],
)
def test_own_and_other(address: str, relation: str, rule: str) -> None:
    code = product("p", address)
    row = only(made(papers(NET), [code], [reference(code)]))
    assert (row["relation"], row["probability"]) == (relation, PROBABILITY[rule])


def test_the_owner_alone_makes_a_model_own_where_the_paper_coins_no_name() -> None:
    model = product("hf:1", "https://huggingface.co/aurora/southnet")
    row = only(made(papers(NET | {"coined_name": ""}), [model], [reference(model)]))
    assert (row["relation"], row["probability"]) == ("own", PROBABILITY["identifier and owner"])


def test_a_version_that_ends_in_zero_is_the_whole_number() -> None:
    model = product("hf:1", "https://huggingface.co/aurora/northnet2-large")
    row = only(made(papers(NET | {"coined_name": "NorthNet 2.0"}), [model], [reference(model)]))
    assert row["probability"] == PROBABILITY["identifier, owner and name"]


def test_a_model_made_from_somebody_elses_is_not_the_papers() -> None:
    copy = product("hf:a", "https://huggingface.co/northnet-fans/northnet-q4",
                   description="Model for x, quantized of aurora/northnet.")  # fmt: skip
    tuned = product("hf:b", "https://huggingface.co/aurora/northnet-chat",
                    description="Model for x, finetune of aurora/northnet.")  # fmt: skip
    given = papers(NET | {"organisations": "Aurora;Northnet Fans"})
    found = made(given, [copy, tuned], [reference(copy), reference(tuned)])
    assert dict(zip(found["artifact"], found["relation"], strict=True)) == {
        "northnet-fans/northnet-q4": "other", "aurora/northnet-chat": "own",
    }  # fmt: skip


def test_an_address_in_the_abstract_with_and_without_a_product() -> None:
    text = ("Code: https://github.com/Stranger/Tools and "
            "models: https://huggingface.co/aurora/northnet")  # fmt: skip
    code = product("gh:1", "https://github.com/stranger/tools", "2020-12")
    found = made(papers(NET | {"abstract": text, "arxiv_id": ""}), [code])
    assert found["by"].tolist() == ["address", "address"]
    assert found["relation"].tolist() == ["own", "own"]
    model, repository = found.to_dict("records")
    assert (repository["target_id"], repository["date"]) == ("gh:1", "2020-12")
    assert (model["artifact"], model["evidence_ref"]) == ("aurora/northnet", "arxiv:1#1")
    assert pd.isna(model["target_id"])
    assert pd.isna(model["date"])
    assert model["date_meaning"] == ""
    assert model["url"] == "https://huggingface.co/aurora/northnet"


def test_the_surest_way_stands_once() -> None:
    code = product("gh:1", "https://github.com/aurora/northnet")
    release = product("gh:release:2", "https://github.com/aurora/northnet/releases/tag/v1",
                      "2021-01-10", kind="version", date_meaning="release")  # fmt: skip
    given = papers(NET | {"abstract": "See https://github.com/aurora/northnet."})
    row = only(made(given, [release, code], [reference(code), reference(release)]))
    assert (row["by"], row["target_id"], row["date"]) == ("identifier", "gh:1", "2021-02-01")


def test_a_release_alone_stands_for_its_repository_but_is_no_product_of_it() -> None:
    release = product("gh:release:2", "https://github.com/aurora/northnet/releases/tag/v1",
                      "2021-01-10", kind="version", date_meaning="release")  # fmt: skip
    row = only(made(papers(NET), [release], [reference(release)]))
    assert (row["artifact"], row["target_id"]) == ("aurora/northnet", None)
    assert (row["date"], row["date_meaning"]) == ("2021-01-10", "release")


@pytest.mark.parametrize(
    ("address", "date", "rule"),
    [
        ("https://github.com/aurora/north-net", "2021", "name is all, and owner"),
        ("https://huggingface.co/aurora-labs/NorthNet-base-7b", "2021", "name begins, and owner"),
        ("https://huggingface.co/aurora/northnet-2", "2021", ""),
        ("https://huggingface.co/aurora/northnets", "2021", ""),
        ("https://huggingface.co/stranger/northnet", "2021", ""),
        ("https://huggingface.co/northnet/northnet", "2021", ""),
        ("https://github.com/aurora/northnet", "2018", ""),
    ],
)
def test_by_name_and_owner(address: str, date: str, rule: str) -> None:
    found = made(papers(NET | {"arxiv_id": ""}), [product("p", address, date)])
    if rule:
        row = only(found)
        assert (row["by"], row["relation"]) == ("name", "own")
        assert row["probability"] == PROBABILITY[rule]
        assert row["evidence_ref"] == "x:p#1"
    else:
        assert found.empty


def test_an_ordinary_word_as_a_name_is_worth_half() -> None:
    given = papers(NET | {"arxiv_id": "", "coined_name": "Bridge"})
    row = only(made(given, [product("p", "https://github.com/aurora/bridge")]))
    assert row["probability"] == PROBABILITY["name is all, and owner"] / 2


def test_a_doi_of_arxiv_is_its_number_and_case_does_not_matter() -> None:
    code = product("gh:1", "https://github.com/stranger/tools")
    named = reference(code, arxiv_id=None, doi="10.48550/arXiv.2101.00001")
    assert len(made(papers(NET), [code], [named])) == 1
    given = papers({"paper_id": "net", "doi": "10.1/ABC"})
    assert len(made(given, [code], [reference(code, arxiv_id=None, doi="10.1/abc")])) == 1


def test_a_model_merged_into_another_product_is_still_an_artifact() -> None:
    kept = product("lens", "https://example.org/lens", source="landmark")
    gone = {
        "kind": "product", "id": "hf:aurora/northnet", "kept_id": "lens", "relation": "same",
        "source": "hugging_face", "evidence": "https://huggingface.co/aurora/northnet",
        "date": "2021-01-02", "date_precision": "day", "date_from": pd.Timestamp("2021-01-02"),
        "date_to": pd.Timestamp("2021-01-02"), "archive_ref": "x:hf#1",
    }  # fmt: skip
    named = reference({"product_id": "lens", "source": "hugging_face", "archive_ref": "x:hf#1"},
                      source_id="hf:aurora/northnet/1")  # fmt: skip
    row = only(made(papers(NET), [kept], [named], [gone]))
    assert (row["artifact"], row["target_id"]) == ("aurora/northnet", "lens")
    assert (row["relation"], row["date"]) == ("own", "2021-01-02")


def test_products_of_other_sources_are_no_artifacts() -> None:
    shop = product("x", "https://github.com/aurora/northnet", source="hacker_news")
    assert made(papers(NET), [shop], [reference(shop)]).empty


def test_nothing_at_all() -> None:
    assert made(papers()).empty
    assert made(papers({"paper_id": "bare"}), [product("p", "https://github.com/a/b")]).empty


ODD = st.text(max_size=30) | st.sampled_from(["نص", "網絡", "\x00\x1f", "a" * 100_000, ";;,"])


@settings(max_examples=25)
@given(ODD, ODD, ODD)
def test_any_text_gives_a_sane_answer(name: str, places: str, people: str) -> None:
    given = papers(NET | {"coined_name": name, "organisations": places, "people": people,
                          "abstract": name})  # fmt: skip
    code = product("gh:1", "https://github.com/aurora/northnet")
    found = made(given, [code], [reference(code)])
    assert found["probability"].between(0.0, 1.0).all()


@settings(max_examples=10)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(order: Any) -> None:
    rows = [NET | {"paper_id": f"p{number}", "arxiv_id": f"2101.0000{number}"} for number in "123"]
    code = [product(f"gh:{number}", f"https://github.com/aurora/northnet{tail}")
            for number, tail in enumerate(["", "-base", "-large"])]  # fmt: skip
    named = [reference(code[number % 3], arxiv_id=f"2101.0000{number}") for number in (1, 2, 3)]
    first = made(papers(*rows), code, named)
    for some in (rows, code, named):
        order.shuffle(some)
    pd.testing.assert_frame_equal(made(papers(*rows), code, named), first)
