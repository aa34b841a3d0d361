"""Four news sites with their feeds: three in RSS 2.0, one in Atom."""

from __future__ import annotations

import datetime as dt
import email.utils
from typing import ClassVar
from xml.sax.saxutils import escape

from tests.server.site import Asked, Reply, Site

from ._launch_items import Launch, launches, stamp

_FEEDS = {
    ("techcrunch.com", "/category/artificial-intelligence/feed/"): "rss",
    ("www.eu-startups.com", "/feed/"): "rss",
    ("openai.com", "/news/rss.xml"): "rss",
    ("tech.eu", "/feed/"): "atom",
}


class NewsRss(Site):
    """The newest `entries` of each feed; older ones are gone from it for good."""

    HOSTS = ("techcrunch.com", "www.eu-startups.com", "openai.com", "tech.eu")
    RATE = 0.2
    CONCURRENCY = 1
    ROBOTS = "User-agent: ExampleTrainingBot\nDisallow: /\n\nUser-agent: *\nDisallow: /wp-admin/\n"
    entries: ClassVar[int] = 60

    def reply(self, asked: Asked) -> Reply:
        kind = _FEEDS.get((asked.host, asked.path))
        if kind is None:
            return Reply(404, b"<!DOCTYPE html><title>Not found</title>",
                         {"Content-Type": "text/html; charset=utf-8"})  # fmt: skip
        found = list(launches(self.world, asked.host))[::-1][: self.entries]
        write = _atom if kind == "atom" else _rss
        tag = f'"{asked.host}-{self.world.day}"'
        headers = {"Content-Type": f"application/{kind}+xml; charset=utf-8", "ETag": tag}
        if asked.headers.get("if-none-match") == tag:
            return Reply(304, b"", headers)
        return Reply(200, write(asked.host, found).encode(), headers)


def _rss(host: str, found: list[Launch]) -> str:
    items = "".join(
        f"<item><title>{escape(post.name)} launches {escape(post.task)}</title>"
        f"<link>https://{host}/{post.day:%Y/%m/%d}/{post.number}/</link>"
        "<dc:creator><![CDATA[Jane Roe]]></dc:creator>"
        f"<pubDate>{_rfc822(post.moment, '+0000' if post.number % 2 else 'GMT')}</pubDate>"
        f"<category><![CDATA[Start-ups]]></category>"
        f'<guid isPermaLink="false">https://{host}/?p={post.number}</guid>'
        f"<description><![CDATA[<p>{post.name} is {post.task} &#8230;</p>]]></description></item>"
        for post in found
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>{host}</title><link>https://{host}/</link>{items}</channel></rss>"
    )


def _atom(host: str, found: list[Launch]) -> str:
    entries = "".join(
        f"<entry><title>{escape(post.name)} launches {escape(post.task)}</title>"
        f'<link rel="alternate" href="https://{host}/{post.number}"/>'
        f"<id>tag:{host},2024:{post.number}</id><published>{stamp(post.moment)}</published>"
        f"<updated>{stamp(post.moment)}</updated>"
        f'<summary type="html">&lt;p&gt;{escape(post.task)}&lt;/p&gt;</summary></entry>'
        for post in found
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>{host}</title><id>https://{host}/</id>{entries}</feed>"
    )


def _rfc822(moment: int, zone: str) -> str:
    text = email.utils.format_datetime(dt.datetime.fromtimestamp(moment, dt.UTC))
    return text.removesuffix("+0000") + zone
