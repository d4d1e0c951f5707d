"""`python -m bench.checks tcp dns`: the bench `checks` for some kinds alone."""

import asyncio
import sys

from bench.checks.run import AT_LEAST, measure_checks
from bench.table import print_figures

if __name__ == "__main__":
    print_figures(asyncio.run(measure_checks(sys.argv[1:] or list(AT_LEAST))))
