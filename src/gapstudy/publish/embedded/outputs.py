"""Outputs of a cell as HTML."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence

from gapstudy.publish.embedded.execute import Output
from gapstudy.publish.embedded.settings import fail
from gapstudy.publish.embedded.source import Source
from gapstudy.publish.escape import html_text

_SUFFIX = {"image/svg+xml": "svg", "image/png": "png"}


def cell_html(page: Source, number: int, outputs: Sequence[Output], files: dict[str, bytes]) -> str:
    """All outputs of one cell.

    Args:
        page: the page.
        number: which of its cells.
        outputs: what the cell gave.
        files: pictures are added here under the address that the HTML uses.

    Raises:
        RenderError: a picture without `fig-alt`.
    """
    cell = page.cells[number]
    made: list[str] = []
    for index, output in enumerate(outputs, 1):
        if output.mime == "text/html":
            made.append(output.data)
        elif output.mime == "text/plain":
            # Within pre, line breaks stand for themselves.
            lines = "\n".join(map(html_text, output.data.rstrip("\n").split("\n")))
            made.append(f'<pre class="cell-output"><code>{lines}</code></pre>')
        else:
            alt = cell.options.get("fig-alt")
            if not alt:
                raise fail(page.path, cell.line, "a picture without fig-alt", "Say what it shows")
            stem = cell.label or f"cell-{number}"
            name = f"{page.path.stem}_files/{stem}-{index}.{_SUFFIX[output.mime]}"
            binary = output.mime == "image/png"
            files[name] = base64.b64decode(output.data) if binary else output.data.encode()
            made.append(f'<img src="{name}" alt="{html_text(alt)}">')
    return re.sub(r"\n{2,}", "\n", "\n".join(made))
