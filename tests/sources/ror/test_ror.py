"""ROR: the newest release, faults of its file, memory, and the recorded records."""

from __future__ import annotations

import datetime as dt
import json
import tracemalloc
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from scrapy.http import TextResponse
from tests.server.site import World
from tests.server.sites.ror import RorSite
from tests.sources._offline import answer, reply_to

from gapstudy.errors import ShapeError
from gapstudy.sources._answers import Again, Good, Refused
from gapstudy.sources.base import Ask, Bad, Record
from gapstudy.sources.ror import RELEASES, Ror

RECORDED = Path(__file__).resolve().parents[3] / "../shared/recorded/ror"
here = pytest.mark.skipif(not RECORDED.exists(), reason="the recorded responses are not here")
ASK = Ask(dt.date(2024, 1, 1), dt.date(2024, 3, 1))
FILE = "https://zenodo.org/api/records/{0}/files/{1}/content"


def zipped(files: dict[str, str]) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()


def parsed(body: bytes, url: str = FILE.format(1, "v2.0-2026-01-01-ror-data.zip")) -> list[Any]:
    return list(Ror().parse(TextResponse(url, body=body, encoding="utf-8")))


def releases(*names: str, key: str = "key", link: str = "self") -> str:
    hits = [{"id": number, "files": [{key: name, "links": {link: FILE.format(number, name)}}]}
            for number, name in enumerate(names, start=1)]  # fmt: skip
    return json.dumps({"hits": {"hits": hits, "total": len(hits)}})


def chosen(body: str) -> list[str]:
    return [request.url for request in Ror().follow(answer(Ror(), body, url=RELEASES))]  # type: ignore[union-attr]


def test_the_list_of_releases_comes_first() -> None:
    (request,) = Ror().begin(ASK)
    assert request.url == RELEASES
    assert list(Ror().parse(TextResponse(RELEASES, body=releases("x.zip").encode()))) == []


def test_card() -> None:
    assert Ror.CARD is not None
    assert Ror.CARD.hosts == ("zenodo.org",)
    assert Ror.CARD.max_bytes > 100 << 20
    assert Ror.WHOLE


def test_the_newest_release_is_taken_and_marked_as_unchanging() -> None:
    new, old = "v2.0-2026-01-15-ror-data.zip", "v1.74-2025-11-24-ror-data.zip"
    assert chosen(releases(new, old)) == [FILE.format(1, new)]
    assert chosen(releases(old, new)) == [FILE.format(2, new)]
    patched = "v2.0.1-2026-01-15-ror-data.zip"
    assert chosen(releases(patched, new)) == [FILE.format(1, patched)]
    (request,) = Ror().follow(answer(Ror(), releases(new), url=RELEASES))
    assert request.meta["unchanging"] is True  # type: ignore[union-attr]
    assert request.meta["release"] == new  # type: ignore[union-attr]


def test_both_ways_to_write_a_file_entry() -> None:
    name = "v1.34-2023-10-12-ror-data.zip"
    assert chosen(releases(name, key="filename", link="download")) == [FILE.format(1, name)]


def test_other_files_and_other_hosts_are_not_followed() -> None:
    assert chosen(releases("ror-logo.zip", "readme.txt")) == []
    elsewhere = releases("v2.0-2026-01-15-ror-data.zip").replace("zenodo.org", "example.org")
    assert chosen(elsewhere) == []


def test_a_dump_asks_for_nothing_more() -> None:
    url = FILE.format(1, "v2.0-2026-01-15-ror-data.zip")
    assert list(Ror().follow(answer(Ror(), zipped({"a.json": "[]"}), url=url))) == []


@pytest.mark.parametrize(
    ("status", "body", "url", "verdict"),
    [
        (200, releases("v2.0-2026-01-15-ror-data.zip"), RELEASES, Good),
        (200, '{"hits": {"hits": [], "total": 0}}', RELEASES, Again),
        (200, '{"hits": {"hits": [', RELEASES, Again),
        (200, "<html></html>", RELEASES, Again),
        (429, "", RELEASES, Again),
        (503, "", RELEASES, Again),
        (404, "{}", RELEASES, Refused),
        (200, zipped({"a.json": "[]"}), FILE.format(1, "a.zip"), Good),
        (200, zipped({"a.json": "[]" * 99})[:60], FILE.format(1, "a.zip"), Again),
        (200, "<html></html>", FILE.format(1, "a.zip"), Again),
        (403, "", FILE.format(1, "a.zip"), Refused),
    ],
)
def test_verdicts(status: int, body: str | bytes, url: str, verdict: type) -> None:
    assert isinstance(Ror().judge(answer(Ror(), body, status=status, url=url)), verdict)


def test_too_many_requests_wait_a_minute_at_least() -> None:
    for sent, waited in (("5", 60.0), ("90", 90.0), ("", 60.0)):
        response = answer(Ror(), "", status=429, headers={"Retry-After": sent}, url=RELEASES)
        verdict = Ror().judge(response)
        assert isinstance(verdict, Again)
        assert verdict.seconds == waited


