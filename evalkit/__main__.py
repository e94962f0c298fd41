"""The command line: a study in, an answer out."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.errors import EvalkitError, ReportError
from evalkit.pool_command import add_pool

if TYPE_CHECKING:
    from evalkit.study import Progress

__all__ = ["main"]

DONE, FAILED, AT_FAULT = 0, 1, 2
INTERRUPTED = 130
_FORMATS = ("html", "md", "json")
# What earlier runs made, in the folder of the report.
_CACHE = ".estimates"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; give its exit status: 0 done, 2 the input is at fault, 1 evalkit itself failed."""
    options = _parser().parse_args(arguments)
    # threads inside the linear algebra of small matrices only wait for each other: 15 s against 3 s on 9,642 sites
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        return int(options.command(options) or DONE)
    except EvalkitError as problem:
        sys.stderr.write(f"evalkit: {problem}\n")
        return AT_FAULT
    except BrokenPipeError:  # the reader of a pipe left early, as `head` does
        _stop_telling()
        return DONE
    except KeyboardInterrupt:
        sys.stderr.write("evalkit: interrupted; no report was written\n")
        return INTERRUPTED
    except Exception:  # noqa: BLE001 - the last line of defence says so, and keeps its own exit status
        sys.stderr.write(traceback.format_exc())
        sys.stderr.write(
            "evalkit: this is a fault of evalkit, not of your study; please report it with the lines above\n"
        )
        return FAILED


def _run(options: argparse.Namespace) -> None:
    from evalkit.study_file import find_study, keep_designs, load_study

    file = find_study(Path(options.study))
    folder = Path(options.out) if options.out else file.parent / "report"
    if folder.exists() and not folder.is_dir():
        msg = f"--out {folder} is a file; wanted is a folder, which is made if it is not there"
        raise ReportError(msg)
    progress = _progress()
    progress(f"reading {file}")
    cache = None if options.no_cache else folder / _CACHE
    study = load_study(file, allow_outside=options.allow_outside, cache=cache)
    evaluation = study.run(seed=options.seed, draws=options.draws, jobs=options.jobs, progress=progress, cache=cache)
    if cache is not None:
        keep_designs(file, study, cache, allow_outside=options.allow_outside)
    progress("")
    # the answer is there before the pictures are, which take as long again
    _tell(_terminal(evaluation))
    progress("writing the report")
    written = evaluation.write(folder, formats=options.format, cache=cache)
    progress("")
    _tell("\n" + "".join(f"{path}\n" for path in written if path.parent == folder))


