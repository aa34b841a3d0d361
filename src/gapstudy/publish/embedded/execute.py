"""Runs the cells of pages in a Jupyter kernel: one kernel for a worker, emptied between pages."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gapstudy.publish.embedded.settings import fail
from gapstudy.publish.embedded.source import Cell, Source

if TYPE_CHECKING:
    from nbclient import NotebookClient

TIMEOUT = 300
_RESET = "get_ipython().run_line_magic('reset', '-f')"
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
#: Kinds of output that a page may show, the best first.
SHOWN = ("text/html", "image/svg+xml", "image/png", "text/plain")


@dataclass(frozen=True)
class Output:
    """One output of a cell: its MIME type, and its text (base64 for PNG)."""

    mime: str
    data: str


@contextmanager
def kernel(folder: Path, env: Mapping[str, str]) -> Iterator[NotebookClient]:
    """A running kernel of this very Python, with its working directory and environment."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    v4 = _nbformat()

    # Unix sockets: nothing listens on the network. Their path may not exceed some 100 characters.
    with tempfile.TemporaryDirectory(prefix="gapstudy-", dir=_short_folder()) as sockets:
        manager = AsyncKernelManager(kernel_name="python3", transport="ipc", ip=f"{sockets}/k")
        # A kernel that happens to be registered as python3 may belong to another environment.
        manager._kernel_spec = KernelSpec(
            argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            display_name="Python 3",
            language="python",
        )
        client = NotebookClient(
            v4.new_notebook(),
            km=manager,
            timeout=TIMEOUT,
            record_timing=False,
            resources={"metadata": {"path": str(folder)}},
        )
        quiet = {"PYTHONHASHSEED": "0", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
        with client.setup_kernel(env={**os.environ, **quiet, **env}, cleanup_kc=True):
            yield client


def _nbformat() -> Any:
    """The functions of nbformat that make notebooks; they have no types."""
    from nbformat import v4

    return v4


def _short_folder() -> str | None:
    """A folder for sockets: the system's own for temporary files unless its path is too long."""
    return "/tmp" if len(tempfile.gettempdir()) > 60 else None  # noqa: S108


def run_page(client: NotebookClient, page: Source) -> list[list[Output]]:
    """Run the cells of one page in order.

    Returns:
        The outputs of each cell.

    Raises:
        RenderError: a cell raised, took too long, or gave an output that a page cannot show.
    """
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    v4 = _nbformat()

    cells = [v4.new_code_cell(cell.code, id=f"cell-{i}") for i, cell in enumerate(page.cells)]
    client.nb = v4.new_notebook(cells=[*cells, v4.new_code_cell(_RESET, id="reset")])
    results: list[list[Output]] = []
    for index, cell in enumerate(page.cells):
        try:
            done = client.execute_cell(client.nb.cells[index], index)
        except CellExecutionError as error:
            line = cell.line + _line_in_cell(error.traceback) - 1
            what = f"the cell raised {error.ename}: {_ANSI.sub('', error.evalue)}"
            raise fail(page.path, line, what, "Correct the cell, or the table it reads") from error
        except (CellTimeoutError, DeadKernelError) as error:
            raise fail(
                page.path, cell.line, f"the cell took more than {TIMEOUT} s, or its kernel died",
                "Pages only show results: move the work into a stage",
            ) from error  # fmt: skip
        results.append(_outputs(page, cell, done.outputs))
    client.execute_cell(client.nb.cells[-1], len(cells))
    return results


def _line_in_cell(traceback: str) -> int:
    """Line of the cell that the traceback blames last, from 1."""
    found = re.findall(r"Cell In\[\d+\], line (\d+)", _ANSI.sub("", traceback))
    return int(found[-1]) if found else 1


def _outputs(page: Source, cell: Cell, outputs: list[Any]) -> list[Output]:
    shown: list[Output] = []
    for output in outputs:
        if output.output_type == "stream":
            # Warnings stay out of pages here as in Quarto (`execute: warning: false`).
            if output.name == "stdout" and not cell.inline:
                shown.append(Output("text/plain", output.text))
            continue
        mime = next((kind for kind in SHOWN if kind in output.data), None)
        if mime is None or (cell.inline and mime != "text/html"):
            raise fail(
                page.path, cell.line,
                "inline code must give a value of gapstudy.publish, such as number(...)"
                if cell.inline else f"a page cannot show {sorted(output.data)}",
            )  # fmt: skip
        shown.append(Output(mime, output.data[mime]))
    if cell.inline and len(shown) != 1:
        raise fail(page.path, cell.line, f"inline code must give one value, this gave {len(shown)}")
    return shown
