"""Nonparametric results on time to a product: bands, tests, ratios, regression, looking back."""
