"""What holds for all tests: property tests draw the same examples in every run."""

from hypothesis import settings

settings.register_profile("gapstudy", derandomize=True, deadline=None, print_blob=False)
settings.load_profile("gapstudy")
