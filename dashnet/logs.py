"""One look for the log lines of all processes."""

import logging.config

from dashnet.settings import Settings

# The ledger tells what arq would, in words that can be searched.
_QUIET = ("alembic", "arq", "httpx", "httpcore")


def configure_logging(settings: Settings) -> None:
    """Send everything to standard error as `time level logger message`, from `settings.log_level` up."""
    level = settings.log_level.upper()
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
            "handlers": {"stderr": {"class": "dashnet.repeated_lines.SummingHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": level},
            "loggers": {name: {"level": "WARNING", "handlers": []} for name in _QUIET},
        }
    )
