"""What every page shares: templates, our own static files, and headers that hold it tight."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from urllib.parse import parse_qsl

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from python_multipart.exceptions import FormParserError
from starlette.datastructures import MutableHeaders, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sync.web.wire import HttpError, read_bytes

__all__ = ["Hardened", "read_form", "read_upload", "render", "static_files", "templates"]

_HERE = Path(__file__).parent
_MAX_FORM = 64 * 1024
_MAX_FIELDS = 50

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    # Not "no-referrer": with it browsers send "Origin: null" with our own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""On every response: no other site's content, no framing, nothing inline."""


class Hardened:
    """An application whose every response carries :data:`HEADERS` and is never stored."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if not scope["path"].startswith("/static/"):
                    headers["Cache-Control"] = "no-store"
            await send(message)

        await self._app(scope, receive, hardened if scope["type"] == "http" else send)


def templates(directory: Path) -> Environment:
    """The templates of one site, beside its modules, on top of the shared frame."""
    return Environment(
        loader=FileSystemLoader([directory, _HERE]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(
    environment: Environment, name: str, /, *, status: int = 200, **values: object
) -> HTMLResponse:
    """A page or a fragment."""
    return HTMLResponse(environment.get_template(name).render(**values), status)


def static_files() -> Mount:
    """The route of our own script, style and htmx."""
    return Mount("/static", StaticFiles(directory=_HERE / "static"))


async def read_form(request: Request) -> dict[str, str]:
    """A small form (URL-encoded); of a field that comes twice the last counts.

    Raises :class:`HttpError`.
    """
    return dict(await read_fields(request))


async def read_fields(
    request: Request, *, max_size: int = _MAX_FORM, max_fields: int = _MAX_FIELDS
) -> tuple[tuple[str, str], ...]:
    """A form (URL-encoded) of *max_size* bytes at most, each field as often as it came.

    Raises :class:`HttpError`.
    """
    if request.headers.get("content-type", "").split(";")[0] != "application/x-www-form-urlencoded":
        raise HttpError(400, "The form was not sent as a form.")
    data = await read_bytes(request, max_size)
    try:
        fields = parse_qsl(
            data.decode("ascii"),
            keep_blank_values=True,
            max_num_fields=max_fields,
            errors="strict",
        )
    except ValueError:  # UnicodeDecodeError is one
        raise HttpError(400, "The form is damaged.") from None
    return tuple(fields)


async def read_upload(request: Request, name: str, max_size: int) -> tuple[dict[str, str], bytes]:
    """A form with one file (multipart): its text fields, and the file of the field *name*.

    Raises :class:`HttpError`, also when the file is missing or larger than *max_size*.
    """
    if request.headers.get("content-type", "").split(";")[0] != "multipart/form-data":
        raise HttpError(400, "The form was not sent as a form with a file.")
    data = await read_bytes(request, max_size + _MAX_FORM)

    async def whole() -> AsyncGenerator[bytes, None]:
        yield data

    parser = MultiPartParser(
        request.headers, whole(), max_files=1, max_fields=_MAX_FIELDS, max_part_size=_MAX_FORM
    )
    try:
        form = await parser.parse()
    except (MultiPartException, FormParserError, KeyError, UnicodeError):
        raise HttpError(400, "The form is damaged.") from None
    try:
        file = form.get(name)
        if not isinstance(file, UploadFile):
            raise HttpError(400, "Choose a file first.")
        content = await file.read()
    finally:
        await form.close()
    if len(content) > max_size:
        raise HttpError(413, "The file is larger than the {limit} bytes allowed.", limit=max_size)
    return {key: text for key, text in form.items() if isinstance(text, str)}, content
