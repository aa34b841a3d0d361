"""Counts by region: panels, the funnel from paper to product, the leakage matrix, home bias."""
