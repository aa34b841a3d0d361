"""Contracts of the core tables."""

from __future__ import annotations

from gapstudy.tables.contract import (
    PROVENANCE,
    Origin,
    Table,
    count,
    country,
    dated,
    day,
    flag,
    number,
    share,
    text,
)

KINDS = ("academia", "industry", "government", "nonprofit", "mixed")
BASES = ("organisation", "applicant", "inventor", "office", "company_home", "respondent", "none")
RELATIONS = ("implements", "derives_from", "mentions", "competes", "none")
RUNGS = ("given", "ror", "wikidata", "yc", "domain", "text", "none")
MARKETS = ("EU", "US", "CN", "GB", "other", "unknown")


PAPERS = Table(
    "papers",
    "One research result: a paper, its earliest version counted once.",
    "normalise",
    (
        text("paper_id", "identifier within the study"),
        text("title", "title"),
        text("abstract", "description or abstract; empty when there is none"),
        text("coined_name", "name that the paper gives its thing; empty when it coins none"),
        *dated("date", "first public date"),
        text(
            "date_meaning", "what the date is: preprint, proceedings, conference, release, journal"
        ),
        text("arxiv_id", "arXiv identifier without version", null=True),
        text("doi", "DOI, lower case", null=True),
        text("venue", "venue where it appeared; empty when unknown"),
        count("venue_year", "year of the venue", null=True),
        text("award", "award it received; empty when none"),
        text(
            "frame",
            "how it got into the study: award (cohort), technique (chosen by outcome), feed",
        ),
        count("cited_by", "citations at retrieval", null=True),
        text("evidence", "address of the page that confirms it"),
        *PROVENANCE,
    ),
    ("paper_id",),
)

PAPER_AFFILIATIONS = Table(
    "paper_affiliations",
    "One organisation of one paper (of one author, where authors are known).",
    "normalise",
    (
        text("paper_id", "the paper"),
        count("position", "order on the paper, 1 is first", low=1),
        count("author", "number of the author, 1 is first; missing where authors are unknown",
              null=True, low=1),
        text("author_name", "name of that author; empty where authors are unknown"),
        text("organisation", "organisation as the source names it; empty when an author has none"),
        text("organisation_id", "identifier in `organisations`", null=True),
        country("country", "country where the organisation sits"),
        text("kind", "kind of organisation", null=True, values=KINDS),
        text("region_basis", "what the country describes", values=BASES),
        *PROVENANCE,
    ),
    ("paper_id", "position"),
    (Origin("papers", {"paper_id": "paper_id"}),),
)  # fmt: skip

PATENTS = Table(
    "patents",
    "One patent publication.",
    "normalise",
    (
        text("patent_id", "publication number with country and kind code"),
        text("title", "title or subject"),
        text("abstract", "abstract; empty when there is none"),
        text("application_number", "number of the application, as the office writes it", null=True),
        text("family_id", "patent family (DOCDB simple family)", null=True),
        flag("family_first", "whether it is the publication by which its family is counted: the "
                             "earliest known"),
        text("office", "office of the publication (ISO alpha-2, EP or WO)", form="[A-Z]{2}"),
        text("first_office", "office of first filing, of the earliest priority (ISO alpha-2, EP or "
                             "WO)", null=True, form="[A-Z]{2}"),
        text("cpc", "CPC symbols without padding, such as G06N3/08, separated by blanks"),
        *dated("priority_date", "earliest priority date", null=True),
        *dated("filing_date", "filing date", null=True),
        *dated("publication_date", "date of this publication", null=True),
        *dated("grant_date", "grant date; missing while not granted", null=True),
        text("paper_id", "result that it is related to by content and team", null=True),
        text("evidence", "address of the page that confirms it"),
        *PROVENANCE,
    ),
    ("patent_id",),
)  # fmt: skip

PATENT_PARTIES = Table(
    "patent_parties",
    "One applicant or inventor of one patent.",
    "normalise",
    (
        text("patent_id", "the patent"),
        text("role", "role of the party", values=("applicant", "inventor")),
        count("position", "order within the role, 1 is first", low=1),
        text("name", "name as the source gives it; empty when only the country is known"),
        text("organisation_id", "identifier in `organisations`", null=True),
        country("country", "country of residence"),
        *PROVENANCE,
    ),
    ("patent_id", "role", "position"),
    (Origin("patents", {"patent_id": "patent_id"}),),
)

