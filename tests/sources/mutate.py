"""Ways to spoil a document: on its bytes, and as the JSON, XML, CSV or zip that it is.

Each mutation takes the bytes and a generator and gives other bytes; one that does not fit the
document falls back to its bytes. `kind` says what a document is.
"""

from __future__ import annotations

import copy
import csv
import gzip
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable
from random import Random
from typing import Any

from lxml import etree

Mutation = Callable[[bytes, Random], bytes]
_DEEP = "\ue000deep\ue000"  # stands for a deep list until the text is made
STRANGE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**64), 10**400, 1.5, float("nan"), float("inf"),
    -0.0, 1e308, "", " ", "0", "null", "NaN", "1e999", "9" * 5000, "\x00", "a\x00b", "\u202eabc",
    "\u200f\u200e", "\ufeffid", "\ud7ff", "\U0001f600" * 50, "e\u0301" * 200, "\u0085\u2028",
    "=1+1", "@SUM(A1)", "<b>x</b>", "&amp;&#0;", "';--", "../../etc/passwd", "%00%0d%0a",
    "https://", "http://[", "//", "0000-00-00", "0001-01-01", "9999-12-31", "10000-01-01",
    "2024-02-30", "2024-13-01", "1899-12-31", "20240231", "31/31/2024", "2024-01-01T25:61:61Z",
    "-2024-01-01", "2024-W01", "Summer 99999", "\u0660\u0661\u0662\u0663",
    "\u00b2\u00b2\u00b2\u00b2",
    [], {}, [None], [[]], [{}], {"": None}, {"a": {"a": {"a": []}}}, ["x"] * 50, _DEEP,
)  # fmt: skip
TEXTS = tuple(value for value in STRANGE if isinstance(value, str))


def kind(body: bytes) -> str:
    """What a document is: zip, gzip, json, lines (a JSON document a line), xml, or text."""
    if body[:2] == b"PK":
        return "zip"
    if body[:2] == b"\x1f\x8b":
        return "gzip"
    opening = body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if opening == b"<":
        return "xml"
    if opening in {b"{", b"["}:
        try:
            json.loads(body)
        except (ValueError, RecursionError):
            return "lines"
        return "json"
    return "text"


# Bytes.


def _cut(body: bytes, random: Random) -> tuple[int, int]:
    first = random.randrange(len(body) + 1)
    return first, min(len(body), first + random.choice([1, 2, 8, 64, 512]))


def flip(body: bytes, random: Random) -> bytes:
    """Change single bits."""
    data = bytearray(body or b"\0")
    for _ in range(random.choice([1, 1, 3, 20])):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return bytes(data)


def delete(body: bytes, random: Random) -> bytes:
    """Take a slice out."""
    first, last = _cut(body, random)
    return body[:first] + body[last:]


def insert(body: bytes, random: Random) -> bytes:
    """Put bytes in: random, or of a kind that hurts."""
    hurts = [b"\0", b"\xff\xfe", b"\xc3\x28", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\r", b'"', b"\\",
             b"{", b"]", b"<", b"&", b",", b"\\ud800", random.randbytes(8)]  # fmt: skip
    first = random.choice([0, len(body), random.randrange(len(body) + 1)])
    return body[:first] + random.choice(hurts) * random.choice([1, 1, 1, 40]) + body[first:]


def truncate(body: bytes, random: Random) -> bytes:
    """End it early."""
    return body[: random.randrange(len(body) + 1)]


def duplicate(body: bytes, random: Random) -> bytes:
    """Repeat a slice."""
    first, last = _cut(body, random)
    return body[:last] + body[first:last] * random.choice([1, 2, 30]) + body[last:]


def move(body: bytes, random: Random) -> bytes:
    """Put a slice elsewhere."""
    first, last = _cut(body, random)
    rest = body[:first] + body[last:]
    place = random.randrange(len(rest) + 1)
    return rest[:place] + body[first:last] + rest[place:]


def reencode(body: bytes, random: Random) -> bytes:
    """The same text in another encoding."""
    text = body.decode("utf-8", "replace")
    return text.encode(random.choice(["utf-16", "utf-32", "latin-1", "utf-8-sig", "utf-7"]),
                       "replace")  # fmt: skip


# JSON.


def _dump(data: Any, random: Random) -> bytes:
    text = json.dumps(data, ensure_ascii=random.random() < 0.5)
    if _DEEP in text or json.dumps(_DEEP) in text:
        depth = random.choice([50, 900, 1100, 20_000])
        deep = "[" * depth + "]" * depth
        text = text.replace(json.dumps(_DEEP), deep).replace(f'"{_DEEP}"', deep)
    return text.encode("utf-8", "surrogatepass")


