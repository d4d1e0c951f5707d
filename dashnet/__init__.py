"""The words every Dashnet process shares: settings, readings, publications, the store."""

__version__ = "0.1.0"
