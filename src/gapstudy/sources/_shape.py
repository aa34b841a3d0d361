"""Reading answers of a known shape; one never seen stops the source and names the field."""

from __future__ import annotations

import zipfile
import zlib
from io import BytesIO
from typing import TYPE_CHECKING, Any, TypeVar

from gapstudy.errors import ShapeError

if TYPE_CHECKING:
    from lxml import etree
    from scrapy.http import Response

Value = TypeVar("Value")
_LOOK = "The source has changed: look at the stored response and at the parser"


def unknown(what: str, url: str) -> ShapeError:
    """The error for a shape never seen."""
    return ShapeError(what, where=url, remedy=_LOOK)


def read_json(response: Response) -> Any:
    """The JSON of an answer.

    Raises:
        ShapeError: it is not JSON in UTF-8.
    """
    import orjson

    try:
        return orjson.loads(response.body)
    except orjson.JSONDecodeError as error:
        opening = response.body[:60].decode("utf-8", errors="replace").strip()
        raise unknown(f"the answer is not JSON: {error} (it opens with {opening!r})",
                      response.url) from None  # fmt: skip


def need(data: Any, name: str, kind: type[Value], url: str) -> Value:
    """A field that must be there and of a type.

    Args:
        data: the object that must hold it.
        name: its name.
        kind: its type.
        url: address of the answer, for the message.

    Raises:
        ShapeError: the field is absent or of another type, or there is no object.
    """
    if not isinstance(data, dict):
        raise unknown(f"an object with the field {name!r} was expected, not {_kind(data)}", url)
    if name not in data:
        raise unknown(f"the field {name!r} is missing", url)
    value = data[name]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise unknown(f"the field {name!r} is {_kind(value)}, not {kind.__name__}", url)
    return value


def _kind(value: Any) -> str:
    return "null" if value is None else type(value).__name__


def read_xml(response: Response) -> etree._Element:
    """The root element of an XML answer; entities and network are off.

    Raises:
        ShapeError: it is not well-formed XML.
    """
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        return etree.fromstring(response.body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        opening = response.body[:60].decode("utf-8", errors="replace").strip()
        raise unknown(f"the answer is not XML: {error} (it opens with {opening!r})",
                      response.url) from None  # fmt: skip


def unzip(response: Response, ending: str, *, most: int = 2 << 30) -> bytes:
    """The one file of a zip whose name ends so.

    Raises:
        ShapeError: not a zip, no such file, or it unpacks to more than `most` bytes.
    """
    try:
        with zipfile.ZipFile(BytesIO(response.body)) as packed:
            names = [info for info in packed.infolist() if info.filename.endswith(ending)]
            if not names:
                raise unknown(f"the zip holds no file *{ending}", response.url)
            with packed.open(names[0]) as file:
                data = file.read(most + 1)
    except (
        zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError, ValueError,
        zlib.error,
    ) as error:  # fmt: skip
        raise unknown(f"the answer is not a zip: {error}", response.url) from None
    if len(data) > most:
        raise unknown(f"{names[0].filename} unpacks to more than {most} bytes", response.url)
    return data