def test_a_damaged_zip_is_a_shape_error() -> None:
    body = bytearray(zipped({"a.json": json.dumps([{"id": "x" * 5000}])}))
    body[60] ^= 0xFF
    with pytest.raises(ShapeError, match="zip"):
        parsed(bytes(body))
    with pytest.raises(ShapeError, match=r"no file \*\.json"):
        parsed(zipped({"a.csv": "id"}))


def test_memory_does_not_grow_with_the_dump() -> None:
    site = RorSite(World(start=dt.date(2024, 1, 1), day=dt.date(2024, 1, 1), per_day=1))
    items = site.organisations(dt.date(2024, 1, 1))
    peaks = []
    for times in (2_000, 8_000):
        body = zipped({"v2-ror-data.json": json.dumps(items * times)})
        tracemalloc.start()
        assert sum(1 for _ in Ror().parse(TextResponse(RELEASES + "#x", body=body))) == times
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


def test_the_site_plays_the_source() -> None:
    site = RorSite(World(day=dt.date(2024, 9, 10), per_day=2))
    (request,) = Ror().begin(ASK)
    listed = reply_to(site, request.url)
    (file,) = Ror().follow(answer(Ror(), listed.body, url=request.url))
    assert "2024-09-01" in file.url  # type: ignore[union-attr]
    body = reply_to(site, file.url).body  # type: ignore[union-attr]
    found = parsed(body)
    items = site.organisations(dt.date(2024, 9, 1))
    active = [item for item in items if item["status"] == "active"]
    ended = [item for item in items if item["status"] == "inactive"]
    assert ended
    assert not [one for one in found if isinstance(one, Bad)]
    assert [one.data["ror"] for one in found] == [item["id"][-9:] for item in active]
    by_id = {one.data["ror"]: one.data for one in found}
    for item in ended:
        successor = by_id[item["relationships"][0]["id"][-9:]]
        assert item["names"][-1]["value"] in successor["other_names"].split(" | ")
    assert reply_to(site, "https://zenodo.org/api/records/1/files/a/content").status == 404
    assert reply_to(site, request.url.replace("newest", "mostrecent")).status == 400


def unwrapped(name: str) -> bytes:
    """The records inside the search engine's own envelope, as a list."""
    data = json.loads((RECORDED / name).read_bytes())
    return json.dumps([hit["_source"] for hit in data["hits"]["hits"]]).encode()


@here
def test_the_recorded_record() -> None:
    (found,) = parsed(unwrapped("test_data_retrieve_es7_v2.json"))
    assert isinstance(found, Record)
    assert found.data == {
        "organisation_id": "ror:02atag894", "name": "Office of Nuclear Physics", "country": "US",
        "kind": "government", "ror": "02atag894", "wikidata": "Q30296535", "other_names": "NP",
        "domain": "science.osti.gov", "founded": "1996", "founded_precision": "year",
    }  # fmt: skip


# Read from the bytes: identifier, country, founding year, Wikidata number, domain of the web site.
_READ = """
02bfwt286 AU 1958 Q598841 monash.edu
00rqy9422 AU 1909 Q866012 uq.edu.au
01sf06y89 AU 1964 Q741082 mq.edu.au
00jtmb277 AU 1951 Q1350021 uow.edu.au
01nfmeh72 AU 1890 Q962011 utas.edu.au
01kpzv902 AU 1966 Q15575 flinders.edu.au
04ttjf776 AU 1887 Q1057890 rmit.edu.au
01rxfrp27 AU 1964 Q1478723 latrobe.edu.au
04j757h98 AU 1916 Q180514 vu.edu.au
04r659a56 AU 1938 Q1814435 une.edu.au
02czsnj07 AU 1974 Q1180978 deakin.edu.au
02sc3r913 AU 1971 Q1202292 griffith.edu.au
023q4bk22 AU 1967 Q1053985 cqu.edu.au
01p93h210 AU 1991 Q15576 unisa.edu.au
031rekg67 AU 1908 Q787234 swinburne.edu.au
006jxzx88 AU 1987 Q892188 bond.edu.au
00wfvh315 AU 1989 Q1066188 csu.edu.au
04s1nv328 AU 1967 Q1640648 canberra.edu.au
05qbzwv83 AU 1994 Q1121200 federation.edu.au
048zcaj52 AU 2003 Q1064071 cdu.edu.au
"""


@here
def test_the_recorded_page() -> None:
    found = parsed(unwrapped("test_data_search_es7_v2.json"))
    assert [
        " ".join(one.data[name] for name in ("ror", "country", "founded", "wikidata", "domain"))
        for one in found
    ] == _READ.split("\n")[1:-1]
    assert {one.data["kind"] for one in found} == {"academia"}
    assert found[0].data["name"] == "Monash University"
    assert found[9].data["name"] == "University of New England"
    assert len(found[9].data["other_names"].split(" | ")) == 2
    assert found[6].data["other_names"].endswith("| RMIT")
