"""Changed certificates end in a true claim or in CertificateError: nothing else, and soon."""

import gzip
import json

import certificate_fuzz
import pytest


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
    return found[:: len(found) // 60]


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