def _nodes(data: Any) -> list[tuple[Any, Any]]:
    """Every place of a document as (its holder, its key or index)."""
    found, todo = [], [data]
    while todo:
        holder = todo.pop()
        pairs = holder.items() if isinstance(holder, dict) else enumerate(holder)
        for key, value in pairs:
            found.append((holder, key))
            if isinstance(value, (dict, list)):
                todo.append(value)
    return found


def _edit(data: Any, random: Random) -> Any:
    """Change one or several places of a document."""
    nodes = _nodes(data) if isinstance(data, (dict, list)) else []
    if not nodes or random.random() < 0.02:
        return random.choice(STRANGE)
    holder, key = random.choice(nodes)
    # The same field of all items, as when a source changes: rarer, and the harder case.
    places = [(holder, key)]
    if isinstance(key, str) and random.random() < 0.25:
        places = [(h, k) for h, k in nodes if k == key and isinstance(h, dict)]
    what, value = random.randrange(8), random.choice(STRANGE)
    for holder, key in places:
        old = holder[key] if isinstance(holder, dict) or key < len(holder) else None
        if what == 0:
            del holder[key]
        elif what == 1 and isinstance(holder, dict):
            holder[f"new_{key}"] = holder.pop(key)
        elif what == 2 and isinstance(old, list):
            holder[key] = old * random.choice([2, 3])
        elif what == 3 and isinstance(holder, list):
            holder.append(holder[random.randrange(len(holder))])
        elif what == 4:
            holder[key] = [old] if random.random() < 0.5 else {"value": old}
        elif what == 5 and isinstance(old, str):
            holder[key] = old + random.choice(["\u202e", "\x00", "x" * 70_000, "\n" * 9, "\x1b[2J"])
        elif what == 6 and isinstance(old, str):
            holder[key] = "".join(random.sample(old, len(old)))
        else:
            holder[key] = value
    return data


