"""Run as a script: the embedded stack with stand-ins for Dashnet's own processes."""

import logging
import sys
from pathlib import Path

import typer

from dashnet.embedded.stack import run_stack
from tests.dashnet.embedded.stand_ins import stand_in_services

if __name__ == "__main__":
    logging.basicConfig(level="INFO")
    run_stack(Path(sys.argv[1]), typer.echo, stand_in_services)
