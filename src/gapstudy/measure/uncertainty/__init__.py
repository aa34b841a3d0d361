"""Uncertainty beside the headline: the linker itself, unknown regions, whole organisations."""
