"""Hazard regressions as checks: Cox, proportional hazards, discrete time."""
