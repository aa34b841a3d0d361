"""Web hosts and mail domains, and the countries that they stand for."""

from __future__ import annotations

import functools
import re

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
#: Top-level domains outside ISO 3166 that belong to one country: `uk`, and those that only
#: institutions in the United States have been given since 2001 (`edu`) or ever (`gov`, `mil`).
_OWN = {"uk": "GB", "edu": "US", "gov": "US", "mil": "US"}
#: Academic and state domains under an ending that is otherwise sold to everybody.
_STATE = re.compile(r"(?:^|\.)(?:ac|edu|gov|uni|univ)\.([a-z]{2})$")
_HOST = re.compile(r"\s*(?:https?://(?:[^/?#@\s]*@)?)?(?:www\.)?([^/?#:@\s]+)", re.IGNORECASE)


def host(address: str) -> str:
    """Host of a web address without `www.`, lower case; empty when there is none.

    >>> host("https://www.Example.com/about")
    'example.com'
    """
    match = _HOST.match(address)
    return match[1].lower().rstrip(".") if match and "." in match[1] else ""


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
def _codes() -> dict[str, str]:
    import pycountry

    return {country.alpha_2.lower(): country.alpha_2 for country in pycountry.countries} | {
        "uk": "GB"
    }


@functools.cache
def _countries() -> dict[str, str]:
    return {domain: code for domain, code in _codes().items() if domain not in _NO_COUNTRY}


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


def institution_country(name: str) -> str | None:
    """Country of the mail or web domain of an institution, where endings are not bought for fun.

    >>> institution_country("cs.example.edu"), institution_country("uni.example.ac.rs")
    ('US', 'RS')
    """
    last = name.rpartition(".")[2]
    if last in _OWN:
        return _OWN[last]
    if match := _STATE.search(name):
        return _codes().get(match[1])
    return _countries().get(last)
