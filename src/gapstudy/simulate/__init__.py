"""Worlds with a known truth, and how the estimators of the measure stage do in them."""
