"""Who does the research: shares of award results by region, under three ways of counting."""

import gapstudy
from gapstudy.regions import add_region, credit

study = gapstudy.Study.load()
papers = gapstudy.read_table("papers")
affiliations = gapstudy.read_table("paper_affiliations")

award = papers[papers["frame"] == "award"]
rows = affiliations.merge(award[["paper_id", "date_from", "date_to"]], on="paper_id")
rows["region"] = add_region(rows, study.regions.scheme, date=("date_from", "date_to"))

for counting in ("whole", "fractional", "first"):
    given = credit(rows, counting)
    shares = given.groupby("region")["credit"].sum() / rows["paper_id"].nunique()
    print(f"{counting} counting, {rows['paper_id'].nunique()} results with an organisation")
    print(shares.round(3).to_string(), end="\n\n")

print(
    f"{award['paper_id'].nunique() - rows['paper_id'].nunique()} results have no known organisation"
)
