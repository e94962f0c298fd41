"""Every example of the manual is run, and what it shows is what comes out."""

import doctest
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import textwrap
import tomllib
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

import evalkit as ek
from evalkit import registry
from evalkit.economics import Groups
from evalkit.economics.decisions import read_options
from evalkit.economics.unpriced import intrusion_from_mapping, perception_from_mapping
from evalkit.pooling.schema import EvidenceFile
from evalkit.study_plan import settings_from_mapping
from evalkit.study_schema import Section, StudyFile

# One worker runs all pages, so that not every worker loads every library.
pytestmark = pytest.mark.xdist_group("docs")

PAGES = (
    "architecture.md",
    "data.md",
    "economics.md",
    "eight_integers.md",
    "estimators.md",
    "evidence.md",
    "exact_models.md",
    "index.md",
    "new_city.md",
    "plan_a_study.md",
    "pool_evidence.md",
    "reference.md",
    "tutorial.md",
    "write_a_study.md",
    "write_an_estimator.md",
)

# `text` is read by people only; a name in braces is an instruction to Sphinx.
KINDS = {"python", "console", "toml", "text"}


class Checker(doctest.OutputChecker):
    """Compares what a page shows with what comes out: `...` stands for anything, and any space for any other."""

    def check_output(self, want, got, optionflags=0):
        """Say whether the output is as shown."""
        shown = " ".join(want.replace("<BLANKLINE>", "").split())
        pattern = ".*".join(re.escape(part) for part in shown.split("..."))
        return re.fullmatch(pattern, " ".join(got.split())) is not None


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: its kind, its text, and the line it stands on."""

    kind: str
    text: str
    line: int


def blocks_of(text):
    """Give the fenced blocks of a page, in order."""
    found, start, kind = [], None, ""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        fence = re.fullmatch(r"(`{3,}|:{3,})(.*)", line)
        if fence and start is None:
            start, kind = number, fence[2].strip()
        elif fence and not fence[2]:
            found.append(Block(kind=kind, text="\n".join(lines[start + 1 : number]) + "\n", line=start + 2))
            start = None
    assert start is None, f"the block in line {start + 1} does not end"
    return found


def run_python(block, names, page):
    """Run a block in the session of its page; one with prompts shows what it prints, and is held to it."""
    if ">>>" not in block.text:
        exec(compile("\n" * (block.line - 1) + block.text, page, "exec"), names)
        return
    session = doctest.DocTestParser().get_doctest(block.text, names, page, page, block.line - 1)
    session.globs = names
    said = []
    doctest.DocTestRunner(checker=Checker()).run(session, out=said.append, clear_globs=False)
    assert not said, "".join(said)


def run_console(block, folder):
    """Run the commands of a block, each held to the lines that follow it."""
    shown = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    assert not shown[0].strip(), f"line {block.line}: a console example begins with a command"
    for example in shown[1:]:
        command, _, wanted = example.replace("\\\n", " ").partition("\n")
        program, *arguments = shlex.split(command)
        assert program == "evalkit", f"line {block.line}: only evalkit is run from the manual; there is {program}"
        done = subprocess.run(
            [sys.executable, "-m", "evalkit", *arguments],
            cwd=folder,
            env=os.environ | {"PYTHONIOENCODING": "utf-8", "PYTHONWARNINGS": "error"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == (2 if wanted.startswith("evalkit: ") else 0), f"$ {command}\n{done.stdout}"
        if not Checker().check_output(wanted, done.stdout):
            raise AssertionError(f"line {block.line}: $ {command}\nwanted:\n{wanted}\nthere is:\n{done.stdout}")


def run_toml(block, folder):
    """Read a block; one that is a whole study is loaded as one, beside the files of the studies."""
    sections = tomllib.loads(block.text)
    if "study" in sections:
        file = folder / "from_the_manual.toml"
        file.write_text(block.text, encoding="utf-8")
        ek.load_study(file)


def page_of(repo, name):
    """Give the text of a page."""
    return (repo / "docs" / name).read_text(encoding="utf-8")


@pytest.fixture
def folder(repo, tmp_path, monkeypatch):
    """Stand in a copy of the folder `studies`, as a reader of the manual does."""
    to = tmp_path / "studies"
    shutil.copytree(repo / "studies", to, ignore=shutil.ignore_patterns("report", "__pycache__"))
    monkeypatch.chdir(to)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return to


def test_every_page_is_listed(repo):
    """A page that is added to the manual is run from that day."""
    assert tuple(sorted(file.name for file in (repo / "docs").glob("*.md"))) == PAGES


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_of_a_kind_that_is_run_or_read(repo, page):
    """No example escapes the tests under a name that they do not know."""
    odd = [block for block in blocks_of(page_of(repo, page)) if block.kind not in KINDS and "{" not in block.kind]
    assert odd == []


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_a_session_that_runs_from_top_to_bottom(repo, folder, page):
    """Whoever types a page in, in its order, sees what the page shows."""
    names = {"__name__": "__main__"}
    for block in blocks_of(page_of(repo, page)):
        if block.kind == "python":
            run_python(block, names, page)
        elif block.kind == "console":
            run_console(block, folder)
        elif block.kind == "toml":
            run_toml(block, folder)


def documented_keys(text):
    """Give the keys of each table of the study file that a page documents, with the default it states."""
    found, heading = {}, None
    for line in text.splitlines():
        if match := re.fullmatch(r"#+ `\[(.+)\]`.*", line):
            heading = match[1]
            found[heading] = {}
        elif line.startswith("#"):
            heading = None
        elif heading and (row := re.match(r"\| `(\w+)` \| ([^|]+) \| ([^|]+) \|", line)):
            found[heading][row[1]] = row[3].strip()
    return found


def sections_of(model, prefix=""):
    """Give every section of the schema by the name that it has in a file."""
    found = {}
    for name, info in model.model_fields.items():
        for part in (info.annotation, *getattr(info.annotation, "__args__", ())):
            if isinstance(part, type) and issubclass(part, Section):
                within = f"{prefix}{name}.NAME" if "dict" in str(info.annotation) else f"{prefix}{name}"
                found[within] = part
                found |= sections_of(part, f"{within}.")
    return found


SECTIONS = sections_of(StudyFile)


def test_the_schema_is_walked_to_its_ends():
    """The comparison below sees the nested sections too."""
    assert set(SECTIONS) == {
        "study", "intervention", "data", "design", "outcomes.NAME", "outcomes.NAME.table", "analysis", "appraisal",
        "learning", "learning.roll_out", "learning.plans",
            "harm",
        "decision",
    }  # fmt: skip


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_of_a_study_file_is_documented_with_its_default(repo, section):
    """What the schema accepts the manual explains, and nothing else; needed keys are called needed."""
    documented = documented_keys(page_of(repo, "write_a_study.md"))[section]
    nested = {name for name in SECTIONS[section].model_fields if f"{section}.{name}" in SECTIONS}
    fields = {name: info for name, info in SECTIONS[section].model_fields.items() if name not in nested}
    assert set(documented) == set(fields)
    for name, info in fields.items():
        if info.is_required():
            assert documented[name] == "needed", name
        elif info.default not in (None, "", [], {}):
            assert documented[name].strip("`") in (str(info.default), f'"{info.default}"', _in_toml(info.default)), name
        else:
            assert documented[name] != "needed", name


def test_every_key_of_an_evidence_file_is_documented_with_its_default(repo):
    """The same for the file that names the sources of pooled evidence."""
    documented = documented_keys(page_of(repo, "pool_evidence.md"))
    for name, model in ((name.removesuffix(".NAME"), model) for name, model in sections_of(EvidenceFile).items()):
        if name == "appraisal":  # that of a study
            continue
        assert set(documented[name]) == set(model.model_fields), name
        for key, info in model.model_fields.items():
            shown, default = documented[name][key].strip("`"), info.get_default(call_default_factory=True)
            if info.is_required():
                assert shown == "needed", key
            elif default in (None, "", [], {}):
                assert shown == "-", key
            else:
                assert shown in {str(default), f'"{default}"'}, key


def _in_toml(value):
    """Write a truth value as a study file does."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def known_keys(read, given):
    """Read from a refusal which keys there are."""
    with pytest.raises(ek.EvalkitError, match="no_such_key") as caught:
        read(given)
    fault = next(line for line in str(caught.value).splitlines() if "no_such_key" in line)
    return set(re.findall(r"'(\w+)'", fault.split("here is:")[1]))


