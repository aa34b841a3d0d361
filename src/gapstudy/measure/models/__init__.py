"""Time-to-event models and tests: arrays in, frozen answers out; tables are not known here."""
