"""A local server that behaves like the sources, their faults included; see `__main__`."""
