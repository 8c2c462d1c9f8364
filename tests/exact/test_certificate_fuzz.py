"""Changed certificates end in a true claim or in CertificateError: nothing else, and soon."""

import gzip
import json

import certificate_fuzz
import pytest

from singularity_lab import rlct
from singularity_lab.exact.engine import simplify
from singularity_lab.exact.engine.dominant import dominant_monomials

# problems with the steps that the store has seldom or never
LEADING = [f"x{i}^2 + x{(i + 1) % 8}^3*x{7 * i % 8}" for i in range(8)]
OTHERS = (
    ("x^2*(x - 1)^3", {"over": {"x": (0, 1)}}),
    ("(x - 1)*(y - x^2)", {"over": {"x": (0, 1), "y": (0, 1)}}),
    ("x*y*(x + y - 1)", {"over": "R^2"}),
    ("x^4 - 2*x^2 + y^2 + 1", {"over": "R^2", "convention": "loss"}),
    ("x^2 - y^2 + z^2 + x^3", {"convention": "two-sided"}),
    ("(x - y^2)^2 + 2*(x*y)^2", {"convention": "loss"}),
    (["x + y^2", "y + z^3 + x*y"], {"variables": "x y z"}),
    (LEADING, {}),
    (["x^2 + y^4 - x*y^3", "x*z^3 + z^4"], {}),
    ("x^2 + y^2 + z^2 - 1", {"over": dict.fromkeys("xyz", (-2, 2))}),  # an interval left open
)
STEPS = ("dominant", "interval", "locus", "nakayama", "rank", "saddle", "squares")


@pytest.fixture(scope="module")
def documents(repository):
    """Small certificates of exact claims from the catalog's store, with all kinds of steps that
    occur there."""
    files = sorted((repository / "catalog" / "certificates").glob("*/*.json.gz"))
    found = []
    for file in files:
        if file.stat().st_size < 1500:
            stored = json.loads(gzip.decompress(file.read_bytes()))
            found += [d for d in stored["certificates"][:1] if d["claim"]["kind"] == "exact"]
    found = found[:: len(found) // 50]
    made = [rlct(f, **question) for f, question in OTHERS]
    with pytest.MonkeyPatch.context() as patch:  # dominant monomials decide it sooner
        moves = tuple(m for m in simplify.MOVES if m is not dominant_monomials)
        patch.setattr(simplify, "MOVES", moves)
        made.append(rlct(LEADING))
    assert all(r.exact for r in made)
    ops = json.dumps([r.certificate.to_json() for r in made])
    assert all(f'"op": "{op}"' in ops for op in STEPS)
    assert '"open": true' in ops
    return [*found, *(r.certificate.to_json() for r in made)]


def told(found):
    return [(why, json.dumps(document)[:2000]) for document, why in found.findings[:5]]


def test_changed_certificates(documents):
    found = certificate_fuzz.fuzz(documents, 800, seed=3)
    assert not found.findings, told(found)
    assert found.accepted > 20  # the claim that was there, or a weaker one
    assert len(found.outcomes) > 150


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_a_hundred_thousand_changed_certificates(documents, seed):
    """Ten times ten thousand."""
    found = certificate_fuzz.fuzz(documents, 10_000, seed=seed)
    assert not found.findings, told(found)


def test_the_fuzzer_finds_what_is_planted(documents, monkeypatch):
    """A verifier that accepts a claim from below without a bound, or dies of a missing key."""
    true = certificate_fuzz.verify

    def careless(document):
        try:
            return true(document)
        except certificate_fuzz.CertificateError as error:
            if "claimed" in str(error):
                return None
            raise

    monkeypatch.setattr(certificate_fuzz, "verify", careless)
    assert certificate_fuzz.fuzz(documents, 200, seed=3).findings

    def fragile(document):
        if isinstance(document, dict) and "claim" not in document:
            raise KeyError("claim")
        return true(document)

    monkeypatch.setattr(certificate_fuzz, "verify", fragile)
    found = certificate_fuzz.fuzz(documents, 600, seed=3)
    assert any("KeyError" in why for _, why in found.findings)
