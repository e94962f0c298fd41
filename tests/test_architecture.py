"""Who may import whom, and what loads when."""

import ast
import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

# The package under test, wherever it is installed. `models` is a link in the repository and a folder in a wheel.
PACKAGE = Path(importlib.util.find_spec("evalkit").origin).parent

# The table of the design. `errors` is open to all: a stage raises its own errors.
ALLOWED = {
    "errors": set(),
    "draws": {"errors"},
    "domain": {"draws", "errors"},
    "data": {"draws", "domain", "errors"},
    "registry": {"domain", "errors"},
    "economics": {"domain", "draws", "errors"},
    # Many sites, each drawn towards the others: asked by estimators of panels and by those who pool studies.
    "hierarchy": {"draws", "errors"},
    "evidence": {"hierarchy", "domain", "draws", "errors"},
    "study": {"errors", "draws", "domain", "data", "registry", "economics", "evidence"},
    # A plan asks of a study that is not there yet what a study asks of its data.
    "planning": {"errors", "draws", "domain", "registry", "economics", "study"},
    # Evidence from files to a synthesis: it reads studies' results, and appraises what it predicts as a study does.
    "pooling": {"errors", "draws", "domain", "economics", "hierarchy", "evidence", "study"},
    # A report reads what an evaluation holds, its appraisal and the quality of its data too, and what the estimators
    # say of themselves.
    "report": {
        "study", "planning", "pooling", "evidence", "hierarchy", "economics", "registry", "data", "domain", "draws",
        "errors",
    },
    "output": {"study", "pooling", "report", "domain", "draws", "errors"},
    "pool_command": {"pooling", "report", "errors"},
    "new_study": {"output", "errors"},
    "__main__": {"study", "planning", "pool_command", "report", "output", "new_study", "data", "errors"},
    "models": {"hierarchy", "domain", "draws", "errors"},
    # The front door hands out names from everywhere, and makes none.
    "__init__": {
        "errors", "draws", "domain", "data", "registry", "economics", "evidence", "pooling", "study", "report",
    },
}  # fmt: skip

# A row of the table may be several files.
ROW_OF = dict.fromkeys(
    (
        "checked_json",
        "comparison",
        "estimation_cache",
        "evaluation",
        "judgement",
        "kept",
        "kept_designs",
        "money_by_estimator",
        "quick",
        "result",
        "result_amounts",
        "result_effects",
        "result_unpriced",
        "result_purses",
        "result_information",
        "result_harm",
        "result_options",
        "result_prices",
        "result_sensitivity",
        "stored",
        "stored_effect",
        "result_incidence",
        "result_time",
        "study_file",
        "study_harm",
        "study_money",
        "study_options",
        "study_plan",
        "study_prior",
        "study_program",
        "study_schema",
        "study_source",
        "study_times",
        "study_feelings",
        "study_unpriced",
    ),
    "study",
) | {"quantiles": "draws"}

# The ways back up the table, each inside a function: `Evaluation.write()` and its headline hand it to who shows it,
# and the package of estimators, when called, names all that are installed.
ONLY_LATE = {
    "evalkit.evaluation": {"output", "report"},
    "evalkit.pooling.evidence": {"output"},
    "evalkit.models": {"registry"},
}

# Each takes a second or more to load, and most commands need none of them.
HEAVY = ("statsmodels", "pymc", "arviz", "matplotlib")
NOT_AT_THE_DOOR = (*HEAVY, "pyarrow", "jinja2")


def module_files():
    """Give every module of the package, by its full name."""
    # A walk enters no link before Python 3.13 and every link after: so the estimators are walked by themselves.
    models = PACKAGE / "models"
    files = [file for file in PACKAGE.rglob("*.py") if models not in file.parents]
    files += models.rglob("*.py")
    named = {}
    for file in files:
        inside = file.relative_to(PACKAGE)
        if inside.parts[0] == "template_study":  # content: a study that users copy
            continue
        parts = [part for part in inside.with_suffix("").parts if part != "__init__"]
        named[".".join(["evalkit", *parts])] = file
    return named


MODULES = module_files()


def part_of(module):
    """Say which row of the table a module belongs to."""
    part = [*module.split("."), "__init__"][1]
    return ROW_OF.get(part, part)


def at_once(tree):
    """Give what runs when a module is imported: neither the inside of functions nor what is for type-checkers only."""
    for node in ast.iter_child_nodes(tree):
        is_for_types = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        if not is_for_types and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield node
            yield from at_once(node)


def imports(nodes, module, *, is_package):
    """Give every name that a module imports, in full: `from a import b` imports `a.b`."""
    found = []
    for node in nodes:
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                home = module.split(".")
                home = home[: len(home) - node.level + is_package]
                base = ".".join([*home, base] if base else home)
            found += [f"{base}.{alias.name}" for alias in node.names]
    return found


def parse(module):
    """Read a module as a tree."""
    return ast.parse(MODULES[module].read_text(encoding="utf-8"), filename=str(MODULES[module]))


def imports_of(module, nodes=ast.walk):
    """Give every name that a module of the package imports, in full."""
    return imports(nodes(parse(module)), module, is_package=MODULES[module].name == "__init__.py")


def own(names):
    """Keep the names that belong to evalkit itself."""
    return [name for name in names if name.split(".")[0] == "evalkit"]


