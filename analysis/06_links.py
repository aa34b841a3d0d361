"""What the links are, how good they are, and the worst mistakes on pairs never seen in fitting."""

import gapstudy

links = gapstudy.read_table("links")
print(links.groupby(["basis", "target_type"])["probability"].agg(["size", "sum"]).round(1))

quality = gapstudy.read_table("out_link_quality")
labelled = quality[(quality["sample"] == "labelled") & (quality["group"] == "all")]
print(labelled[["method", "metric", "value", "low", "high", "n"]].round(3).to_string(index=False))

print(gapstudy.read_table("out_link_errors").head(10).to_string(index=False))
