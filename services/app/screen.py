"""The screen that `make web` builds, served beside the API; where none was built, the landing page."""

import os
from pathlib import Path

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from dashnet.security_headers import SECURITY_HEADERS, make_policy, make_style_policy

LANDING_PAGE = Path(__file__).parent / "landing.html"
SCREEN_FOLDER = Path(__file__).parent / "static"
LEAST_COMPRESSED_BYTES = 1024

# 'self' holds for the websocket of the same host too.
_SELF = "script-src style-src img-src font-src connect-src manifest-src"
_POLICY = make_policy(*(f"{directive} 'self'" for directive in _SELF.split()))
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_FIRST = "no-cache"


def add_screen(app: FastAPI, folder: Path = SCREEN_FOLDER) -> None:
    """Serve the build in `folder` at `/`, and its files; it may come and go while the service runs."""
    landing_policy = make_style_policy(LANDING_PAGE.read_text(encoding="utf-8"))

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def read_screen(_: Request) -> Response:
        page = folder / "index.html"
        is_built = page.exists()
        headers = _headers(_ASK_FIRST) | {"content-security-policy": _POLICY if is_built else landing_policy}
        return FileResponse(page if is_built else LANDING_PAGE, headers=headers, media_type="text/html")

    # Names in assets/ change with their content; those in screen/ do not.
    for name, caching in (("assets", _FOR_EVER), ("screen", _ASK_FIRST)):
        files = _Files(folder / name, caching)
        app.mount(f"/{name}", GZipMiddleware(files, minimum_size=LEAST_COMPRESSED_BYTES), name=name)


class _Files(StaticFiles):
    def __init__(self, folder: Path, caching: str) -> None:
        super().__init__(directory=folder, check_dir=False)
        self._folder = folder
        self._headers = _headers(caching)

    async def check_config(self) -> None:
        """A screen that was not built has no files; that is no fault."""
        if not self._folder.is_dir():
            self.config_checked = False
            raise HTTPException(404)

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """A file, with the headers of its folder."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        for name, value in self._headers.items():
            response.headers[name] = value
        return response


def _headers(caching: str) -> dict[str, str]:
    return SECURITY_HEADERS | {"cache-control": caching}
