"""The page `/docs` of both services: Swagger UI from this machine's own files, under a policy that lets in no more."""

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse

from dashnet.security_headers import hash_inline, make_policy

# Where fastapi-offline serves the files.
_FILES = "/static-offline-docs"


def install_documentation(app: FastAPI) -> None:
    """Serve the documentation of a FastAPIOffline app that was made without a page of its own."""

    app.add_api_route("/docs", _read_documentation, include_in_schema=False)


async def _read_documentation(request: Request) -> HTMLResponse:
    # The app is the request's: FastAPI remembers functions that serve, and one of each app would keep all apps alive.
    app, root = request.app, request.scope.get("root_path", "")
    page = get_swagger_ui_html(
        openapi_url=f"{root}{app.openapi_url}",
        title=app.title,
        swagger_js_url=f"{root}{_FILES}/swagger-ui-bundle.js",
        swagger_css_url=f"{root}{_FILES}/swagger-ui.css",
        swagger_favicon_url=f"{root}{_FILES}/favicon.png",
    )
    page.headers["content-security-policy"] = _make_policy(bytes(page.body).decode())
    return page


def _make_policy(page: str) -> str:
    # Swagger UI sets styles of its own while it runs, and draws with images that stand in its style sheet.
    return make_policy(
        f"script-src 'self' {' '.join(hash_inline(page, 'script'))}",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
    )
