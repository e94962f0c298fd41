"""Pictures are kept by the content of all that they are drawn from, and a page shows none that is not one of ours."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

import evalkit as ek
from evalkit.new_study import write_new_study
from evalkit.report import drawing
from evalkit.report.drawing import WIDE, figure
from evalkit.report.figures import all_figures
from evalkit.report.kept_pictures import KeptPictures

# Where pictures are made that no cost can change.
OF_EFFECTS = {"figures_comparison", "figures_effect", "figures_trends"}


@pytest.fixture
def drawn(monkeypatch):
    """A list that grows with each picture that is drawn, by the module that makes it."""
    made, draw = [], drawing._rendered

    def counting(function, layout):
        made.append(function.__module__.rpartition(".")[2])
        return draw(function, layout)

    monkeypatch.setattr(drawing, "_rendered", counting)
    return made


@pytest.fixture
def study(tmp_path):
    """The study that `evalkit new` writes."""
    write_new_study(tmp_path / "study")
    return tmp_path / "study" / "study.toml"


def run(study, folder, cache):
    """Run a study from a file, with 400 draws; give every file that it writes, by name."""
    evaluation = ek.load_study(study, cache=cache).run(draws=400, cache=cache)
    written = evaluation.write(folder, formats=("html", "md", "json"), cache=cache)
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in written}


def pictures(folder):
    """Give the files of kept pictures."""
    return sorted(folder.glob("*.svg"))


def a_figure(kept, value=1.0, **other):
    """A picture of one line."""
    made = figure(
        "line",
        lambda axes, _: axes.plot([0, value], [0, 1]),
        title="a line",
        alt="It rises.",
        caption="",
        columns=("x",),
        rows=[(value,)],
    )
    return replace(made, kept=kept, **other)


def test_a_kept_picture_is_the_one_that_is_drawn(study, tmp_path, drawn):
    """The same study gives the same bytes with and without what was kept, and a second run draws nothing."""
    first = run(study, tmp_path / "out", tmp_path / "cache")
    assert drawn
    assert len(pictures(tmp_path / "cache")) == len(drawn)
    drawn.clear()
    assert run(study, tmp_path / "out", tmp_path / "cache") == first
    assert not drawn
    assert run(study, tmp_path / "fresh", None) == first


def test_a_changed_cost_redraws_pictures_of_money_only(study, tmp_path, drawn):
    """What is written is what a run without anything kept writes; what was replaced is removed."""
    run(study, tmp_path / "out", tmp_path / "cache")
    before = {file.name for file in pictures(tmp_path / "cache")}
    assert set(drawn) & OF_EFFECTS
    drawn.clear()
    study.write_text(study.read_text(encoding="utf-8").replace("amount = 90000", "amount = 95000"), encoding="utf-8")
    changed = run(study, tmp_path / "out", tmp_path / "cache")
    assert drawn
    assert not set(drawn) & OF_EFFECTS
    after = {file.name for file in pictures(tmp_path / "cache")}
    assert len(after) == len(before)
    assert len(after - before) == len(drawn)
    assert changed == run(study, tmp_path / "fresh", None)


def test_every_picture_of_the_shipped_studies_is_found_again(repo, tmp_path, drawn):
    """None encloses what cannot be hashed, and none holds a part that is refused when it is read."""
    for name in ("castle_doctrine", "hot_spots_table"):
        evaluation = ek.load_study(repo / "studies" / name).run(draws=200)
        figures = [replace(each, kept=KeptPictures(folder=tmp_path)) for each in all_figures(evaluation)]
        first = [(each.svg, each.narrow) for each in figures]
        drawn.clear()
        assert [(each.svg, each.narrow) for each in map(replace, figures)] == first
        assert not drawn


@pytest.mark.parametrize("keep", [0, 1, 40, -20], ids=["nothing", "a letter", "the seal", "all but the end"])
def test_a_picture_that_was_cut_off_is_drawn_anew(tmp_path, drawn, keep):
    """It is replaced by a whole one."""
    kept = KeptPictures(folder=tmp_path)
    first = a_figure(kept).svg
    (file,) = pictures(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole[:keep])
    assert a_figure(kept).svg == first
    assert len(drawn) == 2
    assert file.read_bytes() == whole


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        ("</svg>", "<script>alert(1)</script></svg>"),
        ("</svg>", "<image width='9'/></svg>"),
        ("</svg>", '<g xmlns="http://www.w3.org/1999/xhtml"/></svg>'),
        ("</svg>", "<!-- a remark --></svg>"),
        ("</svg>", "<![CDATA[<script>]]></svg>"),
        ("<svg ", '<svg onload="alert(1)" '),
        ("</svg>", '<use href="https://example.org/a.svg#b"/></svg>'),
        ("</svg>", '<g xmlns:x="http://www.w3.org/1999/xlink" x:href="https://example.org"/></svg>'),
        ("</svg>", '<g clip-path="url(https://example.org/#a)"/></svg>'),
        ("</svg>", '<g style="fill: url(//example.org)"/></svg>'),
        ("</svg>", '<g style="background: red"/></svg>'),
        ("</svg>", "<g></svg>"),
    ],
)
def test_a_picture_with_something_foreign_in_it_is_drawn_anew(tmp_path, drawn, there, instead):
    """A folder of results may come from anybody: a page shows a picture as it is, so it may hold no more than ours."""
    kept = KeptPictures(folder=tmp_path)
    first = a_figure(kept).svg
    (file,) = pictures(tmp_path)
    planted = first.replace(there, instead, 1).encode()
    assert planted != first.encode()
    file.write_bytes(hashlib.sha256(planted).hexdigest().encode() + b"\n" + planted)
    assert a_figure(kept).svg == first
    assert len(drawn) == 2


def test_everything_that_a_picture_rests_on_is_in_its_key(tmp_path, drawn):
    """What the function encloses, size, title, description, name and layout each give another picture."""
    kept = KeptPictures(folder=tmp_path)
    first = a_figure(kept)
    others = [
        a_figure(kept, value=2.0),
        a_figure(kept, heights=(4.0, 3.0)),
        a_figure(kept, title="another line"),
        a_figure(kept, alt="It falls."),
        a_figure(kept, name="other"),
    ]
    shown = {first.svg, first.narrow, *(each.svg for each in others)}
    assert len(shown) == len(drawn) == len(pictures(tmp_path)) == 7
    assert a_figure(kept, caption="told elsewhere").svg == first.svg
    assert len(drawn) == 7


def test_functions_that_a_function_encloses_count_with_what_they_enclose(tmp_path, drawn):
    """Two that differ in a number two levels down are not the same."""

    def of(number):
        def height():
            return number

        return figure(
            "line",
            lambda axes, _: axes.plot([0, 1], [0, height()]),
            title="",
            alt="",
            caption="",
            columns=(),
            rows=(),
        )

    kept = KeptPictures(folder=tmp_path)
    shown = [replace(of(number), kept=kept).svg for number in (1.0, 2.0, 1.0)]
    assert shown[0] == shown[2]
    assert len(drawn) == 2


def test_a_picture_of_what_cannot_be_hashed_is_drawn_every_time(tmp_path, drawn):
    """Nothing is kept, and nothing fails."""
    unknown = object()
    made = figure(
        "line",
        lambda axes, _: axes.set_title(str(unknown is None)),
        title="",
        alt="",
        caption="",
        columns=(),
        rows=(),
    )
    kept = KeptPictures(folder=tmp_path)
    assert len({replace(made, kept=kept).svg for _ in range(2)}) == 1
    assert len(drawn) == 2
    assert not pictures(tmp_path)


def test_a_picture_is_what_matplotlib_saves(tmp_path):
    """The shorter way to an SVG, with the heights of fonts told, ends at the same drawing."""
    import matplotlib as mpl
    from matplotlib.figure import Figure as Sheet

    from evalkit.report.canvas import svg_of

    def sheet():
        made = Sheet(figsize=(WIDE.width, WIDE.height), layout="constrained")
        axes = made.add_subplot()
        axes.plot(np.arange(5), [3, 1, 4, 1, 5], marker="o")
        axes.set_title("two\nlines", loc="left")
        axes.set_xticks(range(5), list("abcde"), rotation=30)
        axes.annotate("Ågy", (2, 4), fontweight="bold", bbox={"boxstyle": "round"})
        return made

    plain = {name: value for name, value in mpl.rcParamsDefault.items() if name != "backend"}
    with mpl.rc_context(plain | {"svg.fonttype": "none", "svg.hashsalt": "a"}):
        sheet().savefig(tmp_path / "saved.svg", transparent=True, metadata={"Date": None, "Creator": None})
        assert svg_of(sheet()) == (tmp_path / "saved.svg").read_text(encoding="utf-8")