@pytest.mark.parametrize(
    ("line", "module", "is_package", "expected"),
    [
        ("import evalkit.draws", "evalkit.study", False, "evalkit.draws"),
        ("from evalkit import draws", "evalkit.study", False, "evalkit.draws"),
        ("from evalkit.draws import spread", "evalkit.study", False, "evalkit.draws.spread"),
        ("from . import draws", "evalkit.study", False, "evalkit.draws"),
        ("from .draws import spread", "evalkit", True, "evalkit.draws.spread"),
        ("from ..draws import spread", "evalkit.domain.effect", False, "evalkit.draws.spread"),
        ("from ..draws import spread", "evalkit.domain", True, "evalkit.draws.spread"),
        ("def f():\n    from .panel import Panel", "evalkit.domain.design", False, "evalkit.domain.panel.Panel"),
    ],
)
def test_imports_are_resolved_however_they_are_written(line, module, is_package, expected):
    """Absolute, relative and late imports all count."""
    assert imports(ast.walk(ast.parse(line)), module, is_package=is_package) == [expected]


def test_what_loads_at_once_is_told_from_what_loads_late():
    """An import in a class or a condition runs when the module is read, one in a function does not."""
    lines = """
import a
if TYPE_CHECKING:
    import b
try:
    import c
except ImportError:
    pass
class C:
    import d
    def method(self):
        import e
def function():
    import f
"""
    assert imports(at_once(ast.parse(lines)), "evalkit.study", is_package=False) == ["a", "c", "d"]


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_what_its_place_allows(module):
    """Data flow one way, and nothing downstream asks how something upstream was made."""
    part = part_of(module)
    assert part in ALLOWED, f"{module} has no place in the table: say who may import it, and whom it may import"
    allowed = ALLOWED[part] | {part}
    late = allowed | ONLY_LATE.get(module, set())
    refused = {name for name in own(imports_of(module)) if part_of(name) not in late}
    refused |= {name for name in own(imports_of(module, at_once)) if part_of(name) not in allowed}
    assert refused == set()


@pytest.mark.parametrize("module", [module for module in MODULES if part_of(module) == "models"])
def test_an_estimator_uses_public_names_only(module):
    """An estimator that ships with evalkit has no door that a third party's has not."""
    names = [name for name in own(imports_of(module)) if part_of(name) != "models"]
    private = [name for name in names if any(part.startswith("_") for part in name.split("."))]
    assert private == []


@pytest.mark.parametrize("module", [module for module in MODULES if part_of(module) == "report"])
def test_a_report_draws_no_random_numbers(module):
    """A report shows what was found and never computes: the same evaluation gives the same page."""
    imported = [name for name in imports_of(module) if name.split(".")[0] == "random" or "numpy.random" in name]
    used = [node for node in ast.walk(parse(module)) if isinstance(node, ast.Attribute) and node.attr == "random"]
    assert imported + [ast.unparse(node) for node in used] == []


@pytest.mark.parametrize("module", MODULES)
def test_heavy_libraries_load_inside_the_function_that_needs_them(module):
    """Reading a module costs nobody the seconds that a library takes which they do not use."""
    assert [name for name in imports_of(module, at_once) if name.split(".")[0] in HEAVY] == []


@pytest.mark.parametrize("module", MODULES)
def test_a_module_uses_only_libraries_that_are_installed_with_it(module, repo):
    """A library that came along with another one, or with the test tools, may be missing at a user's."""
    settings = tomllib.loads((repo / "pyproject.toml").read_text(encoding="utf-8"))
    declared = {re.match(r"[\w-]+", line)[0].replace("-", "_") for line in settings["project"]["dependencies"]}
    used = {name.split(".")[0] for name in imports_of(module)}
    assert used - declared - sys.stdlib_module_names - {"evalkit"} == set()


@pytest.mark.parametrize(
    "statement",
    [
        "import evalkit",
        "sys.argv = ['evalkit', '--help']; runpy.run_module('evalkit', run_name='__main__')",
        "sys.argv = ['evalkit', '--version']; runpy.run_module('evalkit', run_name='__main__')",
    ],
    ids=["import", "help", "version"],
)
def test_the_front_door_opens_at_once(statement):
    """Importing evalkit, and asking for help or the version, load none of the libraries that work needs."""
    program = f"""
import runpy, sys
try:
    {statement}
except SystemExit as end:
    assert not end.code, end.code
loaded = {{name.split(".")[0] for name in sys.modules}}
print("loaded:", *sorted(loaded & set({NOT_AT_THE_DOOR!r})))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].strip() == "loaded:"


def test_no_tracked_text_names_a_folder_of_one_machine(repo):
    """What is in the repository works anywhere, so it names nobody's home."""
    # Read as a path only where one could begin: an address on the web has such words in its middle.
    homes = re.compile(r"(?<![\w.:~*})-])/(?:home|Users|root|work)/")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=repo, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout: which files are tracked is not known")
    found = []
    for name in filter(None, listed.stdout.split("\0")):
        file = repo / name
        if file.is_symlink() or not file.is_file():
            continue
        text = file.read_bytes()
        if b"\0" in text:
            continue
        for number, line in enumerate(text.decode("utf-8", errors="replace").splitlines(), start=1):
            if homes.search(line):
                found.append(f"{name}:{number}: {line.strip()[:120]}")
    assert found == []
