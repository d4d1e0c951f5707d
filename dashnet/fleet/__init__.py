"""Fleets as files: what `dashnet devices` reads and writes."""
