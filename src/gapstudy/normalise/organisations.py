"""Organisation names -> one row per organisation.

One organisation is one folded name. A name belongs to the organisation that a source gives under
it: first by its main name, then by another of its names. Where sources give several of one name, it
belongs to the one in the country that stands with the name, if there is exactly one; else to none
of them. A text that is no such name, but in which one is read (an address, another spelling), has
the organisation of that name. A name that belongs to no given organisation makes one of its own,
with the folded name as identifier, and the spelling, country and kind that stand most often with
it. A laboratory abroad keeps its own country on the affiliation; one without a country gets that
which its text tells.
"""

# ruff: noqa: S608  # the SQL is made of names of our own tables, columns and sources

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as arrow
import pyarrow.compute as compute

from gapstudy.organisations.index import GIVEN, Index
from gapstudy.organisations.weigh import CONFIDENCE, answer
from gapstudy.organisations.words import fold
from gapstudy.tables import contract

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Tables that name organisations: name, country and kind there.
_PARTIES = (
    ("paper_affiliations", "organisation", "country", "kind"),
    ("products", "organisation", "home_country", "null"),
    ("patent_parties", "name", "country", "null"),
)

#: Least confidence of a country that is read from the text of an affiliation.
SURE = 0.90


class Organisations:
    """The organisation of every name in the core tables.

    Needs the database of `merge.Merge`; makes there the table `organisation` with the rows of
    `organisations` and their `src`: those given, completed by what others say of them, and those
    made.
    """

    def __init__(self, base: DuckDBPyConnection) -> None:
        self.base = base
        parties = " union all ".join(
            f"""select "{name}" as name, coalesce({country}, '') as country,
                coalesce({kind}, '') as kind, count(*) as n,
                min({{'place': {place}, 'src': src, 'ref': archive_ref}}) as first
            from "part_{table}" where "{name}" <> '' and {_stands(table)} group by all"""
            for place, (table, name, country, kind) in enumerate(_PARTIES)
        )
        base.execute(f"create temp table party as {parties}")
        names = base.sql("select distinct name from party order by name").to_arrow_table()["name"]
        folded = arrow.array([fold(name) for name in names.to_pylist()], arrow.string())
        base.register("folded", arrow.table({"name": names, "folded": folded}))
        given = base.execute(
            f"""select organisation_id, name, other_names, coalesce(country, ''),
                coalesce(domain, '')
            from part_organisations where {_stands("organisations")}
            order by src, organisation_id"""
        ).fetchall()
        asked = base.execute(
            """select folded, country, min(name) from party join folded using (name)
            where folded <> '' group by all order by all"""
        ).fetchall()
        self._given = given
        self._index: Index | None = None
        self._countries: dict[str, str] = {}
        base.register("answered", _answers(given, asked, self._read if given else _nobody))
        base.execute(
            """create temp table said as
            select organisation_id, name, country, kind, n, first
            from party join folded using (name) join answered using (folded, country)"""
        )
        self._complete()
        # A name has mostly one organisation, whatever the country.
        who = base.execute(
            "select distinct name, country, organisation_id from said order by all"
        ).fetchall()
        self._one: dict[str, str] = {}
        self._several: dict[str, dict[str, str]] = {}
        for name, _, identifier in who:
            if self._one.setdefault(name, identifier) != identifier:
                self._several[name] = {}
        for name, country, identifier in who if self._several else ():
            if name in self._several:
                self._several[name][country] = identifier
        for table in ("party", "said", "heard", "unknown"):
            base.execute(f"drop table {table}")

    def _complete(self) -> None:
        """Make the table `organisation`."""
        self.base.execute(
            f"""create temp table heard as
            select * from {_most("name")} left join {_most("country")} using (organisation_id)
            left join {_most("kind")} using (organisation_id)
            join (select organisation_id, min(first) as first from said group by organisation_id)
                using (organisation_id)"""
        )
        self.base.execute(
            "create temp table unknown as select * from heard where organisation_id not in "
            f"(select organisation_id from part_organisations where {_stands('organisations')})"
        )
        self.base.execute(
            f"""create temp table organisation as
            select p.* exclude (nr, sequence, item) replace (
                coalesce(p.country, heard.country) as country, coalesce(p.kind, heard.kind) as kind)
            from (from part_organisations where {_stands("organisations")}) p
                left join heard using (organisation_id)
            union all by name
            select organisation_id, name, country, kind, '' as other_names, '' as domain,
                organisation_id as source_id, first.src as src, first.ref as archive_ref
            from unknown"""
        )

    def named(self, table: str, rows: arrow.Table) -> arrow.Table:
        """The rows of a table with their `organisation_id`."""
        column = next(found for found in _PARTIES if found[0] == table)
        encoded = rows[column[1]].combine_chunks().dictionary_encode()
        names = encoded.dictionary.to_pylist()
        answers = arrow.array([self._one.get(name) for name in names], arrow.string())
        found = answers.take(encoded.indices)
        odd = [place for place, name in enumerate(names) if name in self._several]
        if odd:
            by_row = found.to_pylist()
            for row in np.flatnonzero(np.isin(encoded.indices, odd)):
                country = rows[column[2]][row].as_py() or ""
                by_row[row] = self._several[names[encoded.indices[row].as_py()]][country]
            found = arrow.array(by_row, arrow.string())
        place = rows.column_names.index("organisation_id")
        rows = rows.set_column(place, "organisation_id", found)
        return self._located(rows) if table == "paper_affiliations" else rows

    def _known(self) -> Index:
        """Index of the organisations given and of those known by themselves."""
        if self._index is None:
            names = ("organisation_id", "name", "other_names", "country", "domain")
            table = pd.DataFrame(self._given, columns=list(names)).assign(kind="")
            self._index, self._given = Index.build(table), []
        return self._index

    def _read(self, name: str, country: str) -> str | None:
        """The organisation given whose name stands in a text, in the country that is known."""
        index = self._known()
        found = answer(name, index)
        owner = index.organisations[found.place] if found.place >= 0 else None
        if owner is None or owner.origin != GIVEN or (country and owner.country != country):
            return None
        return owner.id

    def _located(self, rows: arrow.Table) -> arrow.Table:
        """Affiliations with the countries that their texts tell where the source gave none."""
        bare = compute.and_(
            compute.is_null(rows["country"]), compute.not_equal(rows["organisation"], "")
        )
        if not compute.any(bare).as_py():
            return rows
        for name in compute.unique(rows["organisation"].filter(bare)).to_pylist():
            if name not in self._countries:
                found = answer(name, self._known())
                sure = CONFIDENCE[found.how] >= SURE
                self._countries[name] = found.country if sure else ""
        countries = rows["country"].to_pylist()
        bases = rows["region_basis"].to_pylist()
        names = rows["organisation"].to_pylist()
        for row in np.flatnonzero(bare.to_numpy()):
            if country := self._countries[names[row]]:
                countries[row], bases[row] = country, "organisation"
        for name, values in (("country", countries), ("region_basis", bases)):
            place = rows.column_names.index(name)
            rows = rows.set_column(place, name, arrow.array(values, rows[name].type))
        return rows

    def rows(self, sources: list[str]) -> arrow.Table:
        """The rows of `organisations`, in order."""
        listed = ", ".join(f"'{source}'" for source in sources)
        names = ", ".join(
            f"([{listed}])[src + 1] as source" if name == "source" else name
            for name in contract("organisations").names
        )
        return self.base.sql(
            f"select {names} from organisation order by organisation_id"
        ).to_arrow_table()


