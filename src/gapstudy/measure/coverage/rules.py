"""What is known of reporting delays from outside the data: rules of law, each with its source."""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    """A delay that is known without data.

    Attributes:
        event: what ends the delay.
        days: days from the date of priority before which nothing is expected.
        meaning: the rule in words.
        source: address of a page that states it.
    """

    event: str
    days: int
    meaning: str
    source: str


#: Eighteen months of 30.44 days.
MONTHS_18 = 548
PUBLICATION = Rule(
    "publication", MONTHS_18,
    "an application is published after 18 months from its earliest priority (European Patent "
    "Convention, Article 93(1)); the same holds for international applications",
    "https://www.epo.org/en/service-support/faq/searching-patents/european-patent-register-and-"
    "federated-register/european-2",
)  # fmt: skip
GRANT = Rule(
    "grant",
    1498,
    "a granted patent took 49.2 months from its earliest US priority on average (10,000 patents "
    "issued before 2007): as a mean it bounds nothing, later periods are surely incomplete",
    "http://www.patentlyo.com/patent/2007/02/prosecution_dat_1.html",
)
RULES = {rule.event: rule for rule in (PUBLICATION, GRANT)}
