"""What tests of the catalog share: a store of certificates of their own."""

import pytest

from singularity_lab.catalog.store import CertificateStore


@pytest.fixture
def store(tmp_path) -> CertificateStore:
    return CertificateStore(tmp_path)