PATENT_CITATIONS = Table(
    "patent_citations",
    "One citation of non-patent literature by one patent.",
    "normalise",
    (
        text("patent_id", "the citing patent"),
        count("position", "order, 1 is first", low=1),
        text("text", "the citation as printed"),
        text("place", "where it stands", values=("front_page", "in_text")),
        text("arxiv_id", "arXiv identifier found in it", null=True),
        text("doi", "DOI found in it", null=True),
        *PROVENANCE,
    ),
    ("patent_id", "place", "position"),
    (Origin("patents", {"patent_id": "patent_id"}),),
)

PRODUCTS = Table(
    "products",
    "One product, feature or version that users can use, dated by its own launch.",
    "normalise",
    (
        text("product_id", "identifier within the study"),
        text("name", "name of the product"),
        text("feature", "feature or version; empty when it is the product as a whole"),
        text("organisation", "organisation that offers it"),
        text("organisation_id", "identifier in `organisations`", null=True),
        country("home_country", "home country of that organisation"),
        text("region_basis", "what the country describes", values=BASES),
        text("country_rung", "step of the ladder that gave the country: given by the source, "
                             "organisation matched, domain, place named in the text, or none",
             values=RUNGS),
        share("country_confidence", "share of countries found by that step that are right; missing "
                                    "without a country", null=True),
        *dated("date", "launch of the feature or version itself"),
        text("date_meaning", "what the date is: release, announcement, general_availability, "
                             "clearance, approval, repository_creation, inception, batch"),
        text("kind", "product, feature, version, service, device or model"),
        text("category", "field of use"),
        text("description", "what it does, in own words or as the source says; may be empty"),
        text("website", "address of its home page; empty when unknown"),
        count("popularity", "votes, points, likes or stars at retrieval", null=True),
        text("entry", "how it came in: compiled, followup, availability, feed"),
        text("evidence", "address of the page that confirms it"),
        *PROVENANCE,
    ),
    ("product_id",),
)  # fmt: skip

PRODUCT_REFERENCES = Table(
    "product_references",
    "One piece of research that a product's own page or card names.",
    "normalise",
    (
        text("product_id", "the product"),
        count("position", "order, 1 is first", low=1),
        text("text", "the reference as given"),
        text("arxiv_id", "arXiv identifier without version", null=True),
        text("doi", "DOI, lower case", null=True),
        *PROVENANCE,
    ),
    ("product_id", "position"),
    (Origin("products", {"product_id": "product_id"}),),
)

PRODUCT_AVAILABILITY = Table(
    "product_availability",
    "From when one product could be used in one market, or that it could not.",
    "normalise",
    (
        text("product_id", "the product"),
        text("market", "market: EU, US, CN, GB, other or unknown", values=MARKETS),
        text("basis", "market_access (its users may use it) or provider_offer (a provider from "
                      "that market sells it)", values=("market_access", "provider_offer")),
        text("provider", "who offers it there; empty for the maker itself"),
        text("status", "state at the date", values=("available", "not_available")),
        *dated("date", "first day of use, or day of the check when not available"),
        flag("confirmed", "whether a page speaks of this market and date itself"),
        text("evidence", "address of the page"),
        *PROVENANCE,
    ),
    ("product_id", "market", "basis", "provider"),
    (Origin("products", {"product_id": "product_id"}),),
)  # fmt: skip

FOLLOWUPS = Table(
    "followups",
    "What the search for the first product of one result found, by the written protocol.",
    "normalise",
    (
        text("paper_id", "the result followed up"),
        text("outcome", "what was found", values=("found", "none_found", "unclear")),
        text("product_id", "the first product found", null=True),
        text("relation", "how the product uses the result", null=True, values=RELATIONS),
        text("evidence", "address of the page that shows the use; empty when none"),
        day("searched_on", "day of the search"),
        text("searched_where", "collections searched"),
        text("queries", "what was asked"),
        *PROVENANCE,
    ),
    ("paper_id",),
    (Origin("papers", {"paper_id": "paper_id"}),),
)

