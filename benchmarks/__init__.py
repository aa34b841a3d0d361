"""What we time, against what, on public tools: `python -m benchmarks`."""
