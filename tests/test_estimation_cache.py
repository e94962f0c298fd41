"""Estimates are kept by the content of all that they rest on, and by nothing less."""

import os
from dataclasses import dataclass, replace

import numpy as np
import pytest

import evalkit as ek
from evalkit.domain import Effect
from evalkit.estimation_cache import EstimationCache
from evalkit.kept import content_key
from evalkit.stored_effect import effect_from_bytes, effect_to_bytes


@pytest.fixture
def study(tmp_path):
    """The study that `evalkit new` writes."""
    from evalkit.new_study import write_new_study

    write_new_study(tmp_path / "study")
    return tmp_path / "study" / "study.toml"


def run(study, tmp_path, counted):
    """Run a study with the cache, counting estimates that are made."""
    loaded = ek.load_study(study)
    counted.clear()
    evaluation = loaded.run(cache=tmp_path / "cache")
    evaluation.write(tmp_path / "out", formats=("json",))
    return (tmp_path / "out" / "result.json").read_bytes()


@pytest.fixture
def counted(monkeypatch):
    """A list that grows by each estimate that is made."""
    made = []
    for name in ek.models():
        cls = ek.estimator(name)

        def counting(self, design, *, original=cls.estimate, **options):
            made.append(type(self).__name__)
            return original(self, design, **options)

        monkeypatch.setattr(cls, "estimate", counting)
    return made


def test_a_changed_cost_makes_no_estimate_and_gives_what_a_fresh_run_gives(study, tmp_path, counted):
    """Only the money is reckoned anew; the same study gives the same bytes with and without what was kept."""
    first = run(study, tmp_path, counted)
    assert counted
    assert run(study, tmp_path, counted) == first
    assert not counted
    text = study.read_text(encoding="utf-8")
    assert "amount" in text
    study.write_text(text.replace("amount = ", "amount = 1", 1), encoding="utf-8")
    changed = run(study, tmp_path, counted)
    assert changed != first
    assert not counted
    fresh = ek.load_study(study).run()
    fresh.write(tmp_path / "fresh", formats=("json",))
    assert (tmp_path / "fresh" / "result.json").read_bytes() == changed


def test_changed_data_seed_draws_or_options_are_estimated_anew(study, tmp_path, counted):
    """Each is part of the key, and what the last run did not ask for is removed."""
    run(study, tmp_path, counted)
    loaded = ek.load_study(study)
    kept = set((tmp_path / "cache").iterdir())
    for options in ({"seed": 77}, {"draws": 500}):
        counted.clear()
        loaded.run(cache=tmp_path / "cache", **options)
        assert counted
        assert not kept & set((tmp_path / "cache").iterdir())
    design = loaded.designs[loaded.primary]
    estimator = loaded.estimators[next(iter(loaded.estimators))]
    values = design.panel.values.copy()
    values[0, 0] += 1
    others = [
        (replace(design, panel=replace(design.panel, values=values)), estimator),
        (design, replace(estimator, event_study=not estimator.event_study)),
    ]
    keys = {content_key(*parts) for parts in ((design, estimator), *others)}
    assert len(keys) == 3
    assert None not in keys
    assert content_key(design, estimator) == content_key(ek.load_study(study).designs[loaded.primary], estimator)


@pytest.mark.parametrize("content", [b"", b"not an effect", None], ids=["empty", "text", "cut off"])
def test_what_cannot_be_read_is_estimated_anew(study, tmp_path, counted, content):
    """A file that was cut off, or is something else, is no reason to fail, and is never believed."""
    first = run(study, tmp_path, counted)
    for file in (tmp_path / "cache").iterdir():
        file.write_bytes(file.read_bytes()[:-40] if content is None else content)
    assert run(study, tmp_path, counted) == first
    assert counted


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_no_fault(study, tmp_path, counted):
    """The run goes on without keeping."""
    (tmp_path / "cache").mkdir(mode=0o500)
    assert run(study, tmp_path, counted)


def test_values_that_differ_have_keys_that_differ():
    """Neither type, nor shape, nor the way that a list is cut may be lost."""
    values = [1, 1.0, True, "1", None, (1,), [1], ("1",), (1, 2), ((1,), 2), {"a": 1}, {1: "a"}, b"1"]
    values += [np.array([1.0, 2.0]), np.array([[1.0], [2.0]]), np.array([1, 2]), np.array([1.0, 2.0], np.float32)]
    values += [("ab", "c"), ("a", "bc"), frozenset({1, 2}), -0.0, 0.0]
    assert len({content_key(value) for value in values}) == len(values)
    assert content_key(object()) is None


def test_an_effect_comes_back_to_the_last_bit(study):
    """Arrays, text, nested parts, and what is None."""
    loaded = ek.load_study(study)
    effect = ek.estimator("callaway-santanna")().estimate(
        loaded.designs[loaded.primary], rng=np.random.default_rng(1), draws=200
    )
    assert effect.dynamics is not None
    back = effect_from_bytes(effect_to_bytes(effect))
    assert content_key(back) == content_key(effect)
    np.testing.assert_array_equal(back.prevented, effect.prevented)
    assert back.checks == effect.checks


def test_an_effect_with_something_foreign_on_it_is_made_every_time(tmp_path):
    """What has no stored form is not kept, and nothing fails."""
    cache, made = EstimationCache(folder=tmp_path), []

    @dataclass(frozen=True)
    class Foreign:
        number: int

    def make():
        made.append(1)
        return Effect(
            outcome=ek.Outcome(name="theft"),
            estimator="own",
            scale="count_difference",
            change=np.zeros(10),
            estimand="",
            assumption="",
            specification=(("own", Foreign(1)),),
        )

    for _ in range(2):
        cache.effect(("a",), make)
    assert len(made) == 2
    assert not list(tmp_path.iterdir())
