"""The judge and the scenarios, for tests that are files without a package."""

import importlib.util
import sys
from pathlib import Path

import pytest


def load(name):
    """Load a module that lies beside this file."""
    spec = importlib.util.spec_from_file_location(f"recovery_{name}", Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def judge():
    """The one judge of every estimator: see judge.py beside this file."""
    return load("judge").judge


@pytest.fixture(scope="session")
def scenarios():
    """The grid of simulated designs: see scenarios.py beside this file."""
    return load("scenarios")
