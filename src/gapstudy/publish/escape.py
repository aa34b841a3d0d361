"""Text from outside is data: made harmless for every reader of a page or a download."""

from __future__ import annotations

import html
import re

# Beside HTML's own signs: braces (shortcodes and Jinja), backticks (the fence that Quarto puts
# around raw HTML) and dollars (maths) mean something to a reader between a cell and the page.
_ALSO = str.maketrans({sign: f"&#{ord(sign)};" for sign in "{}`$\\"})
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def html_text(value: object) -> str:
    """Text as HTML that shows exactly this text, in content and in quoted attributes.

    Line breaks and tabs become spaces: inside a raw HTML block an empty line would end it.

    >>> html_text("<b>{{< include x >}}")
    '&lt;b&gt;&#123;&#123;&lt; include x &gt;&#125;&#125;'
    """
    text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", re.sub(r"[\t\r\n]+", " ", str(value)))
    return html.escape(text, quote=True).translate(_ALSO)


def csv_text(value: str) -> str:
    """Text as a spreadsheet shows it instead of running it as a formula.

    Source: OWASP, CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection

    >>> csv_text("=1+1")
    "'=1+1"
    """
    return "'" + value if value.startswith(_FORMULA) else value
