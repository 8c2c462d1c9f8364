"""What doctor says is installed and works."""

from __future__ import annotations

import json

from terminal import run

from singularity_lab.cli import doctor


def test_doctor(monkeypatch):
    code, out, _ = run("doctor", "--json")
    checks = {c["what"]: c for c in json.loads(out)["checks"]}
    assert code == 0
    assert "lambda = 5/12" in checks["a proof, verified"]["detail"]
    monkeypatch.setattr(doctor, "_proof", lambda: 1 / 0)
    monkeypatch.setattr(doctor, "installed", lambda module: module != "jinja2")
    code, out, _ = run("doctor", "--json")
    checks = {c["what"]: c for c in json.loads(out)["checks"]}
    assert code == 1
    assert checks["a proof, verified"]["state"] == "broken"
    assert checks["jinja2"] == {
        "what": "jinja2", "state": "absent", "detail": "pip install 'singularity-lab[report]'",
    }  # fmt: skip
