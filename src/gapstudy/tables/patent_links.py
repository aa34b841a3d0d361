"""Contracts of the links between papers and patents: by citation, and by team and content."""

from __future__ import annotations

from gapstudy.tables.contract import Origin, Table, count, flag, number, share, text

#: What a link by citation rests on.
HOW = ("identifier", "title", "printed")
KINDS = (
    "article", "conference", "preprint", "book", "thesis", "web", "unknown", "standard", "database",
)  # fmt: skip

PATENT_PAPER_CITATIONS = Table(
    "patent_paper_citations",
    "One paper that one citation of a patent may mean, with its probability.",
    "link",
    (
        text("patent_id", "the citing patent"),
        text("place", "where the citation stands", values=("front_page", "in_text")),
        count("position", "order of the citation, 1 is first", low=1),
        count("part", "number of the citation within the string, 1 unless it holds several", low=1),
        text("paper_id", "the paper"),
        share("probability", "calibrated probability that the citation means the paper; each pair "
              "is judged alone, so that two papers of one title may both be likely"),
        text("how", "what it rests on: identifier, title, or printed (author, journal, volume, "
             "page, year)", values=HOW),
        text("kind", "kind of literature that the citation is of", values=KINDS),
        text("title", "title as read from the citation; empty when it gives none"),
        text("journal", "journal or conference as read; empty when it gives none"),
        count("year", "year as read", null=True),
        text("authors", "authors as read, joined by ;"),
        text("reasons", "contribution of each agreement to the log-odds, JSON, largest first"),
    ),
    ("patent_id", "place", "position", "part", "paper_id"),
    (
        Origin("patent_citations",
               {"patent_id": "patent_id", "place": "place", "position": "position"}),
        Origin("papers", {"paper_id": "paper_id"}),
    ),
)  # fmt: skip

PATENT_PAPER_PAIRS = Table(
    "patent_paper_pairs",
    "One paper and one patent that may be of the same work: same team, same content.",
    "link",
    (
        text("paper_id", "the paper"),
        text("patent_id", "the patent"),
        share("probability", "probability that both are of the same work"),
        count("shared_people", "inventors among the authors"),
        share("share_of_team", "their share of the smaller team; 0 where one side names no people"),
        flag("same_organisation", "whether an applicant is an organisation of the paper"),
        number("cosine", "cosine of the embeddings of title and abstract", low=-1.0, high=1.001),
        count("rare_words", "rare words that the texts share"),
        count("days", "days from the paper to the priority of the patent (filing where unknown), "
              "negative when the patent came first; missing without a date", null=True, low=None),
    ),
    ("paper_id", "patent_id"),
    (
        Origin("papers", {"paper_id": "paper_id"}),
        Origin("patents", {"patent_id": "patent_id"}),
    ),
)  # fmt: skip

TABLES = (PATENT_PAPER_CITATIONS, PATENT_PAPER_PAIRS)
