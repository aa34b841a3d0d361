"""Every number that the index page prints leads back to stored bytes."""

import hashlib
import json
import re
from pathlib import Path

from lxml import html

from gapstudy.archive import Archive, Reference
from gapstudy.store import Store
from gapstudy.trace import trace

from .conftest import Command


def numbers_of(page: Path) -> list[str]:
    tree = html.fromstring(page.read_text(encoding="utf-8"))
    return sorted({str(name) for name in tree.xpath("//*[@data-number]/@data-number")})


def test_every_number_of_the_index_leads_to_stored_bytes(published: Path) -> None:
    store = Store(published)
    names = numbers_of(published / "reports/_site/index.html")
    assert len(names) > 20
    for name in names:
        number, hops, stored = trace(store, name)
        assert hops[0].table == number["table"]
        assert stored, f"{name} ends in no stored response"
        for found in stored:
            reference = Reference.parse(found.archive_ref)
            body = Archive.of(store.raw, reference.source).body(reference.sha256)
            assert hashlib.sha256(body).hexdigest() == found.sha256
            assert found.excerpt.strip()


def test_the_text_of_the_index_holds_no_number_without_a_name(published: Path) -> None:
    tree = html.fromstring((published / "reports/_site/index.html").read_text(encoding="utf-8"))
    (main,) = tree.xpath("//main")
    for element in main.xpath(".//*[@data-number] | .//svg | .//script | .//figcaption | .//nav"):
        element.drop_tree()
    text = " ".join(main.text_content().split())
    # What is left may name claims (C4), intervals (95%), dates and the software's version.
    allowed = r"C\d|\b95%|\d{4}-\d{2}-\d{2}|\b\d{1,2} [A-Z][a-z]+ \d{4}\b|\d+\.\d+\.\d+"
    left = re.findall(r"\d[\d.,%]*", re.sub(allowed, " ", text))
    assert left == [], text


def test_command_prints_the_way(published: Path, command: Command) -> None:
    done = command("trace", "conversion-5y-EU", "--json", study=published)
    assert done.returncode == 0, done.stderr
    way = json.loads(done.stdout)
    assert [hop["table"] for hop in way["hops"]][:2] == ["out_conversion", "out_cohort"]
    assert {"papers", "links"} <= {hop["table"] for hop in way["hops"]}
    assert all(found["url"].startswith(("file:", "package:")) for found in way["stored"])


def test_unknown_number_names_the_nearest(published: Path, command: Command) -> None:
    done = command("trace", "conversion-5y-EUR", study=published)
    assert done.returncode == 2
    assert "Did you mean 'conversion-5y-EU'?" in done.stderr
