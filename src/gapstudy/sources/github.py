"""GitHub: repositories under topics of AI, and the releases of repositories."""

from __future__ import annotations

import datetime as dt
import email.utils
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode, urlsplit

from gapstudy.sources._answers import Again, Good, Refused, Spent, Verdict, header, retry_after
from gapstudy.sources._days import Days
from gapstudy.sources._launches import (
    BLANK,
    arxiv_ids,
    count_of,
    iso_day,
    next_page,
    number_of,
    peek,
    raw,
    references,
    some_have,
    text_of,
    web_host,
)
from gapstudy.sources._shape import need, read_json, unknown
from gapstudy.sources.base import Ask, Bad, Budget, Card, Incomplete, Record, Source

if TYPE_CHECKING:
    import scrapy
    from scrapy.http import Response

ADDRESS = "https://api.github.com"
#: Results that can be had of one search, and items in one answer.
CEILING = 1000
PAGE = 100
#: Characters of a release's notes that are kept in its description.
NOTES = 1000
#: Seconds that are waited for; a budget that is further away stops the source.
_WAIT = 120.0
_SEARCHED = ("id", "name", "full_name", "html_url", "created_at", "owner")
_RELEASED = ("id", "html_url", "tag_name", "draft", "prerelease", "published_at")


class GitHub(Source):
    """Repositories under the option `topics` with at least `min_stars` stars, and releases.

    A search is asked twice for each window: for repositories created in it, and for repositories
    last pushed in it, which is how releases of older ones come in. Releases are read of every
    repository found and of those in the option `repositories` ("owner/name").

    A repository is a product, dated by its creation, which may lie before its publication. A
    release is a version, dated by its publication; drafts are left out, and a prerelease says so
    in `feature`. An owner is named as organisation where GitHub says that it is one. Its location
    is free text of its own, so no country is given. arXiv identifiers in the description, the home
    page or the release notes are references.

    A search over 1,000 results, or one that GitHub says it did not finish, is split by days. Fields
    are those of GitHub's REST documentation; no answer was recorded.
    """

    name = "github"
    TITLE = "GitHub repositories and releases"
    GIVES = ("products", "product_references")
    LICENCE = "GitHub Terms of Service; each repository has its own licence"
    CREDENTIALS = ("GITHUB_TOKEN",)
    REGION_BASIS = "none"
    # 5,000 requests an hour and 30 searches a minute with a token, by the documentation. Items a
    # day are a guess; a repository takes about 5 KB, a release with notes and files as much.
    CARD = Card(
        hosts=("api.github.com",),
        delay=0.8,
        budgets=(Budget(5_000, 3600), Budget(30, 60, "searches")),
        overlap=7,
        per_day=150,
        page=10,
        answer_bytes=100_000,
    )
    OPTIONS: ClassVar[Mapping[str, Any]] = {
        "repositories": [],
        "topics": ["llm", "large-language-models", "generative-ai", "deep-learning"],
        "min_stars": 100,
    }

    def begin(self, ask: Ask) -> Iterator[scrapy.Request]:
        """A unit for each repository named, and for each topic, month and kind of search."""
        settings = {**self.OPTIONS, **ask.options}
        since = ask.first.isoformat()
        for repository in settings["repositories"]:
            yield self._releases(repository, since)
        for topic in settings["topics"]:
            for days in Days(ask.first, ask.last).months():
                for field in ("created", "pushed"):
                    yield self._search(topic, settings["min_stars"], field, days, since)

    def _search(self, topic: str, stars: int, field: str, days: Days, since: str) -> scrapy.Request:
        asked = f"topic:{topic} stars:>={stars} {field}:{days.first}..{days.last}"
        query = {"q": asked, "sort": "stars", "order": "desc", "per_page": PAGE}
        return self.get(
            f"{ADDRESS}/search/repositories?{urlencode(query)}",
            topic=topic, stars=stars, field=field, days=str(days), since=since, page=1,
        )  # fmt: skip

    def _releases(self, repository: str, since: str) -> scrapy.Request:
        return self.get(f"{ADDRESS}/repos/{repository}/releases?per_page={PAGE}", since=since)

    def sign(self, secrets: Mapping[str, str]) -> dict[str, str]:
        """The token, and the version of the service whose fields are read here."""
        return {
            "Authorization": f"Bearer {secrets['GITHUB_TOKEN']}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }

    def cost(self, request: scrapy.Request) -> float:
        """Searches have a budget of their own."""
        return 1.0 if _is_search(request.url) else 0.0

    def judge(self, response: Response) -> Verdict:
        """Limits come as 403 or 429; a repository that is gone is an empty answer."""
        data, fault = peek(response)
        said = str(data.get("message", ""))[:200] if isinstance(data, dict) else ""
        status = response.status
        if status in {403, 429} and (wait := _limit(response, said)):
            return wait
        if status == 401:
            return Refused(f"HTTP 401: {said}", "Check GITHUB_TOKEN")
        gone = status in {404, 451} or (status == 403 and "access blocked" in said.lower())
        if gone and not _is_search(response.url):
            return Good()
        if status in {403, 422}:
            return Refused(f"HTTP {status}: {said}", "Look at the options of the source github")
        verdict = super().judge(response)
        if isinstance(verdict, Good):
            if fault:
                return Again(fault)
            if _is_search(response.url) and isinstance(data, dict) and data.get("items") == []:
                total = data.get("total_count")
                if isinstance(total, int) and total > (response.meta.get("page", 1) - 1) * PAGE:
                    return Again(f"an empty page although {total} results are reported")
        return verdict

    def follow(self, response: Response, **_: Any) -> Iterator[scrapy.Request | Incomplete]:
        """The next page, parts of a window that is too large, releases of repositories found."""
        if response.status >= 400:
            return
        if not _is_search(response.url):
            yield from self._older(response)
            return
        data = read_json(response)
        total = need(data, "total_count", int, response.url)
        items = need(data, "items", list, response.url)
        meta, address = response.meta, next_page(response)
        if meta["page"] == 1 and (total >= CEILING or data.get("incomplete_results") is True):
            yield from self._split(meta, total, CEILING if total >= CEILING else len(items))
            if not _one_day(meta):
                return
        for item in items:
            if isinstance(item, dict) and isinstance(item.get("full_name"), str):
                yield self._releases(item["full_name"], meta["since"])
        reached = (meta["page"] - 1) * PAGE + len(items)
        if address:
            yield self.get(address, **_kept(meta) | {"page": meta["page"] + 1})
        elif reached < min(total, CEILING):
            # The results end before their number: the cap has become lower than the one known.
            yield from self._split(meta, total, reached)

    def _split(
        self, meta: Mapping[str, Any], total: int, reach: int
    ) -> Iterator[scrapy.Request | Incomplete]:
        days = Days.read(meta["days"])
        if halves := days.halves():
            for half in halves:
                yield self._search(meta["topic"], meta["stars"], meta["field"], half, meta["since"])
        else:
            window = f"topic {meta['topic']}, {meta['field']} on {days.first}"
            yield Incomplete(window, total, min(total, reach))

    def _older(self, response: Response) -> Iterator[scrapy.Request]:
        """The next page of releases, unless all of this one lie before the days wanted."""
        releases = read_json(response)
        if not isinstance(releases, list):
            raise unknown("a list of releases was expected", response.url)
        days = [item.get("published_at") for item in releases if isinstance(item, dict)]
        newest = max((day for day in days if isinstance(day, str)), default="9999")
        if newest >= response.meta["since"] and (address := next_page(response)):
            yield self.get(address, since=response.meta["since"])

    def parse(self, response: Response, **_: Any) -> Iterator[Record | Bad]:
        """Repositories of a search, or releases of a repository.

        Raises:
            ShapeError: not JSON, or a field is missing in the envelope or in every item.
        """
        data = read_json(response)
        read: Callable[[Any], tuple[dict[str, Any], str] | None]
        if _is_search(response.url):
            items = need(data, "items", list, response.url)
            some_have(items, _SEARCHED, "repository", response.url)
            read = _repository
        elif isinstance(data, list):
            items = data
            some_have(items, _RELEASED, "release", response.url)
            read = _release
        elif isinstance(data, dict) and "message" in data:
            return  # the repository is gone or blocked
        else:
            raise unknown("a list of releases was expected", response.url)
        for row, item in enumerate(items, start=1):
            try:
                found = read(item)
            except ValueError as error:
                yield Bad("products", str(error), raw(item), row)
                continue
            if found:
                product, text = found
                yield Record("products", product, row)
                named = ((number, number, None) for number in arxiv_ids(text))
                yield from references(product["product_id"], named, row)


def _repository(item: Any) -> tuple[dict[str, Any], str]:
    """The row of `products` and the text in which papers may be named."""
    number, page = _named(item)
    owner = item.get("owner")
    if not isinstance(owner, dict):
        raise ValueError("the field 'owner' is missing or no object")
    home, said = text_of(item, "homepage"), text_of(item, "description")
    product = {
        **BLANK,
        "product_id": f"gh:{number}",
        "name": text_of(item, "name", needed=True),
        "organisation": text_of(owner, "login") if owner.get("type") == "Organization" else "",
        "date": iso_day(text_of(item, "created_at", needed=True)),
        "date_meaning": "repository_creation",
        "kind": "product",
        "description": said,
        "website": home if web_host(home) and not arxiv_ids(home) else "",
        "popularity": count_of(item, "stargazers_count"),
        "evidence": page,
    }
    return product, f"{said} {home}"


def _release(item: Any) -> tuple[dict[str, Any], str] | None:
    """As `_repository`; None for a draft. The repository is read from the page's address."""
    number, page = _named(item)
    if item.get("draft") is True:
        return None
    path = urlsplit(page).path.split("/")
    if len(path) < 4 or not path[2]:
        raise ValueError("the field 'html_url' names no repository")
    feature = text_of(item, "tag_name", needed=True)
    if item.get("prerelease") is True:
        feature += " (prerelease)"
    notes = text_of(item, "body")
    title = text_of(item, "name")
    product = {
        **BLANK,
        "product_id": f"gh:release:{number}",
        "name": path[2],
        "feature": feature,
        "date": iso_day(text_of(item, "published_at", needed=True)),
        "date_meaning": "release",
        "kind": "version",
        "description": "\n\n".join(part for part in (title, notes[:NOTES]) if part),
        "evidence": page,
    }
    return product, notes


def _named(item: Any) -> tuple[int, str]:
    if not isinstance(item, dict):
        raise ValueError(f"the item is {type(item).__name__}, not an object")
    page = text_of(item, "html_url", needed=True)
    if not web_host(page):
        raise ValueError("the field 'html_url' is no web address")
    return number_of(item, "id"), page


def _is_search(url: str) -> bool:
    return urlsplit(url).path == "/search/repositories"


def _one_day(meta: Mapping[str, Any]) -> bool:
    return Days.read(meta["days"]).halves() is None


def _kept(meta: Mapping[str, Any]) -> dict[str, Any]:
    return {name: meta[name] for name in ("topic", "stars", "field", "days", "since")}


def _limit(response: Response, said: str) -> Verdict | None:
    """What a limit asks for; None when the answer speaks of none."""
    why = f"HTTP {response.status}: {said}"
    seconds = retry_after(response)
    if seconds is None and header(response, "x-ratelimit-remaining").strip() == "0":
        seconds = _until_reset(response)
    if seconds is None:
        # By the documentation, at least a minute where the answer does not say how long.
        hit = response.status == 429 or any(
            word in said.lower() for word in ("rate limit", "abuse")
        )
        return Again(why, 60.0) if hit else None
    return Again(why, seconds) if seconds <= _WAIT else Spent(why, seconds)


def _until_reset(response: Response) -> float | None:
    """Seconds to `x-ratelimit-reset` by the server's own clock: ours may differ from it."""
    reset = header(response, "x-ratelimit-reset").strip()
    if not (reset.isascii() and reset.isdigit()):
        return None
    try:
        sent = email.utils.parsedate_to_datetime(header(response, "Date")).timestamp()
        seconds = float(reset) - sent
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(seconds, 1.0), dt.timedelta(hours=1).total_seconds())
