import pandas as pd
import pytest

from gapstudy.link.organisations import clusters, core_names, ties


@pytest.mark.parametrize(
    ("name", "cores"),
    [
        ("Google DeepMind", ["google"]),
        ("DeepMind Technologies", ["google"]),
        ("Microsoft Research Asia", ["microsoft"]),
        ("Facebook AI Research", ["meta"]),
        ("Zhipu AI and Tsinghua University", ["zhipu", "tsinghua university"]),
        ("University of Science and Technology of China",
         ["university of science and technology of china"]),
        ("Mistral AI, S.A.S.", ["mistral"]),
        ("NVIDIA; MIT", ["nvidia", "mit"]),
        ("École Polytechnique", ["ecole polytechnique"]),
        ("", []),
    ],
)  # fmt: skip
def test_core_names(name: str, cores: list[str]) -> None:
    assert core_names(name) == cores


def test_ties_join_spellings_and_not_lookalikes() -> None:
    papers = pd.Series(["a", "b", "c"])
    affiliations = pd.DataFrame(
        {"paper_id": ["a", "b", "b", "z"],
         "organisation": ["Google Research", "University of Oxford", "DeepMind", "NVIDIA"]}
    )  # fmt: skip
    keys = pd.DataFrame({"target_type": ["product", "product", "patent"], "target_id": list("123")})
    owners = keys.assign(
        organisation=["Google LLC", "University of Cambridge", "University of Oxford"]
    )
    assert ties(papers, affiliations, keys, owners).tolist() == [
        [True, False, False], [True, False, True], [False, False, False],
    ]  # fmt: skip


def test_no_organisation_no_tie() -> None:
    none = pd.DataFrame({"paper_id": [], "organisation": []})
    keys = pd.DataFrame({"target_type": ["product"], "target_id": ["1"]})
    assert not ties(pd.Series(["a"]), none, keys, keys.assign(organisation="NVIDIA")).any()


def test_one_cluster_per_target() -> None:
    owners = pd.DataFrame(
        {"target_type": "patent", "target_id": ["1", "1", "2"],
         "organisation": ["Google LLC", "NVIDIA", "GitHub"]}
    )  # fmt: skip
    assert clusters(owners)["cluster"].tolist() == ["google", "microsoft"]
