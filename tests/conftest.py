"""What every test may ask for: the repository."""

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
