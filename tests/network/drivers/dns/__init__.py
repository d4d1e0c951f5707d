"""Tests of the driver `dns`."""
