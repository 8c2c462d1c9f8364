"""A server of the page for this machine alone."""

from __future__ import annotations

import functools
import http.server
from pathlib import Path
from typing import Any

from singularity_lab.errors import BadInput

# Said here: some systems register scripts as plain text, which a browser then refuses.
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of one folder, with the types that browsers ask for, and no line for each request."""

    protocol_version = "HTTP/1.1"
    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, **_TYPES}  # noqa: RUF012

    def end_headers(self) -> None:
        """End the headers with two that every answer has."""
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def list_directory(self, path: Any) -> None:
        """No listings: the page is index.html."""
        self.send_error(404, "not part of the atlas")

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is written for a request."""


def serve(folder: str | Path, port: int = 0) -> http.server.ThreadingHTTPServer:
    """Return a server of a built atlas, bound to 127.0.0.1; ``serve_forever()`` runs it.

    port: 0 takes a free one (``server.server_port`` says which). Raises BadInput for a folder that
    holds no atlas, and for a port that is taken.
    """
    folder = Path(folder)
    if not (folder / "index.html").is_file() or not (folder / "data" / "index.js").is_file():
        raise BadInput(f"folder: {folder} holds no atlas: singlab atlas build --out {folder}")
    handler = functools.partial(Handler, directory=str(folder))
    try:
        return http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except (OSError, OverflowError) as error:
        raise BadInput(f"port: {port} cannot be had: {error}") from None
