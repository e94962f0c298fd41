"""What is installed is what is in the repository, under one name."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

# One worker builds the wheel once for all of them.
pytestmark = pytest.mark.xdist_group("packaging")

SOURCES = ("evalkit", "models")
LEFT_BEHIND = shutil.ignore_patterns("__pycache__", "*.pyc", "report", "*.egg-info")


def run(*command, cwd, **variables):
    """Run a command as a user would: nothing of this test run reaches it but what is given."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "PYTHON"))}
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=kept | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def succeed(*command, cwd, **variables):
    """Run a command that must succeed, and give what it printed."""
    done = run(*command, cwd=cwd, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def copy_sources(repo, to):
    """Copy what a wheel is built from; building in the repository would leave files there, and read old ones."""
    to.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        if (repo / name).exists():
            shutil.copy2(repo / name, to)
    shutil.copytree(repo / "evalkit", to / "evalkit", symlinks=True, ignore=ignore_runs(repo))
    shutil.copytree(repo / "models", to / "models", ignore=ignore_runs(repo))
    return to


def ignore_runs(repo):
    """Leave out caches, and what running the template study in place wrote."""

    def ignore(folder, names):
        inside = Path(folder).relative_to(repo)
        return {
            name
            for name in names
            if name == "__pycache__" or (name == "report" and inside == Path("evalkit/template_study"))
        }

    return ignore


def build(sources, to):
    """Build a wheel with the tools that are installed, so that no network is needed."""
    succeed(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", to, sources, cwd=to.parent)
    (wheel,) = to.glob("*.whl")
    return wheel


def names_in(wheel):
    """Give the names of the files in a wheel, without its metadata."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


@pytest.fixture(scope="module")
def sources(repo, tmp_path_factory):
    """Give a copy of the sources of the package."""
    return copy_sources(repo, tmp_path_factory.mktemp("sources") / "evalkit")


@pytest.fixture(scope="module")
def wheel(sources, tmp_path_factory):
    """Give a wheel built from the sources."""
    return build(sources, tmp_path_factory.mktemp("wheel") / "dist")


def test_every_package_on_disk_is_listed(repo):
    """A folder with `__init__.py` that pyproject.toml did not list would be missing from the wheel."""
    settings = tomllib.loads((repo / "pyproject.toml").read_text(encoding="utf-8"))
    on_disk = set()
    for top, name in (("evalkit", "evalkit"), ("models", "evalkit.models")):
        for file in (repo / top).rglob("__init__.py"):
            inside = file.parent.relative_to(repo / top)
            # Python 3.13 and later walk into the link to models/; its packages are found below models/ itself.
            if top == "evalkit" and inside.parts[:1] == ("models",):
                continue
            on_disk.add(".".join((name, *inside.parts)))
    assert set(settings["tool"]["setuptools"]["packages"]) == on_disk


def test_models_is_refused_as_a_name_of_its_own(repo):
    """From the repository's folder `models` could be imported, and every class in it would exist twice."""
    done = run(sys.executable, "-c", "import models", cwd=repo)
    assert done.returncode != 0
    assert done.stderr.strip().splitlines()[-1] == (
        "ImportError: the estimators are imported as 'evalkit.models', never as 'models'"
    )


def test_the_link_to_models_is_in_place(repo):
    """Editors and type-checkers find the estimators through a link that does not depend on where it is."""
    assert (repo / "evalkit" / "models").readlink() == Path("../models")


def test_studies_and_tests_are_content_and_not_packages(repo):
    """Nothing in `studies/` or `tests/` can be imported by a package's name."""
    assert [str(file) for top in ("studies", "tests") for file in (repo / top).rglob("__init__.py")] == []


@pytest.mark.slow
def test_the_wheel_owns_one_name(wheel):
    """Installing evalkit adds `evalkit` to site-packages, and nothing else."""
    assert {name.split("/")[0] for name in names_in(wheel)} == {"evalkit"}


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_the_sources(wheel, sources):
    """Modules, the typing marker and every table, template, style and schema are in the wheel."""
    expected = {
        file.relative_to(sources).as_posix()
        for file in (sources / "evalkit").rglob("*")
        if file.is_file() and (sources / "evalkit" / "models") not in file.parents
    }
    expected |= {
        "evalkit/" + file.relative_to(sources).as_posix() for file in (sources / "models").rglob("*") if file.is_file()
    }
    assert "evalkit/py.typed" in expected
    assert names_in(wheel) == expected


@pytest.mark.slow
def test_the_wheel_does_not_depend_on_the_link_to_models(wheel, sources, tmp_path):
    """A checkout that cannot have links builds the same wheel."""
    without = tmp_path / "without"
    shutil.copytree(sources, without, symlinks=True, ignore=shutil.ignore_patterns("build", "*.egg-info"))
    (without / "evalkit" / "models").unlink()
    assert names_in(build(without, tmp_path / "dist")) == names_in(wheel)


@pytest.fixture
def elsewhere(wheel, tmp_path):
    """Give the Python of a fresh environment that has the wheel, and this one's libraries.

    A folder named in a `.pth` file is searched, but the `.pth` files in it are not read: so the libraries are there
    and the editable installation of evalkit, which is such a file, is not.
    """
    pytest.importorskip("pip", reason="this environment has no pip to install a wheel with")
    succeed(sys.executable, "-m", "venv", "--without-pip", "environment", cwd=tmp_path)
    python = tmp_path / "environment" / "bin" / "python"
    succeed(
        *(sys.executable, "-m", "pip", "--python", python, "install"),
        *("--no-deps", "--no-index", "--disable-pip-version-check", wheel),
        cwd=tmp_path,
    )
    purelib = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(succeed(python, "-c", purelib, cwd=tmp_path).strip())
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return python


@pytest.mark.slow
def test_the_wheel_passes_the_tests_without_the_sources(repo, elsewhere, tmp_path):
    """What users install is tested, and not only what lies in the repository.

    Simulations are left out: a wheel may lack a file, but it has the same arithmetic.
    """
    copy = tmp_path / "repository"
    copy.mkdir()
    for item in repo.iterdir():
        if item.is_dir() and item.name not in (*SOURCES, "build", "dist") and not item.name.startswith("."):
            shutil.copytree(item, copy / item.name, ignore=LEFT_BEHIND)
        elif item.is_file():
            shutil.copy2(item, copy)

    for module in ("evalkit", "evalkit.models"):
        found = succeed(elsewhere, "-c", f"import {module}; print({module}.__file__)", cwd=copy).strip()
        assert Path(found).is_relative_to(elsewhere.parents[1]), f"{module} was imported from {found}"

    succeed(
        *(elsewhere, "-m", "pytest", "-q", "-m", "not slow", "-p", "no:cacheprovider"),
        *("--ignore", "tests/test_packaging.py", "--ignore", "tests/recovery", "tests"),
        cwd=copy,
        EVALKIT_REPO=str(copy),
    )
