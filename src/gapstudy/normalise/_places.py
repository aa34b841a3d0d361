"""Countries that a web domain or a text stands for, and when it stands for none."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from gapstudy.regions import country_code

#: Top-level domains of countries that say nothing of a country, by the reason why.
NOT_A_COUNTRY = {
    "sold to everybody for what the letters mean or look like":
        "ac ad ag ai am as bz cc cd ci cm co cx dj fm gd gg gl gs gy hn im io la lc ly md me mn ms "
        "mu nu pm pn pw re rs sc sh si so sr st sx tc tf tl to tt tv vc vg vu wf ws yt",
    "given away for nothing for years": "cf ga gq ml tk",
    "an English word that foreigners buy to end a name": "do is",
}  # fmt: skip
_NO_COUNTRY = frozenset(" ".join(NOT_A_COUNTRY.values()).split())

#: Hosts where everybody may put a page: what stands there says nothing of who made it.
SHARED = frozenset(
    "about.me apple.com apps.apple.com arxiv.org beacons.ai behance.net bitbucket.org blogspot.com "
    "bubbleapps.io carrd.co chrome.google.com chromewebstore.google.com cloudfront.net "
    "codeberg.org codepen.io crates.io deno.dev devpost.com discord.com discord.gg "
    "docs.google.com drive.google.com dribbble.com f-droid.org facebook.com figma.com fly.dev "
    "framer.app framer.website gist.github.com github.com github.io gitlab.com gitlab.io "
    "glitch.me goo.gl gumroad.com herokuapp.com hf.space huggingface.co indiegogo.com "
    "instagram.com itch.io kaggle.com kickstarter.com lemonsqueezy.com linkedin.com linktr.ee "
    "lnkd.in lu.ma marketplace.visualstudio.com medium.com microsoftstore.com netlify.app "
    "notion.site notion.so npmjs.com onrender.com pages.dev patreon.com play.google.com "
    "producthunt.com pypi.org pythonanywhere.com railway.app readthedocs.io reddit.com "
    "replicate.com replit.app replit.dev repl.co research.google.com sites.google.com slack.com "
    "softr.app sourceforge.net stackexchange.com streamlit.app substack.com surge.sh t.me tally.so "
    "testflight.apple.com tiktok.com tumblr.com twitch.tv twitter.com typeform.com vercel.app "
    "vimeo.com web.app webflow.io wikipedia.org wixsite.com wordpress.com workers.dev x.com "
    "ycombinator.com youtu.be youtube.com".split()
)

# Names that mean something else too often: a state of the United States, first names, an editor, an
# animal, a fabric.
_AMBIGUOUS = {"Georgia", "Jordan", "Chad", "Monaco", "Guinea", "Jersey"}
#: A text that names one of these as well does not speak of one country.
_WIDER = (
    "Africa", "Asia", "Europe", "European Union", "EU", "Latin America", "LATAM", "South America",
    "North America", "Middle East", "MENA", "New England", "New Mexico", "New South Wales",
)  # fmt: skip
_NO_CODE = "*"
_MORE = (
    "USA", "U.S.A.", "U.S.", "US", "United States of America", "UK", "U.K.", "Great Britain",
    "England", "Scotland", "Wales", "Northern Ireland", "South Korea", "Russia", "Turkey", "Iran",
    "Czech Republic", "Ivory Coast", "United Arab Emirates", "UAE", "Kosovo",
)  # fmt: skip


def host(address: str) -> str:
    """Host of a web address without `www.`, lower case; empty when there is none.

    >>> host("https://www.Example.com/about")
    'example.com'
    """
    match = _HOST.match(address)
    return match[1].lower().rstrip(".") if match and "." in match[1] else ""


_HOST = re.compile(r"\s*(?:https?://(?:[^/?#@\s]*@)?)?(?:www\.)?([^/?#:@\s]+)", re.IGNORECASE)


def above(name: str) -> list[str]:
    """A host and the domains above it, without the top-level one; none for a shared host.

    >>> above("app.example.co.uk")
    ['app.example.co.uk', 'example.co.uk', 'co.uk']
    """
    domains = []
    while "." in name:
        domains.append(name)
        name = name.partition(".")[2]
    return [] if not SHARED.isdisjoint(domains) else domains


@functools.cache
def _countries() -> dict[str, str]:
    import pycountry

    codes = {country.alpha_2.lower(): country.alpha_2 for country in pycountry.countries}
    codes["uk"] = "GB"
    return {domain: code for domain, code in codes.items() if domain not in _NO_COUNTRY}


def domain_country(name: str, company: str) -> str | None:
    """Country of a host by its top-level domain; None where that is no country's own.

    Args:
        name: the host.
        company: folded name of the company; where host and name have the same letters, the ending
            is a part of the name (`frid.ge`) and says nothing.

    >>> domain_country("example.co.uk", "example"), domain_country("frid.ge", "fridge")
    ('GB', None)
    """
    code = _countries().get(name.rpartition(".")[2])
    if code is None or not above(name) or re.sub(r"\W", "", name) == company.replace(" ", ""):
        return None
    return code


@functools.cache
def _named() -> tuple[dict[str, str], str]:
    """Names of countries -> codes, and a pattern that finds them, long names first."""
    import pycountry

    names = [
        value
        for country in pycountry.countries
        for field in ("name", "common_name", "official_name")
        if (value := getattr(country, field, None)) and "," not in value
    ]
    known = {name: code for name in [*names, *_MORE]
             if name not in _AMBIGUOUS and (code := country_code(name))}  # fmt: skip
    known |= dict.fromkeys(_WIDER, _NO_CODE)
    return known, "|".join(re.escape(name) for name in sorted(known, key=len, reverse=True))


def text_countries(texts: Sequence[str]) -> list[str | None]:
    """The country of each text that names exactly one, as it is written in English.

    >>> text_countries(["Payments for shops in Kenya", "From Kenya to Peru", "Georgia on my mind"])
    ['KE', None, None]
    """
    import pyarrow as arrow
    import pyarrow.compute as compute

    known, names = _named()
    # RE2 goes through all texts in one pass each; Python's own engine then sees the few that hit.
    column = arrow.array(texts, arrow.large_string())
    hits = compute.match_substring_regex(column, rf"\b(?:{names})").to_pylist()
    pattern = re.compile(rf"(?<!\w)(?:{names})(?!\w)")
    found: list[str | None] = []
    for text, hit in zip(texts, hits, strict=True):
        codes = {known[name] for name in pattern.findall(text)} if hit else set()
        found.append(codes.pop() if len(codes) == 1 and _NO_CODE not in codes else None)
    return found
