"""What every test may ask for: the repository, and the reference data beside it."""

import os
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def repo() -> Path:
    """Give the folder with `studies/`, `docs/` and `pyproject.toml`.

    It holds `evalkit/` and `models/` too, but not where the tests run against an installed wheel: there
    `EVALKIT_REPO` names a copy without the sources. What a test needs of the package it imports.
    """
    return Path(os.environ.get("EVALKIT_REPO", HERE))


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """Give the folder of published data sets, which is kept beside the repository and not in it."""
    folder = Path(os.environ.get("EVALKIT_REFERENCE_DATA", HERE.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no reference data: they are expected in ../shared/data or where EVALKIT_REFERENCE_DATA says")
    return folder
