"""Made-up responses with a known truth, to try the questionnaire, the import and the analysis.

Answers to the barriers follow a proportional odds model: the log odds of a higher answer are
shifted by the respondent's region and the stage, everything else is equal. Whatever is made here
says "synthetic" in the name of its file and in a column of its own.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gapstudy.errors import UsageError
from gapstudy.survey.exports import TOOLS, Tool
from gapstudy.survey.importer import SYNTHETIC
from gapstudy.survey.questionnaire import Item, Questionnaire

if TYPE_CHECKING:
    import numpy as np

#: Countries of the respondents with their shares.
COUNTRIES = {"DE": 0.16, "FR": 0.12, "NL": 0.08, "US": 0.34, "CN": 0.2, "GB": 0.1}
#: Log odds of a higher answer, against the respondents of other countries, by stage.
SHIFTS: Mapping[str, Mapping[str, float]] = {
    "US": {"law_ethics": -0.8, "market": 0.3}, "CN": {"data": -0.6, "law_ethics": -0.4},
}  # fmt: skip
#: Log odds of an answer above each point of the scale, without a shift.
LEVELS = (1.5, 0.4, -0.5, -1.6)
_BASE = {"data": 0.4, "scaling": 0.3, "market": -0.2, "governance": -0.4}
_SKIPPED, _UNKNOWN = 0.02, 0.03

Response = dict[str, str]


def responses(
    form: Questionnaire,
    n: int,
    seed: int,
    shifts: Mapping[str, Mapping[str, float]] = SHIFTS,
) -> list[Response]:
    """Answers by item, as names; a skipped item is missing.

    Args:
        form: the questionnaire.
        n: responses.
        seed: seed of the random numbers.
        shifts: country -> stage -> shift of the log odds.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    made = []
    for _ in range(n):
        one: Response = {}
        country = str(rng.choice(list(COUNTRIES), p=list(COUNTRIES.values())))
        for item in form.items:
            skipped, unknown = rng.random(2) < (_SKIPPED, _UNKNOWN)
            value = _answer(item, country, bool(unknown), rng, shifts)
            if not skipped or item.name in {"consent", "country"}:
                one[item.name] = value
        made.append(one)
    return made


def _answer(
    item: Item, country: str, unknown: bool, rng: np.random.Generator,
    shifts: Mapping[str, Mapping[str, float]],
) -> str:  # fmt: skip
    import numpy as np

    if item.kind == "country":
        return country
    if item.kind == "year":
        return str(rng.integers(2021, 2026))
    if item.kind == "percent":
        return str(5 * int(rng.binomial(20, 0.3 if country in {"US", "CN"} else 0.22)))
    if item.name == "consent":
        return "yes"
    if item.kind == "likert":
        shift = _BASE.get(item.stage, 0.0) + shifts.get(country, {}).get(item.stage, 0.0)
        above = 1 / (1 + np.exp(-(np.array(LEVELS) + shift)))
        return "na" if unknown else str(1 + int((rng.random() < above).sum()))
    weights = np.arange(len(item.names), 0, -1.0)
    return str(rng.choice(item.names, p=weights / weights.sum()))


def export(form: Questionnaire, made: list[Response], tool: Tool, seed: int) -> bytes:
    """Responses as a tool would export them, with columns that an import must not keep.

    Args:
        form: the questionnaire.
        made: the responses.
        tool: the tool.
        seed: seed of the time stamps.

    Raises:
        UsageError: the tool is none of those known.
    """
    import numpy as np

    if tool not in TOOLS:
        raise UsageError(f"there is no export for {tool!r}",
                         remedy="One of " + ", ".join(TOOLS))  # fmt: skip
    rng = np.random.default_rng([seed, 1])
    moments = [tuple(int(part) for part in rng.integers((1, 1, 8), (7, 28, 20))) for _ in made]
    heads, rows = [], []
    for number, (one, (month, day, hour)) in enumerate(zip(made, moments, strict=True), start=1):
        about = {
            "limesurvey": (("id", "submitdate", "lastpage", "startlanguage", "ipaddr", "email"),
                           (f"{number}", f"2026-{month:02d}-{day:02d} {hour:02d}:15:00", "3", "en",
                            f"192.0.2.{number % 250}", f"person{number}@example.org")),
            "qualtrics": (("ResponseId", "RecordedDate", "Finished", "DistributionChannel",
                           "IPAddress", "RecipientEmail"),
                          (f"R_{number}", f"2026-{month:02d}-{day:02d} {hour:02d}:15:00", "True",
                           "anonymous", f"192.0.2.{number % 250}", f"person{number}@example.org")),
            "google": (("Timestamp", "Email Address"),
                       (f"2026/{month:02d}/{day:02d} {hour}:15:{number % 60:02d} AM GMT+1",
                        f"person{number}@example.org")),
            "csv": (("respondent_id", "month"), (f"{number}", f"2026-{month:02d}")),
        }[tool]  # fmt: skip
        heads = [*about[0], *(_head(form, item, tool) for item in form.items), "Comment", SYNTHETIC]
        cells = [_shown(item, one.get(item.name, ""), tool) for item in form.items]
        rows.append([*about[1], *cells, "Call me: +00 000 000", "yes"])
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n", delimiter=";" if tool == "limesurvey" else ",")
    writer.writerow(heads)
    if tool == "qualtrics":
        texts = {item.code: _text(form, item, " - ") for item in form.items}
        writer.writerow([texts.get(head, head) for head in heads])
        writer.writerow([json.dumps({"ImportId": head}) for head in heads])
    writer.writerows(rows)
    return buffer.getvalue().encode()


def _head(form: Questionnaire, item: Item, tool: Tool) -> str:
    if tool == "google":
        return _text(form, item, " [") + ("]" if item.kind == "likert" else "")
    if tool == "limesurvey" and item.kind == "likert":
        return f"BARR[{item.code}]"
    return item.name if tool == "csv" else item.code


def _text(form: Questionnaire, item: Item, mark: str) -> str:
    return f"{form.scale_text}{mark}{item.text}" if item.kind == "likert" else item.text


def _shown(item: Item, name: str, tool: Tool) -> str:
    if not item.answers or not name or tool == "csv":
        return name
    answer = next(one for one in item.answers if one.name == name)
    return answer.code if tool == "limesurvey" else answer.label
