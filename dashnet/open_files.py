"""How many sockets a process may hold; the app service asks for all that it can get when it starts."""

import logging
import resource

logger = logging.getLogger(__name__)

# macOS says that there is no limit and then refuses more than this.
MOST_OPEN_FILES = 1_048_576
FEW_OPEN_FILES = 4096


def allow_open_files() -> int:
    """Raise the soft limit of open files to the hard one; returns it. The usual 1,024 would be as many subscribers."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_OPEN_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    if wanted < FEW_OPEN_FILES:
        logger.warning("few sockets may be open, raise the hard limit of open files limit=%d", wanted)
    return wanted
