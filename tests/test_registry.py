"""Estimators are found by name, and one at a time."""

import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

import evalkit as ek
from evalkit import registry
from evalkit.errors import RegistryError

SHIPPED = {"table", "did-poisson", "did-ols"}


def test_the_shipped_estimators_are_found_as_a_third_partys_are():
    """By entry points, and only so."""
    assert set(ek.models()) >= SHIPPED


@pytest.mark.parametrize(
    "first", ["import evalkit.models", "evalkit.estimator('table')", "from evalkit.models import table", "pass"]
)
def test_the_list_and_the_package_of_estimators_share_a_name(first):
    """`evalkit.models` is the package and can be called, whether or not an estimator was loaded before."""
    code = f"import evalkit\n{first}\nprint(sorted(evalkit.models()), evalkit.models.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "'did-ols', 'did-poisson'" in done.stdout
    assert done.stdout.endswith("evalkit.models\n")


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_a_shipped_estimator_is_a_frozen_value_with_a_card(name):
    """Options only, no state; what it needs, assumes and was measured at is written down."""
    made = ek.estimator(name)()
    assert made == ek.estimator(name)()
    assert hash(made) == hash(ek.estimator(name)())
    with pytest.raises(AttributeError):
        made.errors = "CR1"
    card = made.card
    assert all((card.title, card.shapes, card.needs, card.assumes, card.source))
    assert len(card.calibration) >= 3


def test_an_unknown_name_says_what_there_is():
    """With the nearest one first."""
    with pytest.raises(RegistryError, match="no estimator 'did-poison'; did you mean 'did-poisson'"):
        ek.estimator("did-poison")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("no_such_module:Thing", "cannot be loaded: No module named 'no_such_module'"),
        ("evalkit.domain.panel:Panel", "is not a dataclass of options with a card and a method estimate"),
        ("evalkit.registry:models", "is not a dataclass of options with a card"),
    ],
)
def test_a_broken_plug_in_is_named(value, says, monkeypatch):
    """It breaks itself and nothing else: the others are still found."""
    broken = EntryPoint(name="broken", value=value, group=registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda **_: [broken])
    assert registry.models() == ("broken",)
    with pytest.raises(RegistryError, match=says):
        registry.estimator("broken")


def test_two_plug_ins_of_one_name_are_refused(monkeypatch):
    """Nobody could tell which of them made a number."""
    twins = [EntryPoint(name="table", value=value, group=registry.GROUP) for value in ("a:A", "b:B")]
    monkeypatch.setattr(registry, "entry_points", lambda **_: twins)
    with pytest.raises(RegistryError, match="two estimators are named 'table': a:A and b:B"):
        registry.models()
