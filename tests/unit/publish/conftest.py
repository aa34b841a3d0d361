"""A made-up study with every table, written once for all tests of the stage."""

from pathlib import Path
from types import ModuleType

import pytest

from gapstudy.publish import cells
from gapstudy.publish.results import Results
from gapstudy.publish.run import open_results

from . import synthetic as made_up


@pytest.fixture(scope="session")
def synthetic() -> ModuleType:
    return made_up


@pytest.fixture(scope="session")
def study(synthetic: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a study with all tables; not to be changed."""
    root = tmp_path_factory.mktemp("publish") / "study"
    synthetic.write_study(root)
    return root


@pytest.fixture(scope="session")
def results(study: Path) -> Results:
    return open_results(study)


@pytest.fixture(scope="session")
def nothing(synthetic: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a study without any table."""
    root = tmp_path_factory.mktemp("publish") / "empty"
    synthetic.write_study(root, {})
    return root


@pytest.fixture
def page(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells of a page of the study with all tables."""
    monkeypatch.setenv(cells.ROOT, str(study))


@pytest.fixture
def empty_page(nothing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells of a page of the study without tables."""
    monkeypatch.setenv(cells.ROOT, str(nothing))
