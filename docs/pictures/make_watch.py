"""Makes docs/pictures/watch.svg from a running stack: `.venv/bin/python docs/pictures/make_watch.py [URL]`."""

import asyncio
import io
import re
import sys
from pathlib import Path

from rich.console import Console

from dashnet.watch import watch

PICTURE = Path(__file__).parent / "watch.svg"


def main() -> None:
    """Take the picture; `URL` as for `dashnet watch --url`."""
    console = Console(record=True, force_terminal=True, width=92, file=io.StringIO(), color_system="truecolor")
    asyncio.run(watch(sys.argv[1] if len(sys.argv) > 1 else None, as_json=False, once=True, console=console))
    drawn = console.export_svg(title="dashnet watch")
    # No font from elsewhere: the reader's own monospace will do.
    PICTURE.write_text(re.sub(r"@font-face \{.*?\}", "", drawn, flags=re.S).replace("Fira Code", "monospace"))


if __name__ == "__main__":
    main()