def test_every_key_of_the_ledger_is_documented(repo):
    """The tables [costs] and its flows are read by the economics, which names its keys where one is wrong."""
    documented = documented_keys(page_of(repo, "write_a_study.md"))
    assert set(documented["costs"]) == known_keys(ek.Costs.from_mapping, {"no_such_key": 1})
    flow = {"what": "x", "amount": 1, "bearer": "city", "kind": "running", "no_such_key": 1}
    head = {"currency": "EUR", "year": 2020, "flows": [flow]}
    assert set(documented["costs.flows"]) == known_keys(ek.Costs.from_mapping, head)


def test_every_key_of_an_option_is_documented(repo):
    """The tables [options.NAME] are read by the economics, which names its keys where one is wrong."""
    documented = documented_keys(page_of(repo, "write_a_study.md"))
    flow = {"what": "x", "amount": 1, "bearer": "city", "kind": "running"}
    ledger = ek.Costs.from_mapping({"currency": "EUR", "year": 2020, "flows": [flow]})
    known = known_keys(lambda table: read_options({"x": table}, ledger), {"no_such_key": 1})
    assert set(documented["options.NAME"]) == known


def test_every_key_of_the_prices_is_documented(repo):
    """The table [prices] is read by the economics, which names its keys where one is wrong."""
    documented = documented_keys(page_of(repo, "write_a_study.md"))
    given = {"schedule": "mccollister-2010", "no_such_key": 1}
    assert set(documented["prices"]) == known_keys(ek.Prices.from_mapping, given)