LABELLED_PAIRS = Table(
    "labelled_pairs",
    "One result and one product or patent with the label whether the second uses the first.",
    "normalise",
    (
        text("pair_id", "identifier of the pair"),
        text("paper_id", "the result"),
        text("target_type", "product or patent", values=("product", "patent")),
        text("target_id", "identifier in `products` or `patents`"),
        flag("label", "whether the target uses the result"),
        text("relation", "how", values=RELATIONS),
        text("negative_kind", "for a non-link: why it is hard, or easy; empty for links"),
        text("how_known", "what the label rests on"),
        text("split", "fit or test, made once by product organisation", values=("fit", "test")),
        text("evidence", "address of the page"),
        text("sample", "how the pair was chosen: landmark = by hand, sampled = drawn from a frame"),
        text("stratum", "stratum of the frame, or `known`; empty for a pair outside the frame"),
        count("stratum_size", "pairs of the frame in the stratum", null=True, low=1),
        share("inclusion", "labelled share of the stratum; the weight is one over it", null=True),
        *PROVENANCE,
    ),
    ("pair_id",),
)

ORGANISATIONS = Table(
    "organisations",
    "One organisation under its canonical name.",
    "normalise",
    (
        text("organisation_id", "identifier within the study"),
        text("name", "canonical name"),
        country("country", "country where it sits"),
        text("kind", "kind of organisation", null=True, values=KINDS),
        text("ror", "ROR identifier", null=True),
        text("wikidata", "Wikidata identifier, such as Q95", null=True),
        text("other_names", "other names, short and former ones, separated by ` | `; may be empty"),
        text("domain", "domain of its web site; empty when unknown"),
        *dated("founded", "when it was founded", null=True),
        *PROVENANCE,
    ),
    ("organisation_id",),
)

INDICATORS = Table(
    "indicators",
    "One published figure.",
    "normalise",
    (
        text("indicator", "name of the series"),
        text("geo", "ISO alpha-2, EU27, EU, EUROPE (with the United Kingdom) or WORLD"),
        text("period", "year or other period, ISO text"),
        text("entity", "what it is about beyond the place; empty for whole countries"),
        text("entity_kind", "kind of that entity; empty when it has none"),
        number("value", "the figure", null=True),
        text("unit", "its unit and denominator"),
        number("lower", "lower bound given with it", null=True),
        number("upper", "upper bound given with it", null=True),
        count("n", "observations that it rests on, where given", null=True),
        number("standard_error", "standard error given with it, in its unit", null=True),
        text("status", "what the publisher says of it: suppressed, not_asked, break, provisional, "
                       "estimated, low_reliability, other flags as given; empty when nothing"),
        text("definition", "what exactly is counted"),
        text("source_name", "who published it"),
        text("evidence", "address of the page"),
        *PROVENANCE,
    ),
    ("indicator", "geo", "period", "entity", "unit", "source_name"),
)  # fmt: skip

POLICY_EVENTS = Table(
    "policy_events",
    "One dated event of AI law or policy.",
    "normalise",
    (
        text("event_id", "identifier"),
        *dated("date", "day of the event"),
        text("place", "ISO alpha-2 or EU"),
        text("event", "what happened"),
        text("instrument", "law or programme"),
        text("status", "stage: proposed, adopted, published, in_force, applies, amended, ..."),
        text("evidence", "address of the page"),
        *PROVENANCE,
    ),
    ("event_id",),
)

SURVEY_RESPONSES = Table(
    "survey_responses",
    "One answer of one respondent to one item of the practitioner survey.",
    "normalise",
    (
        text("respondent_id", "respondent within the import"),
        text("question", "item of the codebook"),
        text("value", "the answer; missing when skipped", null=True),
        text("role", "role of the respondent", null=True),
        country("country", "country of the respondent"),
        text("month", "month of the response, or its year where no more is known", null=True,
             form=r"\d{4}(-\d{2})?"),
        flag("synthetic", "whether the response is made up, to try the survey"),
        *PROVENANCE,
    ),
    ("respondent_id", "question"),
)  # fmt: skip

TABLES = (
    PAPERS, PAPER_AFFILIATIONS, PATENTS, PATENT_PARTIES,
    PATENT_CITATIONS, PRODUCTS, PRODUCT_REFERENCES, PRODUCT_AVAILABILITY, FOLLOWUPS,
    LABELLED_PAIRS, ORGANISATIONS, INDICATORS, POLICY_EVENTS, SURVEY_RESPONSES,
)  # fmt: skip