def _tell(text: str) -> None:
    """Write at once; a reader who leaves early, as `head` does, keeps no report from being written."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _stop_telling()


def _stop_telling() -> None:
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - python flushes it at exit


def _check(options: argparse.Namespace) -> None:
    from evalkit.report.outlook import outlook
    from evalkit.study_file import load_study

    sys.stdout.write(outlook(load_study(Path(options.study), allow_outside=options.allow_outside)))


def _plan(options: argparse.Namespace) -> None:
    from evalkit.output import write_whole
    from evalkit.planning import load_plan, plan_ahead
    from evalkit.planning.plan_document import plan_text
    from evalkit.report.plan_text import render_plan

    folder = Path(options.out) if options.out else None
    if folder is not None and folder.exists() and not folder.is_dir():
        msg = f"--out {folder} is a file; wanted is a folder, which is made if it is not there"
        raise ReportError(msg)
    progress = _progress()
    progress(f"reading {options.study}")
    planned = load_plan(Path(options.study), allow_outside=options.allow_outside)
    runs = {} if options.runs is None else {"runs": options.runs}
    plan = plan_ahead(planned, seed=options.seed, progress=progress, **runs)
    progress("")
    sys.stdout.write(render_plan(plan, bold=_bold()))
    if folder is not None:
        sys.stdout.write("".join(f"{path}\n" for path in write_whole(folder, {"plan.json": plan_text(plan)})))


def _quick(options: argparse.Namespace) -> None:
    from evalkit.quick import quick_study

    study = quick_study(
        treated=options.treated,
        comparison=options.comparison,
        buffer=options.buffer,
        buffer_comparison=options.buffer_comparison,
        periods=options.periods,
        cost=options.cost,
        currency=options.currency,
        year=options.year,
        financial_year_as=options.financial_year_as,
        crime=options.crime,
        prices=options.prices,
        multiplier=options.multiplier,
        level=options.level,
    )
    sys.stdout.write(_terminal(study.run(seed=options.seed, draws=options.draws)))


def _models(options: argparse.Namespace) -> None:
    from evalkit.report.cards import card_of, list_of_cards

    sys.stdout.write(card_of(options.name) if options.name else list_of_cards())


def _new(options: argparse.Namespace) -> None:
    from evalkit.new_study import write_new_study

    written = write_new_study(Path(options.folder))
    sys.stdout.write("".join(f"{path}\n" for path in written))
    sys.stdout.write(f"\nIt runs as it stands: evalkit run {options.folder}\n")


def _inspect(options: argparse.Namespace) -> None:
    from evalkit.data.inspecting import inspect_path

    window = tuple(options.window) if options.window else None
    text = inspect_path(
        Path(options.path),
        preset=options.preset,
        window=window,
        as_json=options.json,
        write=Path(options.write) if options.write else None,
    )
    sys.stdout.write(text)


def _terminal(evaluation: Any) -> str:
    from evalkit.report.text import render

    return render(evaluation, bold=_bold())


def _bold() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def _progress() -> Progress:
    """Show what is being done, on one line of a terminal; nothing where nobody looks."""
    if not sys.stderr.isatty():
        return lambda _: None

    def show(step: str) -> None:
        sys.stderr.write(f"\r\x1b[K{step[:78]}")
        sys.stderr.flush()

    return show


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="evalkit", description="Did it prevent crime, did crime move, and what did each prevented crime cost?"
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="say which evalkit this is")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_run(commands)
    check = commands.add_parser("check", help="read and validate a study; say what it can and cannot show")
    _add_study(check)
    check.set_defaults(command=_check)
    _add_plan(commands)
    add_pool(commands, whole=_whole, formats=_formats, bold=_bold)
    _add_quick(commands)
    models = commands.add_parser("models", help="the estimators: what each needs, assumes, and how well it did")
    models.add_argument("name", nargs="?", metavar="NAME", help="show one of them whole")
    models.set_defaults(command=_models)
    _add_inspect(commands)
    new = commands.add_parser("new", help="write a commented study to fill in")
    new.add_argument("folder", metavar="DIR", help="a folder that is not there yet, or is empty")
    new.set_defaults(command=_new)
    return parser


def _add_study(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("study", metavar="STUDY", help="a folder with study.toml or study.py, or one of those files")
    parser.add_argument("--allow-outside", action="store_true", help="let study.toml name files outside its folder")


def _add_draws(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=_whole(0), metavar="N", help="in place of the study's own")
    parser.add_argument("--draws", type=_whole(100), metavar="N", help="in place of the study's own (100 or more)")


def _add_run(commands: Any) -> None:
    run = commands.add_parser("run", help="estimate, appraise, and write the report")
    _add_study(run)
    run.add_argument("--out", metavar="DIR", help="where to write (default: report/ beside the study)")
    _add_draws(run)
    run.add_argument("--jobs", type=_whole(1), default=1, metavar="N", help="estimates made at once (default: 1)")
    run.add_argument(
        "--format",
        type=_formats,
        default=("html", "json"),
        metavar="LIST",
        help="of html, md, json (default: html,json)",
    )
    run.add_argument(
        "--no-cache",
        action="store_true",
        help=f"make everything anew and keep nothing (estimates, designs and pictures are kept in {_CACHE}/ in DIR, "
        "for runs that change a cost and no data)",
    )
    run.set_defaults(command=_run)


def _add_inspect(commands: Any) -> None:
    inspect = commands.add_parser("inspect", help="what a file of crime data is, and what becomes of each of its rows")
    inspect.add_argument("path", metavar="FILE", help="a file, or a folder of files of one layout")
    inspect.add_argument("--preset", metavar="NAME", help="read it in this layout (a name, or your own .toml)")
    inspect.add_argument(
        "--window", nargs=2, metavar=("FIRST", "LAST"), help="periods to count, such as 2018-04 2020-11"
    )
    inspect.add_argument("--write", metavar="OWN.toml", help="write the layout as it was seen, to correct and to keep")
    inspect.add_argument("--json", action="store_true", help="for other programs")
    inspect.set_defaults(command=_inspect)


def _add_plan(commands: Any) -> None:
    plan = commands.add_parser(
        "plan", help="before the money is spent: what could be shown, what it takes to pay, what learning is worth"
    )
    _add_study(plan)
    plan.add_argument("--out", metavar="DIR", help="write plan.json there (default: nothing is written)")
    plan.add_argument("--seed", type=_whole(0), metavar="N", help="in place of the study's own")
    plan.add_argument("--runs", type=_whole(50), metavar="N", help="panels simulated at each effect (default: 120)")
    plan.set_defaults(command=_plan)


def _add_quick(commands: Any) -> None:
    quick = commands.add_parser("quick", help="eight integers and a cost: the answer in the terminal")
    pair = {"nargs": 2, "type": _whole(0), "metavar": ("BEFORE", "AFTER")}
    quick.add_argument("--treated", required=True, help="crimes in the treated area", **pair)
    quick.add_argument("--comparison", help="crimes in the comparison area", **pair)
    quick.add_argument("--buffer", help="crimes around the treated area", **pair)
    quick.add_argument(
        "--buffer-comparison",
        help="crimes in the buffer's own comparison area (default: the comparison serves both)",
        **pair,
    )
    quick.add_argument(
        "--periods",
        nargs=2,
        type=float,
        default=(1.0, 1.0),
        metavar=("BEFORE", "AFTER"),
        help="lengths (default: equal)",
    )
    quick.add_argument("--cost", type=float, metavar="AMOUNT", help="what the measure cost, to the city")
    quick.add_argument("--currency", metavar="CODE", help="of the cost (default: that of the prices)")
    quick.add_argument(
        "--year",
        type=_whole(1900),
        metavar="YEAR",
        help="price year of the cost (default: that of the prices, or this year)",
    )
    quick.add_argument(
        "--financial-year-as",
        choices=("first", "second"),
        help="calendar year that a financial year of the prices is read as, where --year is another",
    )
    quick.add_argument("--crime", metavar="CLASS", help="class of crime, such as burglary")
    quick.add_argument("--prices", metavar="NAME", help="a shipped schedule of what one crime costs")
    quick.add_argument(
        "--multiplier",
        type=_multiplier,
        metavar="X",
        help="crimes that happen for each one recorded; none: count recorded ones only",
    )
    quick.add_argument("--level", type=float, default=0.95, metavar="SHARE", help="of the ranges (default: 0.95)")
    _add_draws(quick)
    quick.set_defaults(command=_quick)


def _whole(least: int) -> Any:
    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            msg = f"wanted is a whole number; there is {text!r}"
            raise argparse.ArgumentTypeError(msg) from None
        if value < least:
            msg = f"wanted is {least} or more; there is {value}"
            raise argparse.ArgumentTypeError(msg)
        return value

    return read


def _multiplier(text: str) -> float | str:
    if text == "none":
        return text
    try:
        return float(text)
    except ValueError:
        msg = f"wanted is a number such as 1.6, or none; there is {text!r}"
        raise argparse.ArgumentTypeError(msg) from None


def _formats(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    unknown = [name for name in names if name not in _FORMATS]
    if unknown or not names:
        msg = f"wanted is a list of {', '.join(_FORMATS)}; there is {text!r}"
        raise argparse.ArgumentTypeError(msg)
    return names


class _Version(argparse.Action):
    """Looks the version up only when somebody asks."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        sys.stdout.write(f"evalkit {version('evalkit-prevention')}\n")
        parser.exit()


if __name__ == "__main__":
    sys.exit(main())