def test_every_key_of_the_incidence_is_documented(repo):
    """The table [incidence] and its groups are read by the economics, which names its keys where one is wrong."""
    documented = documented_keys(page_of(repo, "write_a_study.md"))
    assert set(documented["incidence"]) == known_keys(Groups.from_mapping, {"no_such_key": 1})
    given = {"groups": {"all": {"no_such_key": 1}}}
    assert set(documented["incidence.groups.NAME"]) == known_keys(Groups.from_mapping, given)


@pytest.mark.parametrize(
    ("section", "read"), [("intrusion", intrusion_from_mapping), ("perception", perception_from_mapping)]
)
def test_every_key_of_what_has_no_price_is_documented(repo, section, read):
    """The tables [intrusion] and [perception] are read by the economics, which names its keys where one is wrong."""
    documented = documented_keys(page_of(repo, "write_a_study.md"))
    assert set(documented[section]) == known_keys(read, {"no_such_key": 1})


def test_every_key_of_a_plan_is_documented(repo):
    """The table [plan] names its keys where one is wrong."""
    documented = documented_keys(page_of(repo, "write_a_study.md"))
    assert set(documented["plan"]) == known_keys(settings_from_mapping, {"no_such_key": 1})


def test_every_public_name_is_in_the_reference(repo):
    """Whoever finds a name in `evalkit` finds it explained."""
    reference = page_of(repo, "reference.md")
    missing = [
        name
        for name in ek.__all__
        if not name.startswith("__") and not re.search(rf"evalkit\.(?:\w+\.)*{name}\b", reference)
    ]
    assert missing == []


def test_every_estimator_has_its_page_and_its_formula_in_the_manual(repo, tmp_path):
    """An estimator that is added to evalkit is explained, and not only listed."""
    page = page_of(repo, "estimators.md")
    build = runpy.run_path(str(repo / "docs" / "conf.py"))
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "gone.md").write_text("# `gone`\n", encoding="utf-8")
    build["write_cards"](SimpleNamespace(srcdir=tmp_path))
    ours = [name for name in registry.models() if registry.estimator(name).__module__.startswith("evalkit.")]
    pages = {file.stem: file.read_text(encoding="utf-8") for file in (tmp_path / "models").glob("*.md")}
    assert sorted(pages) == sorted([*ours, "on_the_grid"])
    tried = [name for name in ours if f"{name} (" in pages["on_the_grid"]]
    assert tried == [name for name in ours if registry.estimator(name).card.simulations]
    assert [name for name in ours if not pages[name].startswith(f"# `{name}`")] == []
    assert [name for name in ours if not re.search(rf"^## .*`{name}`", page, re.MULTILINE)] == []
    assert re.search(r"\{toctree\}\n:glob:\n:maxdepth: 1\n\nmodels/\*", page)


def test_the_judge_of_examples_sees_a_wrong_number(folder):
    """A page whose numbers have gone stale fails."""
    names = {}
    with pytest.raises(AssertionError, match="Expected"):
        run_python(Block(kind="python", text=">>> 1 + 1\n3\n", line=1), names, "page")
    wrong = Block(kind="console", text="$ evalkit --version\nevalkit 99\n", line=1)
    with pytest.raises(AssertionError, match="there is"):
        run_console(wrong, folder)


def test_names_live_through_a_page():
    """What one block of a page defines the next one finds."""
    names = {}
    run_python(Block(kind="python", text="x = 2\n", line=1), names, "page")
    run_python(Block(kind="python", text=textwrap.dedent(">>> x + 1\n3\n"), line=3), names, "page")
