"""The certificates that the catalog ships: each decodes into typed steps that are written as they
were read, is written as it stands on file, and is verified.

    pytest -m slow tests/catalog/test_stored_certificates.py      # all of them
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from singularity_lab.errors import CertificateError
from singularity_lab.exact.proof.certificate import Certificate
from singularity_lab.exact.proof.step import read
from singularity_lab.exact.proof.verify import verify

FOLDER = Path(__file__).resolve().parents[2] / "catalog" / "certificates"
FILES = sorted(FOLDER.rglob("*.json.gz"))


def text(document: Any) -> str:
    """JSON with the fields in their order: what is compared byte for byte."""
    return json.dumps(document, ensure_ascii=False)


def complaints(files: Iterable[Path]) -> tuple[int, list[str]]:
    """How many certificates are in the files, and what is wrong with them."""
    count, found = 0, []
    for file in files:
        for document in json.loads(gzip.decompress(file.read_bytes()))["certificates"]:
            count += 1
            certificate = Certificate.from_json(document)
            if text(certificate.to_json()) != text(document):
                found.append(f"{file.name}: written otherwise")
            for step in certificate.steps():
                again = read(step).encode()
                if again != step or [*again] != [*step]:
                    found.append(f"{file.name}: the step {step['op']} is written otherwise")
            try:
                verify(certificate)
            except CertificateError as error:
                found.append(f"{file.name}: {error}")
    return count, found


def test_short_certificates_are_verified_and_written_as_they_were():
    short = [f for f in FILES if f.stat().st_size < 700][::25]
    count, found = complaints(short)
    assert count >= 10
    assert not found


def test_an_altered_certificate_is_found(tmp_path):
    file = next(f for f in FILES if f.stat().st_size < 700)
    document = json.loads(gzip.decompress(file.read_bytes()))
    document["certificates"][0]["claim"]["lambda"] = "17/19"
    altered = tmp_path / "altered.json.gz"
    altered.write_bytes(gzip.compress(json.dumps(document).encode()))
    assert len(complaints([altered])[1]) == 1


@pytest.mark.slow
def test_all_certificates_are_verified_and_written_as_they_were():
    count, found = complaints(FILES)
    assert count >= len(FILES) > 1_000
    assert not found
