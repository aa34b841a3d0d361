"""The whole measurement again under another choice, without touching the stored tables."""

import gapstudy
from gapstudy.measure.inputs import Inputs
from gapstudy.measure.run import measure

study = gapstudy.Study.load()
frames = {name: gapstudy.read_table(name) for name in Inputs.TABLES}

# Any part of study.toml can be replaced: here Europe with the United Kingdom and EFTA.
regions = study.regions.model_copy(update={"europe": "europe"})
other = study.model_copy(update={"regions": regions})

columns = ["region", "versus", "estimate", "low", "high", "p_value", "n"]
for title, chosen in (("as published", study), ("Europe with UK and EFTA", other)):
    differences = measure(frames, chosen)["out_conversion_difference"]
    kept = differences.query("links == 'both' and method == 'imputed' and horizon == 5")
    kept = kept[kept["counting"] == study.regions.counting]
    print(title)
    print(kept[columns].round(3).to_string(index=False), end="\n\n")
