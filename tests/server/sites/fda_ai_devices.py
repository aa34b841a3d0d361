"""The FDA's list of AI-enabled devices: one file, in the form that `form` names."""

from __future__ import annotations

import csv
import datetime as dt
import email.utils
import io
from xml.sax.saxutils import escape

from tests.server.site import Asked, Reply, Site

from ._fda_devices import Device, devices

_HEADER = ("Date of Final Decision", "Submission Number", "Device", "Company", "Panel (Lead)",
           "Primary Product Code")  # fmt: skip
_TAGS = ("Date_of_final_decision", "Submission_number", "Device", "Company", "Panel",
         "Primary_product_code")  # fmt: skip


class FdaAiDevices(Site):
    """The whole list at one address, newest first; it answers 304 to who has it already."""

    HOSTS = ("www.fda.gov",)
    RATE = 0.1
    CONCURRENCY = 1
    ROBOTS = "User-agent: *\nDisallow: /search/\n"
    form = "csv"

    def reply(self, asked: Asked) -> Reply:
        if asked.path != "/media/178565/download":
            page = b"<!DOCTYPE html>\n<html><body>Page not found</body></html>"
            return Reply(404, page, {"Content-Type": "text/html"})
        # Four of five decisions are on the list.
        listed = [device for device in devices(self.world) if hash_of(device) % 5]
        listed.reverse()
        stamp = max((device.day for device in listed), default=self.world.start)
        moment = dt.datetime.combine(stamp, dt.time(), dt.UTC)
        headers = {
            "ETag": f'"{len(listed)}-{stamp:%Y%m%d}"',
            "Last-Modified": email.utils.format_datetime(moment, usegmt=True),
        }
        if asked.headers.get("if-none-match") == headers["ETag"]:
            return Reply(304, b"", headers)
        body, kind = _xml(listed) if self.form == "xml" else _csv(listed)
        return Reply(200, body, {"Content-Type": kind, **headers})


def hash_of(device: Device) -> int:
    """A number that is the same in every process."""
    return sum(device.number.encode())


def _cells(device: Device, *, formula: bool) -> tuple[str, ...]:
    address = f"https://www.accessdata.fda.gov/scripts/cdrh/cfdocs/cfPMN/pmn.cfm?ID={device.number}"
    number = f'=HYPERLINK("{address}", "{device.number}")' if formula else device.number
    day = device.day.strftime("%m/%d/%Y")
    return day, number, device.name, device.firm, device.panel, device.code


def _csv(listed: list[Device]) -> tuple[bytes, str]:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_HEADER)
    writer.writerows(_cells(device, formula=False) for device in listed)
    return text.getvalue().encode("utf-8-sig"), "text/csv"


def _xml(listed: list[Device]) -> tuple[bytes, str]:
    rows = (
        "".join(
            f"    <{tag}>{escape(cell)}</{tag}>\n"
            for tag, cell in zip(_TAGS, _cells(device, formula=True), strict=True)
        )
        for device in listed
    )
    inner = "".join(f"  <row>\n{row}  </row>\n" for row in rows)
    return f"<?xml version='1.0' encoding='utf-8'?>\n<data>\n{inner}</data>".encode(), "text/xml"
