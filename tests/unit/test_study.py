"""study.toml: what it may say, and what it says about mistakes."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from gapstudy.errors import StudyError
from gapstudy.regions import RegionScheme
from gapstudy.study import Study

WINDOW = "[window]\nstart = 2012-01-01\nend = 2020-12-31\ncutoff = 2025-12-31\n"
CLAIM = '[claims.C4]\ntitle = "t"\nmeasure = "m"\n'


def load(folder: Path, text: str) -> Study:
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return Study.load(folder)


def test_the_window_is_all_that_must_be_said(tmp_path: Path) -> None:
    study = load(tmp_path, WINDOW)
    assert study.root == tmp_path.resolve()
    assert study.regions.scheme == RegionScheme("EU27", "mainland")
    assert "root" not in study.model_dump()


def test_all_sections_are_read(tmp_path: Path) -> None:
    text = (
        'seed = 7\nengine = "dask://host:8786"\nsources = ["landmark"]\n' + WINDOW
        + '[regions]\neurope = "membership"\nchina = "with_hk_mo"\ncounting = "fractional"\n'
        + "[linking]\nthreshold = 0.7\n[measurement]\nhorizons = [2]\n[grid]\nthreshold = [0.1]\n"
        + CLAIM + '[[claims.C4.tests]]\nnumber = "n"\nside = "below"\nthan = 1.5\n'
    )  # fmt: skip
    study = load(tmp_path, text)
    assert study.seed == 7
    assert study.regions.scheme.name == "membership/with_hk_mo"
    assert study.measurement.horizons == (2.0,)
    assert study.claims["C4"].tests[0].than == 1.5


def test_a_study_does_not_change() -> None:
    study = Study.from_data({"window": {"start": "2012-01-01", "end": "2013-01-01",
                                        "cutoff": "2014-01-01"}})  # fmt: skip
    with pytest.raises(ValidationError, match="frozen"):
        setattr(study, "seed", 3)  # noqa: B010 - mypy refuses the plain assignment, as it should


@pytest.mark.parametrize(
    ("text", "key", "nearest"),
    [
        ("sead = 1\n" + WINDOW, "sead", "seed"),
        (WINDOW + "cut_off = 2025-01-01\n", "window.cut_off", "cutoff"),
        (WINDOW + "[region]\n", "region", "regions"),
        (WINDOW + "[regions]\neurop = 'EU27'\n", "regions.europ", "europe"),
        (WINDOW + "[linking]\ntreshold = 0.1\n", "linking.treshold", "threshold"),
        (WINDOW + "[measurement]\nhorizon = [1]\n", "measurement.horizon", "horizons"),
        (WINDOW + "[grid]\nlink = ['both']\n", "grid.link", "links"),
        (WINDOW + CLAIM + "overturns = 'x'\n", "claims.C4.overturns", "overturn"),
        (WINDOW + CLAIM + "[[claims.C4.tests]]\nnumber='n'\nside='above'\nthen=1\n",
         "claims.C4.tests.0.then", "than"),
        (WINDOW + CLAIM.replace("C4", "measure") + "titel = 'x'\n",
         "claims.measure.titel", "title"),
    ],
)  # fmt: skip
def test_a_typo_names_the_nearest_key(tmp_path: Path, text: str, key: str, nearest: str) -> None:
    with pytest.raises(StudyError) as caught:
        load(tmp_path, text)
    assert f"unknown key '{key}'. Did you mean '{nearest}'?" in str(caught.value)
    assert str(tmp_path / "study.toml") in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "window: Field required"),
        ("[window]\nstart = 2012-01-01\n", "window.end: Field required"),
        (WINDOW.replace("2020-12-31", "2011-12-31"), "must follow each other"),
        (WINDOW.replace("2025-12-31", "2019-12-31"), "must follow each other"),
        (WINDOW.replace("2012-01-01", "'2012-02-30'"), "window.start"),
        ("seed = -1\n" + WINDOW, "seed"),
        ("workers = 0\n" + WINDOW, "workers"),
        ("engine = 'spark://x'\n" + WINDOW, "engine is 'local' or"),
        (WINDOW + "[regions]\neurope = 'EU26'\n", "regions.europe"),
        (WINDOW + "[regions]\nchina = 'all'\n", "regions.china"),
        (WINDOW + "[regions]\ncounting = 'half'\n", "regions.counting"),
        (WINDOW + "[linking]\nthreshold = 1.1\n", "linking.threshold"),
        (WINDOW + "[linking]\nthreshold = nan\n", "linking.threshold"),
        (WINDOW + "[linking]\ncandidate_floor = -0.1\n", "linking.candidate_floor"),
        (WINDOW + "[linking]\nimputations = 1\n", "linking.imputations"),
        (WINDOW + "[linking]\nimputations = 1001\n", "linking.imputations"),
        (WINDOW + "[measurement]\nconfidence = 1.0\n", "measurement.confidence"),
        (WINDOW + "[measurement]\nconfidence = 0.5\n", "measurement.confidence"),
        (WINDOW + "[measurement]\nrmst_horizon = 0\n", "measurement.rmst_horizon"),
        (WINDOW + "[measurement]\nrmst_horizon = inf\n", "measurement.rmst_horizon"),
        (WINDOW + "[measurement]\nhorizons = [3, -5]\n", "measurement.horizons.1"),
        (WINDOW + "[measurement]\nmin_cell = 0\n", "measurement.min_cell"),
        (WINDOW + "[measurement]\nbootstrap = 99\n", "measurement.bootstrap"),
        (WINDOW + "[grid]\nlinks = ['none']\n", "grid.links.0"),
        (WINDOW + CLAIM + "min_n = 0\n", "claims.C4.min_n"),
        (WINDOW + CLAIM + "[[claims.C4.tests]]\nnumber='n'\nside='left'\n", "tests.0.side"),
        (WINDOW + "[claims.C4]\ntitle = 't'\n", "claims.C4.measure: Field required"),
        ("root = '/elsewhere'\n" + WINDOW, "unknown key 'root'"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(StudyError) as caught:
        load(tmp_path, text)
    assert said in str(caught.value)


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        load(tmp_path, "sead = 1\n" + WINDOW + "[linking]\nthreshold = 2\n")
    assert "'sead'" in caught.value.what
    assert "linking.threshold" in caught.value.what


@pytest.mark.parametrize("text", ["seed = ", "seed = 1\nseed = 2\n", "[window\n"])
def test_bad_toml(tmp_path: Path, text: str) -> None:
    with pytest.raises(StudyError, match="not valid TOML"):
        load(tmp_path, text)


def test_not_utf_8(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_bytes(b"title = '\xff'\n")
    with pytest.raises(StudyError, match="not valid TOML"):
        Study.load(tmp_path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"no study.toml here.*gapstudy init"):
        Study.load(tmp_path)


def _models(model: type[BaseModel]) -> list[type[BaseModel]]:
    inner: list[Any] = [field.annotation for field in model.model_fields.values()]
    found = [kind for kind in inner if isinstance(kind, type) and issubclass(kind, BaseModel)]
    return [model, *(each for kind in found for each in _models(kind))]


@pytest.mark.parametrize("model", _models(Study), ids=lambda model: model.__name__)
def test_every_section_refuses_unknown_keys_and_is_documented(model: type[BaseModel]) -> None:
    assert model.__doc__
    assert model.model_config["extra"] == "forbid"
    assert model.model_config["frozen"]
