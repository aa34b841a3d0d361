"""What a source is asked for: its window, its watermark, what was interrupted or refused."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gapstudy import __version__
from gapstudy.collect.orders import Order
from gapstudy.collect.state import State
from gapstudy.collect.task import ASK_AGAIN, settings_mark
from gapstudy.errors import StudyError
from gapstudy.sources.base import Source
from gapstudy.study import FILE, Study

#: Most identifiers that one collection looks up at a source that enriches.
_WANTED = 5000


@dataclass(frozen=True)
class Skip:
    """Why a source is not asked now.

    Attributes:
        why: for the reader; empty when it has been asked today.
        end: "skipped", "refused", "paused" or "fresh".
    """

    why: str
    end: str


def ask_for(
    source: type[Source],
    study: Study,
    raw: Path,
    now: dt.datetime,
    wanted: Callable[[str], Sequence[str]],
    *,
    asked: bool,
) -> Order | Skip:
    """What a source is to be asked for, or why it is not asked.

    Args:
        source: the source.
        study: its settings and the contact.
        raw: `data/raw` of the study.
        now: time of the collection (UTC).
        wanted: kind of identifier -> those to look up.
        asked: whether the reader named the source, so that it is asked a second time on a day.

    Raises:
        StudyError: its settings cannot be.
    """
    name = source.name
    if not study.contact:
        return Skip(
            f"skipped: set `contact` in {FILE}, an address that site operators can write to",
            "skipped",
        )
    lacking = [key for key in source.CREDENTIALS if not os.environ.get(key)]
    if lacking:
        return Skip(f"skipped: set {' and '.join(lacking)} in the environment to use it", "skipped")
    given = dict(study.source.get(name, {}))
    base, pace = str(given.pop("base", "")), float(given.pop("pace", 1.0))
    start = given.pop("start", study.window.start)
    if pace < 1 and urlsplit(base).hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise StudyError(
            f"source.{name}.pace is only for a stand-in on this machine",
            where=str(study.root / FILE),
            remedy="Remove it, or set source." + name + ".base to a local server",
        )
    secrets = _secrets(source)
    keyed = bool(secrets)
    card = source.card(keyed=keyed)
    assert card is not None
    state = State.load(raw, name)
    today = now.date()
    stamp = now.isoformat(timespec="seconds")
    mark = settings_mark({**given, "base": base}, __version__, secrets)
    if state.refused and state.refused_for == mark:
        since = dt.date.fromisoformat(state.refused_on)
        if (today - since).days < ASK_AGAIN:
            return Skip(
                f"refused on {state.refused_on} and not asked again before "
                f"{since + dt.timedelta(days=ASK_AGAIN)}, unless its settings or its key change: "
                f"{state.refused}",
                "refused",
            )
    if state.resume > stamp:
        return Skip(f"{state.note}; goes on after {state.resume}Z", "paused")
    if state.asked == today.isoformat() and state.run is None and not asked:
        return Skip("", "fresh")
    looked_up: tuple[str, ...] = ()
    if state.run is not None:
        run, first, last = state.run.stamp, state.run.first, state.run.last
        looked_up = tuple(state.run.wanted)
    else:
        begin = dt.date.fromisoformat(str(start))
        if state.until:
            until = dt.date.fromisoformat(state.until)
            begin = max(begin, until - dt.timedelta(days=card.overlap - 1))
        run, first, last = stamp, begin.isoformat(), today.isoformat()
        if source.WANTS:
            had = set(state.asked_for)
            looked_up = tuple(sorted(set(wanted(source.WANTS)) - had)[:_WANTED])
    return Order(
        name=name, raw=str(raw), run=run, now=stamp, first=first, last=last,
        contact=study.contact, keyed=keyed, options=_plain(given), wanted=looked_up, base=base,
        pace=pace, mark=mark,
    )  # fmt: skip


def _secrets(source: type[Source]) -> dict[str, str]:
    names = (*source.CREDENTIALS, *source.OPTIONAL)
    return {name: os.environ[name] for name in names if os.environ.get(name)}


def _plain(options: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as JSON has them: days of TOML become text."""
    data: dict[str, Any] = json.loads(json.dumps(dict(options), default=str))
    return data
