"""How much later products can be used in each market, with and without unconfirmed rows."""

import gapstudy

products = gapstudy.read_table("products")[["product_id", "name", "feature", "home_country"]]
rows = gapstudy.read_table("product_availability").query("basis == 'market_access'")
print(rows.groupby(["market", "status", "confirmed"]).size().unstack(fill_value=0).to_string())

available = rows[rows["status"] == "available"]
first = available.groupby("product_id")["date_from"].min().rename("first")
late = available.join(first, on="product_id")
late["days"] = (late["date_from"] - late["first"]).dt.days
worst = late.nlargest(10, "days").merge(products, on="product_id")
print(worst[["name", "feature", "market", "days", "confirmed"]].to_string(index=False))

print(gapstudy.read_table("out_availability").head(20).to_string(index=False))
