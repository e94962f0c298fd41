"""Designs are kept by the content of the data and of all that a study says of them, and by nothing less."""

import shutil

import numpy as np
import pytest

import evalkit as ek
from evalkit import study_file
from evalkit.errors import StudyError
from evalkit.kept import content_key
from evalkit.new_study import write_new_study
from evalkit.stored import from_bytes, to_bytes


@pytest.fixture
def study(tmp_path):
    """The study that `evalkit new` writes."""
    write_new_study(tmp_path / "study")
    return tmp_path / "study" / "study.toml"


@pytest.fixture
def read(monkeypatch):
    """A list that grows each time that a data file is read."""
    done, reader = [], study_file.read_table

    def counting(path, *rest):
        done.append(path.name)
        return reader(path, *rest)

    monkeypatch.setattr(study_file, "read_table", counting)
    return done


def loaded(study, cache):
    """Read a study and keep its designs, as a run does that has come to an answer."""
    found = ek.load_study(study, cache=cache)
    study_file.keep_designs(study, found, cache)
    return found


def change(file, old, new):
    """Change a file of the study in one place."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_changed_cost_reads_no_data(study, tmp_path, read):
    """The designs that come back are those that would be read, with the file among what the study rests on."""
    first = loaded(study, tmp_path / "cache")
    assert read == ["counts.csv"]
    change(study, "amount = 90000", "amount = 95000")
    again = loaded(study, tmp_path / "cache")
    assert read == ["counts.csv"]
    assert content_key(dict(again.designs)) == content_key(dict(first.designs))
    assert again.inputs == first.inputs
    assert again.costs != first.costs
    assert content_key(dict(ek.load_study(study).designs)) == content_key(dict(again.designs))


@pytest.mark.parametrize(
    "changed",
    [
        ("counts.csv", "A01,2021Q1,", "A01,2021Q1,1"),
        ("study.toml", 'began = "began"', 'began = "began" # as before\nfrequency = "quarter"'),
        ("study.toml", 'assignment = "chosen"', 'assignment = "chosen"\nbuffer = ["A03"]'),
        ("study.toml", "minimum_worthwhile = 5", "minimum_worthwhile = 6"),
    ],
    ids=["data", "how they are read", "design", "outcome"],
)
def test_what_designs_rest_on_is_read_anew(study, tmp_path, read, changed):
    """Each is part of the key; what the last run did not ask for is removed."""
    first = loaded(study, tmp_path / "cache")
    name, old, new = changed
    change(study.parent / name, old, new)
    again = loaded(study, tmp_path / "cache")
    assert len(read) == 2
    assert len(list((tmp_path / "cache").iterdir())) == 1
    if "frequency" not in new:
        assert content_key(dict(again.designs)) != content_key(dict(first.designs))


def test_a_study_with_a_fault_keeps_nothing(study, tmp_path):
    """It would come back without the look at the data that found the fault."""
    change(study, 'bearer = "city"', 'bearer = "nobody"')
    with pytest.raises(StudyError):
        loaded(study, tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_a_file_that_is_gone_or_leads_out_is_a_fault_as_ever(study, tmp_path):
    """Kept designs do not stand in for data that nobody can look at."""
    loaded(study, tmp_path / "cache")
    shutil.move(study.parent / "counts.csv", tmp_path / "counts.csv")
    with pytest.raises(StudyError, match=r"no file 'counts\.csv'"):
        loaded(study, tmp_path / "cache")
    change(study, 'file = "counts.csv"', 'file = "../counts.csv"')
    with pytest.raises(StudyError, match="leads out of the study's folder"):
        loaded(study, tmp_path / "cache")


@pytest.mark.parametrize("content", [b"", b"not designs", None, to_bytes({"burglary": 1}), to_bytes([1])])
def test_what_is_no_design_is_read_anew(study, tmp_path, read, content):
    """A file that was cut off, or holds something else, is never believed."""
    first = loaded(study, tmp_path / "cache")
    (file,) = (tmp_path / "cache").iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:-40] if content is None else content)
    assert content_key(dict(loaded(study, tmp_path / "cache").designs)) == content_key(dict(first.designs))
    assert len(read) == 2
    assert file.read_bytes() == whole


@pytest.mark.parametrize(
    "value",
    [
        np.zeros((0, 3)),
        np.array(2.5),
        np.float64(2.5),
        np.array(["a", "bc"]),
        np.array([True, False]),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(12.0).reshape(3, 4)[:, ::2],
        {"a": (1, [None, "b"]), 2: -0.0, "inf": float("inf")},
    ],
)
def test_a_value_comes_back_to_the_last_bit(value):
    """With its type, shape and the order in which its numbers lie, as sums depend on that in the last bit."""
    back = from_bytes(to_bytes(value))
    assert content_key(back) == content_key(value)
    if isinstance(value, np.ndarray) and value.flags.forc:
        assert (back.flags.c_contiguous, back.flags.f_contiguous) == (
            value.flags.c_contiguous,
            value.flags.f_contiguous,
        )
        assert back.flags.writeable


def test_a_changed_byte_is_found(study):
    """Anywhere in the content."""
    content = to_bytes(ek.load_study(study).designs)
    for place in range(0, len(content), len(content) // 50):
        changed = bytearray(content)
        changed[place] ^= 1
        with pytest.raises(ValueError, match="content"):
            from_bytes(bytes(changed))


@pytest.mark.parametrize("value", [object(), np.array([object()]), np.zeros(2, [("a", float)]), {1, 2}])
def test_what_has_no_stored_form_is_refused(value):
    """Rather than be laid out in a way that would have to be run to be read."""
    with pytest.raises(TypeError):
        to_bytes(value)
