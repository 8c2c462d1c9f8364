"""The server shows files of its folder to this machine alone."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request

import pytest

from singularity_lab.atlas import serve
from singularity_lab.errors import BadInput


def test_the_server_shows_files_of_the_folder_on_this_machine_alone(folder):
    with serve(folder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert server.server_address[0] == "127.0.0.1"
        base = f"http://127.0.0.1:{server.server_port}/"
        with urllib.request.urlopen(base + "data/index.js") as answer:
            assert answer.headers["content-type"].startswith("text/javascript")
            assert answer.read() == (folder / "data" / "index.js").read_bytes()
        for path in ("data/", "..%2f..%2fetc/passwd", "data/rows-99.js"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(base + path)
        server.shutdown()
    with pytest.raises(BadInput, match="holds no atlas"):
        serve(folder / "data")
