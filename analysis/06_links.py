"""How good the links are on pairs never seen in fitting, by region, and the worst mistakes."""

import gapstudy

links = gapstudy.read_table("links")
print(links.groupby(["basis", "target_type"])["probability"].agg(["size", "sum"]).round(1))

quality = gapstudy.read_table("out_link_quality")
labelled = quality[quality["sample"] == "labelled"]
columns = ["method", "metric", "group_value", "value", "low", "high", "n"]

# The model beside simpler ways, on the same pairs.
overall = labelled[(labelled["group"] == "all") & (labelled["metric"] == "average_precision")]
print(overall[columns].round(3).to_string(index=False))

# Is it even across regions?
gaps = labelled[(labelled["group"] == "region_difference") & (labelled["method"] == "model")]
print(gaps[columns].round(3).to_string(index=False))

# Recall of the links by region, as it enters the corrected conversion.
recall = gapstudy.read_table("out_link_recall")
print(recall[["links", "region", "recall", "low", "high", "n"]].round(2).to_string(index=False))

# What each family of features is worth, and the worst mistakes with their reasons.
ablation = gapstudy.read_table("out_link_ablation")
lost = ablation[ablation["metric"] == "average_precision"]
print(lost[["family", "value", "change", "change_low", "change_high"]].round(3).to_string())
print(gapstudy.read_table("out_link_errors").head(10).to_string(index=False))