def _stands(table: str) -> str:
    return f"nr not in (select nr from gone where \"table\" = '{table}')"


def _most(column: str) -> str:
    """SQL of the value that stands most often with an organisation; of several the least."""
    return f"""(
        select organisation_id, first({column} order by n desc, {column}) as {column}
        from (select organisation_id, {column}, sum(n) as n from said where {column} <> ''
            group by all)
        group by organisation_id)"""


def _nobody(name: str, country: str) -> str | None:
    """The organisation of a text where no source gives any."""
    del name, country
    return None


def _answers(
    given: Iterable[tuple[str, str, str, str, str]],
    asked: Iterable[tuple[str, str, str]],
    read: Callable[[str, str], str | None],
) -> arrow.Table:
    """The organisation of each folded name and country.

    Args:
        given: identifier, name, other names, country (or empty) and domain of the organisations
            given.
        asked: folded name and country (or empty) that stand together, and a spelling of the name.
        read: gives the organisation that is named in a text, which is no name itself.
    """
    wanted = list(asked)
    sought = {name for name, _, _ in wanted}
    mains: defaultdict[str, dict[str, str]] = defaultdict(dict)
    others: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for identifier, name, more, country, _ in given:
        if (folded := fold(name)) in sought:
            mains[folded][identifier] = country
        for other in more.split(" | ") if more else ():
            if (folded := fold(other)) in sought:
                others[folded][identifier] = country
    found: list[Any] = []
    for name, country, spelling in wanted:
        candidates = mains.get(name) or others.get(name) or {}
        if len(candidates) > 1:
            candidates = {key: at for key, at in candidates.items() if at and at == country}
        if len(candidates) == 1:
            found.append(next(iter(candidates)))
        else:
            several = name in mains or name in others
            one = None if several else read(spelling, country)
            found.append(one or name.replace(" ", "-"))
    text = arrow.string()
    return arrow.table({
        "folded": arrow.array([name for name, _, _ in wanted], text),
        "country": arrow.array([country for _, country, _ in wanted], text),
        "organisation_id": arrow.array(found, text),
    })  # fmt: skip
