"""Parametric models of the time to a product: accelerated failure time, and mixture cure."""
