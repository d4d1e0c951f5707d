"""Rates from two samples of a device's counters, believed only where they are physically possible. Pure."""
