"""arXiv by OAI-PMH: the preprints of `arxiv` by datestamp, in chains of tokens that lapse daily."""

from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qs, urlencode
from xml.sax.saxutils import escape, quoteattr

from tests.server.site import Asked, Reply, Site
from tests.server.sites._papers import PLACES
from tests.server.sites.arxiv import Preprint, preprints

ARGUMENTS = {"verb", "metadataPrefix", "set", "from", "until", "resumptionToken", "identifier"}
FORMATS = ("oai_dc", "arXiv", "arXivRaw")


def set_of(category: str) -> str:
    """Set of a category: cs:cs:AI."""
    return f"{category.partition('.')[0]}:{category.replace('.', ':')}"


class ArxivOai(Site):
    """ListRecords; a token is of no use after the UTC day on which it was given.

    Attributes:
        PAGE: records in one answer.
    """

    HOSTS = ("oaipmh.arxiv.org",)
    RATE = 1 / 3
    CONCURRENCY = 1
    GROUP = "arxiv"
    PAGE = 1_000

    def reply(self, asked: Asked) -> Reply:
        if asked.path != "/oai":
            return Reply(404, b"<html><body>Not Found</body></html>", {"Content-Type": "text/html"})
        args = asked.args
        if set(args) - ARGUMENTS or args.get("verb") not in {"ListRecords", "Identify"}:
            code = "badVerb" if args.get("verb") != "ListRecords" else "badArgument"
            return self.error(asked, code, "Illegal verb or argument")
        if args["verb"] == "Identify":
            return self.document(asked, "<Identify><repositoryName>arXiv</repositoryName>"
                                 "<earliestDatestamp>2005-09-16</earliestDatestamp>"
                                 "<granularity>YYYY-MM-DD</granularity></Identify>")  # fmt: skip
        skip = 0
        if token := args.get("resumptionToken"):
            args = {name: values[0] for name, values in parse_qs(token).items()}
            if set(asked.args) != {"verb", "resumptionToken"} or args.get("on") != self.on(asked):
                return self.error(asked, "badResumptionToken", "the token is not valid any more")
            skip = int(args["skip"])
        if args.get("metadataPrefix") not in FORMATS:
            return self.error(asked, "cannotDisseminateFormat", "unknown format")
        try:
            first = dt.date.fromisoformat(args.get("from", "2005-09-16"))
            last = dt.date.fromisoformat(args.get("until", self.world.day.isoformat()))
        except ValueError:
            return self.error(asked, "badArgument", "dates are YYYY-MM-DD")
        if first > last:
            return self.error(asked, "badArgument", "from is after until")
        found = [
            one for one in preprints(self.world)
            if first <= one.changed <= last and self.within(one, args.get("set", ""))
        ]  # fmt: skip
        found.sort(key=lambda one: (one.changed, one.paper.arxiv))
        part = found[skip : skip + self.PAGE]
        if not part:
            return self.error(asked, "noRecordsMatch", "")
        more = ""
        if skip + self.PAGE < len(found):
            rest = {"metadataPrefix": "arXiv", "from": first, "until": last,
                    "set": args.get("set", ""), "skip": skip + self.PAGE,
                    "on": self.on(asked)}  # fmt: skip
            more = f"<resumptionToken>{escape(urlencode(rest))}</resumptionToken>"
        # The list opens with a record that was deleted.
        gone = ('<record><header status="deleted"><identifier>oai:arXiv.org:0000.00000</identifier>'
                f"<datestamp>{part[0].changed}</datestamp></header></record>")  # fmt: skip
        listed = "".join(map(self.record, part))
        return self.document(asked, f"<ListRecords>{gone}{listed}{more}</ListRecords>")

    @staticmethod
    def on(asked: Asked) -> str:
        """UTC day of a request."""
        return dt.datetime.fromtimestamp(asked.now, dt.UTC).date().isoformat()

    @staticmethod
    def within(one: Preprint, name: str) -> bool:
        """Whether a record is in a set or in one below it."""
        return not name or any(
            f"{set_of(category)}:".startswith(f"{name}:") for category in one.paper.categories
        )

    def record(self, one: Preprint) -> str:
        """One record in the format arXiv."""
        paper = one.paper
        sets = "".join(f"<setSpec>{set_of(name)}</setSpec>" for name in paper.categories)
        authors = ""
        for name, places in paper.authors:
            first, _, last = name.partition(" ")
            authors += f"<author><keyname>{escape(last)}</keyname><forenames>{escape(first)}"
            authors += "</forenames>"
            if paper.number % 10 == 0:
                authors += "".join(
                    f"<affiliation>{escape(PLACES[place][0])}</affiliation>" for place in places
                )
            authors += "</author>"
        doi = f"<doi>{one.doi}</doi>" if one.doi else ""
        updated = f"<updated>{one.changed}</updated>" if one.version > 1 else ""
        return (
            f"<record><header><identifier>oai:arXiv.org:{paper.arxiv}</identifier>"
            f"<datestamp>{one.changed}</datestamp>{sets}</header><metadata>"
            f'<arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>{paper.arxiv}</id>'
            f"<created>{paper.day}</created>{updated}<authors>{authors}</authors>"
            f"<title>{escape(paper.title)}</title>"
            f"<categories>{' '.join(paper.categories)}</categories>{doi}"
            f"<abstract>  {escape(paper.abstract)}\n</abstract></arXiv></metadata></record>\n"
        )

    def error(self, asked: Asked, code: str, text: str) -> Reply:
        """An error of the protocol, with status 200."""
        return self.document(asked, f'<error code="{code}">{escape(text)}</error>')

    def document(self, asked: Asked, inside: str) -> Reply:
        """The envelope."""
        time = dt.datetime.fromtimestamp(asked.now, dt.UTC)
        told = " ".join(f"{name}={quoteattr(value)}" for name, value in asked.args.items())
        if 'error code="bad' in inside:
            told = ""  # as the protocol has it where arguments are wrong
        text = f"""<?xml version="1.0" encoding="UTF-8"?>
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">
<responseDate>{time:%Y-%m-%dT%H:%M:%SZ}</responseDate>
<request {told}>https://oaipmh.arxiv.org/oai</request>
{inside}
</OAI-PMH>
"""
        return Reply(200, text.encode(), {"Content-Type": "text/xml"})
