"""Imports only point down, and never from one stage to another."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "src" / "gapstudy"
STAGES = {"collect", "normalise", "link", "measure", "publish", "simulate"}
# The floors from the top; what a floor may import lies below it (or is itself, for a package).
FLOORS = (
    {"__main__"},
    {"cli"},
    {"link_commands", "survey_commands"},
    {"terminal"},
    {"doctor", "evaluation", "resolve", "status", "trace", "template"},
    {"pipeline"},
    STAGES,
    {"archive", "engine", "parts"},
    {"store", "warc", "pickles"},
    {"sources"},
    {"tables", "study", "organisations", "survey"},
    {"regions", "dates"},
    {"errors"},
)
# `simulate` checks the estimators of `measure`: that is what it is for.
ALLOWED = {("simulate", "measure")}


def _imports(path: Path) -> set[str]:
    """Parts of gapstudy that a file imports, by name or by a string for import_module."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
            if node.module == "gapstudy":
                names = [f"gapstudy.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            head = node.value.split(":")[0]
            if head.startswith("gapstudy.") and head.replace(".", "").replace("_", "").isalnum():
                names = [head]
        found |= {name.split(".")[1] for name in names if name.startswith("gapstudy.")}
    return found - {"__version__"}


def _floor(part: str) -> int:
    return next(level for level, parts in enumerate(FLOORS) if part in parts)


FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for other in sorted(_imports(path) - {part}):
        assert _floor(other) > _floor(part) or (part, other) in ALLOWED, (
            f"{path.relative_to(PACKAGE)} imports gapstudy.{other}: it points up or aside"
        )


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_only_run_touches_the_store(stage: str) -> None:
    for path in (PACKAGE / stage).rglob("*.py"):
        if path.name != "run.py":
            reaches = {
                alias.name
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                if isinstance(node, ast.ImportFrom) and node.module == "gapstudy.store"
                for alias in node.names
            }
            # Putting a file in place whole is no table.
            assert not reaches - {"write_bytes", "sha256"}, (
                f"{path} reads or writes tables; only run.py may"
            )


def test_every_part_has_a_floor() -> None:
    parts = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in FILES}
    assert parts <= set().union(*FLOORS)
