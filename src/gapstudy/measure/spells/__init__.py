"""Spells: results with exclusions, entry, covariates and clusters, as the models take them."""

from gapstudy.measure.spells.clusters import clusters
from gapstudy.measure.spells.covariates import Covariates, covariates
from gapstudy.measure.spells.design import sample

__all__ = ["Covariates", "clusters", "covariates", "sample"]
