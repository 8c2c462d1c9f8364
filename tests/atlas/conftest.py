"""What tests of the atlas share: small tables, and the folder that is built of them."""

import pytest
from atlas_pages import IDS, small_tables

from singularity_lab.atlas import build


@pytest.fixture(scope="session")
def tables():
    return small_tables(IDS)


@pytest.fixture(scope="session")
def folder(tables, tmp_path_factory):
    out = tmp_path_factory.mktemp("atlas") / "page"
    build(out, tables, machines=("xor-4nand-shared",))
    return out
