"""The way from a printed number to the stored row behind it."""

import sys

from gapstudy.store import Store
from gapstudy.trace import trace

name = sys.argv[1] if len(sys.argv) > 1 else "n-award-results"
number, hops, stored = trace(Store("."), name)
print(number["meaning"], "=", number["value"], number["unit"])
for hop in hops:
    print("  " * hop.depth, hop.table, hop.rows, "rows")
for response in stored:
    print(response.archive_ref)
    print(response.excerpt[:200])
