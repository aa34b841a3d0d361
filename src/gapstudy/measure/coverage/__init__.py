"""What the sources do not show: delay, missed products, and what that would overturn."""

from gapstudy.measure.coverage.gap import table

__all__ = ["table"]
