"""Hugging Face Hub: models as they are published, with the papers that they name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote, urlsplit

from gapstudy.sources._answers import Again, Good, Refused, Verdict, header
from gapstudy.sources._launches import (
    BLANK,
    count_of,
    is_arxiv_id,
    is_doi,
    iso_day,
    next_page,
    options,
    peek,
    raw,
    references,
    some_have,
    text_of,
)
from gapstudy.sources._shape import read_json, unknown
from gapstudy.sources.base import Ask, Bad, Budget, Card, Incomplete, Record, Source

if TYPE_CHECKING:
    import scrapy
    from scrapy.http import Response

LISTING = "https://huggingface.co/api/models"
PAGE = 1000
#: What the Hub gives as creation of everything older: it kept no creation dates before.
BACKFILL = "2022-03-02T23:29:04"
#: Prefix of the DOIs that the Hub mints for a repository itself: no paper.
OWN_DOI = "10.57967/"
_LEFT = re.compile(r"\br=(\d+)")
_TIME = re.compile(r"\bt=(\d+)")


class HuggingFace(Source):
    """Models of the Hub, newest first, back to the first day wanted.

    The Hub holds millions of models, most of them trials and copies, so these are kept: models that
    name a paper (tag `arxiv:` or `doi:`), and models with at least `min_likes` likes. Copies in
    another number format (tag `base_model:quantized:`) are left out unless the option `quantized`
    is set. Everything listed is stored, so another choice needs no new crawl of the same days.

    `createdAt` is the creation of the repository. The Hub kept no such dates before 2 March 2022
    [constant not confirmed]: a model with a date not after it is put aside with that reason, since
    neither a day nor a year would be true.

    Tags `arxiv:` are papers that the model's own card names. DOIs that the Hub mints for a model
    itself are not papers. The tag `region:us` is a place of storage; no country is given. The
    organisation is the account that holds the model, which may be a person's.

    The option `models` names models that are asked for by themselves in every crawl. The listing
    has no filter by date; the short set of fields is asked for, which has all that is needed.
    """

    name = "hugging_face"
    TITLE = "Hugging Face Hub models"
    GIVES = ("products", "product_references")
    LICENCE = "Metadata of public repositories; each model has its own licence"
    OPTIONAL = ("HF_TOKEN",)
    REGION_BASIS = "none"
    # 500 requests in 5 minutes without and 1,000 with a free token, by the documentation. A
    # recorded model takes 451 bytes in the short set; 3,000 new ones a day are a guess.
    CARD: ClassVar[Card] = Card(
        hosts=("huggingface.co",),
        delay=1.0,
        budgets=(Budget(500, 300),),
        overlap=7,
        per_day=3_000,
        page=PAGE,
        answer_bytes=450_000,
    )
    OPTIONS: ClassVar[Mapping[str, Any]] = {"min_likes": 20, "quantized": False, "models": []}

    @classmethod
    def card(cls, *, keyed: bool) -> Card:
        """Twice the requests with a token."""
        return replace(cls.CARD, budgets=(Budget(1_000, 300),)) if keyed else cls.CARD

    def begin(self, ask: Ask) -> Iterator[scrapy.Request]:
        """The listing is one unit: its pages follow each other. So is each model named."""
        first = ask.first.isoformat()
        yield self.get(
            f"{LISTING}?sort=createdAt&direction=-1&limit={PAGE}", first=first, keyed=ask.keyed
        )
        for model in {**self.OPTIONS, **ask.options}["models"]:
            yield self.get(f"{LISTING}/{quote(model)}", first=first, keyed=ask.keyed)

    def sign(self, secrets: Mapping[str, str]) -> dict[str, str]:
        """The token, where there is one."""
        token = secrets.get("HF_TOKEN")
        return {"Authorization": f"Bearer {token}"} if token else {}

    def pace(self, response: Response) -> float | None:
        """What is left of the window, spread over its time."""
        left, seconds = _limits(response)
        if left is None or seconds is None:
            return None
        return min(seconds, seconds / max(left, 1))

    def judge(self, response: Response) -> Verdict:
        """405 is a captcha, which is never evaded; 401 of a single model means that it is gone."""
        status = response.status
        if status == 429:
            return Again("HTTP 429: the window of requests is used up", _limits(response)[1])
        if status == 405:
            return Refused("HTTP 405: the Hub's firewall asks for a captcha",
                           "Wait for some hours and lower the pace")  # fmt: skip
        if status in {401, 404} and not _is_listing(response.url):
            return Good()
        if status == 401:
            return Refused("HTTP 401: the Hub refuses the listing", "Check HF_TOKEN, or unset it")
        verdict = super().judge(response)
        if isinstance(verdict, Good):
            _, fault = peek(response)
            if fault.startswith("HTML"):
                return Refused("HTML in place of JSON: a block page", "Look at the stored contact")
            if fault:
                return Again(fault)
        return verdict

    def follow(self, response: Response, **_: Any) -> Iterator[scrapy.Request | Incomplete]:
        """The next page, unless this one reaches back before the days wanted."""
        if not _is_listing(response.url):
            return
        models = read_json(response)
        if not isinstance(models, list):
            raise unknown("a list of models was expected", response.url)
        days = [model.get("createdAt") for model in models if isinstance(model, dict)]
        oldest = min((day for day in days if isinstance(day, str)), default="")
        if oldest[:10] >= response.meta["first"] and (address := next_page(response)):
            yield self.get(address, first=response.meta["first"], keyed=response.meta["keyed"])

    def parse(self, response: Response, **_: Any) -> Iterator[Record | Bad]:
        """Models of a page of the listing, or one model asked for by itself.

        Raises:
            ShapeError: not JSON, no list of models, or a field is missing in every model.
        """
        data = read_json(response)
        chosen = not _is_listing(response.url)
        if chosen and isinstance(data, dict):
            if "error" in data and "id" not in data:
                return  # the model is gone, or was never public
            data = [data]
        if not isinstance(data, list):
            raise unknown("a list of models was expected", response.url)
        some_have(data, ("id", "createdAt", "tags", "likes"), "model", response.url)
        settings = options(self)
        seen: set[str] = set()
        for row, model in enumerate(data, start=1):
            try:
                tags = _tags(model)
                papers = list(_papers(tags))
                if not chosen and not _kept(model, tags, bool(papers), settings):
                    continue
                product = _product(model, tags)
            except ValueError as error:
                yield Bad("products", str(error), raw(model), row)
                continue
            # Models that are put in while pages are read move others onto the next page.
            if product["product_id"] not in seen:
                seen.add(product["product_id"])
                yield Record("products", product, row)
                yield from references(product["product_id"], papers, row)


def _tags(model: Any) -> list[str]:
    if not isinstance(model, dict):
        raise ValueError(f"the model is {type(model).__name__}, not an object")
    tags = model.get("tags")
    if not isinstance(tags, list):
        raise ValueError("the field 'tags' is missing or no list")
    return [tag for tag in tags if isinstance(tag, str)]


def _kept(
    model: dict[str, Any], tags: list[str], papers: bool, settings: Mapping[str, Any]
) -> bool:
    if not settings["quantized"] and any(tag.startswith("base_model:quantized:") for tag in tags):
        return False
    return papers or (count_of(model, "likes") or 0) >= settings["min_likes"]


def _papers(tags: list[str]) -> Iterator[tuple[str, str | None, str | None]]:
    for tag in dict.fromkeys(tags):
        kind, _, number = tag.partition(":")
        number = re.sub(r"v\d+$", "", number) if kind == "arxiv" else number.lower()
        if kind == "arxiv" and is_arxiv_id(number):
            yield tag, number, None
        elif kind == "doi" and is_doi(number) and not number.startswith(OWN_DOI):
            yield tag, None, number


def _product(model: dict[str, Any], tags: list[str]) -> dict[str, Any]:
    identifier = text_of(model, "id", needed=True)
    created = text_of(model, "createdAt", needed=True)
    if created[: len(BACKFILL)] <= BACKFILL:
        raise ValueError("the source kept no creation dates before 2022-03-02")
    owner, _, name = identifier.rpartition("/")
    task = text_of(model, "pipeline_tag")
    return {
        **BLANK,
        "product_id": f"hf:{identifier}",
        "name": name or identifier,
        "organisation": owner,
        "date": iso_day(created),
        "date_meaning": "repository_creation",
        "kind": "model",
        "category": task,
        "description": _described(task, text_of(model, "library_name"), tags),
        "popularity": count_of(model, "likes"),
        "evidence": f"https://huggingface.co/{quote(identifier)}",
    }


def _described(task: str, library: str, tags: list[str]) -> str:
    """What the fields and tags say, in one sentence."""
    bases = [tag.split(":") for tag in tags if tag.startswith("base_model:")]
    # Each base is tagged twice: by itself, and with how the model was made from it.
    made = [f"{how} of {base}" for _, how, base in (part for part in bases if len(part) == 3)]
    licences = [tag.removeprefix("license:") for tag in tags if tag.startswith("license:")]
    parts = [f"Model for {task}" if task else "Model", f"library {library}" if library else ""]
    return ", ".join(filter(None, [*parts, *made, *(f"licence {name}" for name in licences)])) + "."


def _is_listing(url: str) -> bool:
    return urlsplit(url).path.rstrip("/") == "/api/models"


def _limits(response: Response) -> tuple[float | None, float | None]:
    """Requests left and seconds left of the window, as the header RateLimit gives them."""
    text = header(response, "RateLimit")
    left, seconds = _LEFT.search(text), _TIME.search(text)
    return (float(left[1]) if left else None, float(seconds[1]) if seconds else None)
