"""What tests of the dictionary share: the tables that the package ships."""

import pytest

from singularity_lab.dictionary import tables as store
from singularity_lab.dictionary.schema import Tables


@pytest.fixture(scope="session")
def tables() -> Tables:
    return store.shipped()