def json_nodes(body: bytes, random: Random) -> bytes:
    """Change places of a JSON document."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return flip(body, random)
    return _dump(_edit(data, random), random)


def json_lines(body: bytes, random: Random) -> bytes:
    """Change places of one line of JSON lines."""
    lines = body.splitlines(keepends=True)
    if not lines:
        return insert(body, random)
    number = random.randrange(len(lines))
    lines[number] = json_nodes(lines[number], random) + b"\n"
    return b"".join(lines)


def json_text(body: bytes, random: Random) -> bytes:
    """Change the text of a value without reading the document."""
    odd = [b"NaN", b"-Infinity", b"1e400", b"9" * 400, b"-0", b"null", b"[]", b"{}", b"true",
           b'"\\ud800"', b'"\\u0000"', b"[" * 2000 + b"]" * 2000]  # fmt: skip
    raw = random.choice(odd)
    values = list(re.finditer(rb'(?<=:)\s*("(?:[^"\\]|\\.)*"|[-\w.]+)', body))
    if not values:
        return insert(body, random)
    place = random.choice(values)
    return body[: place.start()] + raw + body[place.end() :]


# XML.

_BOMB = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]>"
)
_OUTSIDE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname"><!ENTITY j "&a;">]>'


def xml_nodes(body: bytes, random: Random) -> bytes:
    """Drop, rename, repeat or move elements; change texts and attributes."""
    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    except (etree.XMLSyntaxError, ValueError):
        return flip(body, random)
    elements = [element for element in root.iter(etree.Element) if element is not root]
    if not elements:
        return duplicate(body, random)
    chosen = random.choice(elements)
    some = (
        [one for one in elements if one.tag == chosen.tag] if random.random() < 0.25 else [chosen]
    )
    what = random.randrange(8)
    text = random.choice(TEXTS)
    text = re.sub("[\x00-\x08\x0b-\x1f\ufffe\uffff]", "?", text)
    for one in some:
        parent = one.getparent()
        if parent is None:
            continue
        if what == 0:
            parent.remove(one)
        elif what == 1:
            one.tag = random.choice(["new", "{http://example.org/other}new", "{}" + "title"])\
                .replace("{}", "")  # fmt: skip
        elif what == 2:
            for _ in range(random.choice([1, 3, 40])):
                parent.append(copy.deepcopy(one))
        elif what == 3:
            root.append(one)
        elif what == 4:
            for child in list(one):
                one.remove(child)
            one.text = None
        elif what == 5 and one.attrib:
            name = random.choice(sorted(one.attrib))
            one.attrib[name] = text
            if random.random() < 0.5:
                del one.attrib[name]
        elif what == 6:
            one.tag = str(one.tag).rpartition("}")[2]
        else:
            one.text = text
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def xml_text(body: bytes, random: Random) -> bytes:
    """Entities, DOCTYPE with bombs and outside files, CDATA, namespaces, comments."""
    what = random.randrange(6)
    if what < 2:
        head = re.match(rb"\s*(<\?xml[^>]*\?>)?", body)
        place = head.end() if head else 0
        spoilt = body[:place] + random.choice([_BOMB, _OUTSIDE]) + body[place:]
        return re.sub(rb">[^<]{3,}<", b">&j;<", spoilt, count=random.choice([1, 3, 0]))
    if what == 2:
        return re.sub(rb">([^<]{3,})<", rb"><![CDATA[\1]]><", body)
    if what == 3:
        spaces = list(re.finditer(rb'xmlns(:\w+)?="[^"]*"', body))
        if spaces:
            space = random.choice(spaces)
            return body[: space.start()] + body[space.end() :]
    if what == 4:
        return body.replace(
            b"><", b"><!-- -- x --><" if random.random() < 0.5 else b"><!--x--><?p?><"
        )
    opening = b"".join(b"<d>" for _ in range(random.choice([10, 300, 6000])))
    return body.replace(b"><", b">" + opening + b"<", 1)


# CSV, and texts of lines in general.


def csv_cells(body: bytes, random: Random) -> bytes:
    """Change cells, rows, columns and the header of a table."""
    text = body.decode("utf-8", "replace")
    separator = "\t" if text.split("\n", 1)[0].count("\t") else ","
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error:
        return flip(body, random)
    rows = [row for row in rows if row]
    if not rows:
        return insert(body, random)
    row = random.choice(rows)
    cell = random.randrange(len(row))
    what = random.randrange(9)
    if what == 0:
        row.pop(cell)
    elif what == 1:
        row.insert(cell, random.choice(["", "x", "=1+1"]))
    elif what == 2:
        rows[0][random.randrange(len(rows[0]))] = random.choice(
            ["", "new", "ID", "date", rows[0][0]]
        )
    elif what == 3:
        rows.insert(random.randrange(len(rows) + 1), list(row))
    elif what == 4:
        random.shuffle(rows[0])
    elif what == 5:
        for one in rows:
            del one[cell : cell + 1]
    elif what == 6:
        rows.pop(random.randrange(len(rows)))
    else:
        value = random.choice(TEXTS)
        row[cell] = value
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, lineterminator=random.choice(["\n", "\r\n"])).writerows(
        rows
    )
    return out.getvalue().encode("utf-8", "replace")


def csv_text(body: bytes, random: Random) -> bytes:
    """Quotes and separators where none should be."""
    mark = random.choice([b'"', b'""', b'","', b",", b"\t", b"\n", b"\r", b'"\n"', b";"])
    place = random.randrange(len(body) + 1)
    return body[:place] + mark + body[place:]


# Packed documents.


def zipped(body: bytes, random: Random) -> bytes:
    """Change a member of a zip, or drop or rename it."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            members = {name: packed.read(name) for name in packed.namelist()}
    except Exception:  # noqa: BLE001  a spoilt zip raises nearly anything
        return flip(body, random)
    if not members:
        return flip(body, random)
    name = random.choice(sorted(members))
    what = random.randrange(8)
    if what == 0:
        del members[name]
    elif what == 1:
        members[f"new/{name}"] = members.pop(name)
    else:
        members[name] = spoil(members[name], random, 1)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in members.items():
            packed.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


def gzipped(body: bytes, random: Random) -> bytes:
    """Change what a gzip file holds."""
    try:
        data = gzip.decompress(body)
    except (OSError, EOFError, ValueError, zlib.error):
        return flip(body, random)
    return gzip.compress(spoil(data, random, 1), 1, mtime=0)


BYTES: tuple[Mutation, ...] = (flip, delete, insert, truncate, duplicate, move, reencode)
OF_KIND: dict[str, tuple[Mutation, ...]] = {
    "json": (json_nodes, json_nodes, json_nodes, json_text), "lines": (json_lines, json_text),
    "xml": (xml_nodes, xml_nodes, xml_text), "text": (csv_cells, csv_cells, csv_text),
    "zip": (zipped,), "gzip": (gzipped,),
}  # fmt: skip


def spoil(body: bytes, random: Random, times: int, share: float = 0.75) -> bytes:
    """Mutate a document.

    Args:
        body: the document.
        random: for what is left to chance.
        times: how many mutations.
        share: of them that are made on the document as what it is; the others on its bytes.
    """
    for _ in range(times):
        ways = OF_KIND[kind(body)] if random.random() < share else BYTES
        body = random.choice(ways)(body, random)
    return body


def splice(first: bytes, second: bytes, random: Random) -> bytes:
    """The beginning of one document and the end of another."""
    return first[: random.randrange(len(first) + 1)] + second[random.randrange(len(second) + 1) :]
