"""Where the first product of a result appears: origin of the result against home of its maker."""

import gapstudy

flows = gapstudy.read_table("out_flows")
flows = flows[flows["population"] == "cohort"]
print(flows.drop(columns=["scheme", "counting", "population", "note"]).to_string(index=False))

leakage = gapstudy.read_table("out_leakage")
print(
    leakage[["population", "region", "estimate", "low", "high", "n", "note"]].to_string(index=False)
)
