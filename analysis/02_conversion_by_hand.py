"""From links to a curve: cumulative incidence of a first product, beside the stored estimate."""

import numpy as np

import gapstudy
from gapstudy.measure import survival
from gapstudy.measure.cohort import COLUMNS, weights
from gapstudy.measure.inputs import Inputs

study = gapstudy.Study.load()
frames = {name: gapstudy.read_table(name) for name in Inputs.TABLES}
cohort = Inputs.of(frames, study).cohort

spells = cohort.drawn("both")
print(f"{len(cohort.papers)} results, {len(spells.time)} drawn link sets")
print(f"products per link set: {spells.event.sum(axis=1).tolist()}")

regions = study.regions
credits_of = weights(cohort.papers, cohort.parties, regions.scheme, regions.counting)
for region in ("EU", "US", "CN"):
    weight = credits_of.value[:, [COLUMNS.index(region)]]
    table = survival.steps(spells.time, spells.event, weight)
    estimate = survival.incidence(table, [5.0]).value
    print(f"{region}: {float(np.mean(estimate)):.3f} of its results have a product after 5 years")

stored = gapstudy.read_table("out_conversion").query(
    "population == 'cohort' and links == 'both' and method == 'imputed' and horizon == 5"
)
stored = stored[stored["counting"] == study.regions.counting]
print(stored[["region", "estimate", "low", "high", "n"]].to_string(index=False))
