"""Absurd and hostile money in a study file: one clear message each, and exit status 2."""

import pytest

from evalkit.__main__ import main

STUDY = """
[study]
title = "Patrols"
primary = "burglary"
draws = 200

[intervention]
name = "patrols"

[outcomes.burglary]
crime = "burglary"

[outcomes.burglary.table]
treated = [207, 110]
comparison = [308, 318]

[costs]
currency = "GBP"
year = 2015
flows = [{ what = "wardens", FACTS, source = "accounts" }]
"""
FACTS = 'amount = 1000, bearer = "city", kind = "running", year = 1'
PRICES = """
[prices]
name = "own"
country = "GBR"
currency = "GBP"
price_year = 2015
basis = "recorded"
unit_costs = [{ crime = "burglary", component = "all", value = 500, bearer = "victims" }]
"""
OPTION = """
[options.lamps]
flows = [{ what = "lamps", amount = 3, bearer = "city", kind = "running" }]
source = "judgement"
"""
PRICE_FILE = '# name = "f"\n# country = "GBR"\n# currency = "GBP"\n# price_year = "2015"\n# basis = "recorded"\n'


def flow(**facts):
    """Give the study with a flow of these facts in place of the honest ones."""
    given = {"amount": "1000", "bearer": '"city"', "kind": '"running"', "year": "1"} | facts
    return STUDY.replace("FACTS", ", ".join(f"{name} = {value}" for name, value in given.items() if value))


def money(**amount):
    """Give the study with an amount in place of the honest one."""
    return flow(amount="{ " + ", ".join(f"{name} = {value}" for name, value in amount.items()) + " }")


def study(text, prices=""):
    """Give the honest study with more below it."""
    return STUDY.replace("FACTS", FACTS) + prices + text


def appraised(text, prices=""):
    """Give the honest study with keys of `[appraisal]`."""
    return study(prices) + "\n[appraisal]\n" + text


def priced(old, new):
    """Give the study with own prices, of which one passage is changed."""
    assert old in PRICES
    return study(PRICES.replace(old, new))


# (what is wrong, the study, what the message says: where, what, and what is wanted)
CASES = [
    ("a negative life", flow(kind='"capital"', life="-3"), "flow 1: the life of flow 'wardens' is a whole number of"),
    ("a life of nothing", flow(kind='"capital"', life="0"), "1 to 200; there is 0"),
    ("a life without end", flow(kind='"capital"', life="1000000"), "1 to 200; there is 1000000"),
    ("a life that is no number", flow(kind='"capital"', life="nan"), "1 to 200; there is nan"),
    ("a bearer that does not exist", flow(bearer='"ministry of magic"'), "no bearer 'ministry of magic'; there is: "),
    ("a receiver that does not exist", flow(received_by='"wizard"'), "no bearer 'wizard'; there is: "),
    ("a bearer of prices that does not exist", priced('"victims"', '"ghosts"'), "no bearer 'ghosts' ('burglary: all')"),
    ("a million million", flow(amount="1e12"), "flow 'wardens' is 1e+12, and wanted is less than 1e+12; give it in"),
    ("an amount beyond all numbers", flow(amount="1e308", year="", years="[1, 2, 3]"), "wanted is less than 1e+12"),
    ("a range that reaches there", money(low=1, high="1e12"), "flow 'wardens' is 1e+12"),
    ("an unending amount", flow(amount="inf"), "flow 'wardens': an amount is a number or a distribution such as"),
    ("an amount that is no number", flow(amount="nan"), "there is nan"),
    ("an end that is no number", money(low="nan", high=3),
     "low of a uniform quantity is a finite number; there is nan"),
    ("an infinite mean", money(mean="inf", sd=3), "mean of a lognormal quantity is a finite number; there is inf"),
    ("a shape without a mean", money(shape='"cauchy"', mean=3, sd=3), "no distribution 'cauchy'; there is: 'fixed'"),
    ("a mean that draws decide", money(mean=1000, sd="1e6"), "a few extreme draws decide its mean; give a range"),
    ("a spread beyond all numbers", money(mean=1, sd="1e200"), "sd of a lognormal quantity is at most 10000 times"),
    ("a negative amount", flow(amount="-5"), "if it is money saved, write saving = true and the amount 5"),
    ("an amount that may be negative", money(low=-5, high=3), "an amount of zero or more; there is -5"),
    ("a truth as an amount", flow(amount="true"), "there is True"),
    ("year 0", flow(year="0"), "lies before year 1, the first year of the measure"),
    ("year 300", flow(year="300"), "looks like a calendar year; years count from the start"),
    ("half a year", flow(year="1.5"), "a year of flow 'wardens' is a whole number; there is 1.5"),
    ("no year", flow(year="", years="[]"), "named once each; there is []"),
    ("a year twice", flow(year="", years="[1, 1]"), "named once each; there is [1, 1]"),
    ("an empty ledger", study("").replace("flows = [{", "flows = [] #"),
     "a measure that costs nothing has a flow of 0"),
    ("a flow twice", study("").replace("flows = [", f'flows = [{{ what = "wardens", {FACTS}, source = "accounts" }},'),
     "flow 'wardens' stands twice in the ledger"),
    ("a bearer twice", study('bearers = ["hall", "hall"]'), "the bearer 'hall' stands twice"),
    ("a bearer known otherwise", study('bearers = { city = "private" }'), "'city' is known to evalkit as public"),
    ("an outcome twice", study('[outcomes.burglary]\ncrime = "theft"\n'), "is not TOML"),
    ("two outcomes of one crime", study('[outcomes.b]\ncrime = "burglary"\n[outcomes.b.table]\ntreated = [9, 8]\n'),
     "adding them counts events twice; appraise one, or say disjoint = true"),
    ("a country without a deflator", priced('country = "GBR"', 'country = "ZZZ"').replace("2015\nb", "2012\nb"),
     "no deflator for the country 'ZZZ'; there is: 'AUS'"),
    ("a year before the table", appraised("price_year = 1900\n", PRICES), "has no year 1900; there is 1980 to 2023"),
    ("prices of a year before the table", priced("2015", "1950"), "has no year 1950; there is 1980 to 2023"),
    ("a year that is none", priced("2015", '"MMXV"'), "a price year is a calendar year such as 2010"),
    ("an index that does not exist", appraised('deflator = "cpx"\nprice_year = 2018\n', PRICES), "did you mean 'cpi'?"),
    ("a crime of a million million", priced("500", "1e12"),
     "none costs 1e+12 or more in any currency; give the amount"),
    ("a price that is no number", priced("500", "nan"), "row 1: the unit cost 'burglary: all': an amount is a number"),
    ("an unending price", priced("500", "inf"), "there is inf"),
    ("a negative price", priced("500", "-5"), "is an amount of zero or more; there is -5"),
    ("a price twice", study(PRICES.replace("unit_costs = [{", 'unit_costs = [{ crime = "burglary", component = "all", '
     'value = 3, bearer = "victims" }, {')), "'burglary: all' stands twice in the schedule"),
    ("no price at all", study(PRICES[: PRICES.index("unit_costs")] + "unit_costs = []\n"), "hold no unit cost"),
    ("a multiplier below 1", priced('"recorded"', '"actual"\nmultipliers = { burglary = 0.2 }'), "so 1 or more"),
    ("a multiplier of a million million", priced('"recorded"', '"actual"\nmultipliers = { burglary = 1e12 }'),
     "the multiplier of 'burglary' is 1e+12, and wanted is less than 1e+05"),
    ("a multiplier that is no number", priced('"recorded"', '"actual"\nmultipliers = { burglary = nan }'), "is nan"),
    ("a share above one", appraised("horizon = 9\nretention = 1.5\nperiod_years = 1.0\n"),
     "retention is a share between"),
    ("a share that may be above one",
     appraised("horizon = 9\nretention = { low = 0.5, high = 1.5 }\nperiod_years = 1.0\n"),
     "retention is a share between 0 and 1; there is between 0.5 and 1.5"),
    ("a share without an end", appraised("horizon = 9\nretention = { low = 0.5, high = nan }\nperiod_years = 1.0\n"),
     "retention: high of a uniform quantity is a finite number; there is nan"),
    ("a share that is no number", appraised("horizon = 9\nretention = nan\n"),
     "[appraisal] retention: wanted is a finite number; there is nan"),
    ("deadweight in percent", appraised("deadweight = 50.0\n"), "deadweight is a share between 0 and 2; there is 50"),
    ("deadweight that is no number", appraised("deadweight = nan\n"), "deadweight: wanted is a finite number"),
    ("deadweight of a wrong type", appraised("deadweight = [3]\n"),
     "deadweight: wanted is text in quotes or a number or a table of keys; there is [3]"),
    ("a horizon of a million years", appraised("horizon = 1000000\nretention = 0.5\n"), "less than or equal to 100"),
    ("a horizon before the window", appraised("horizon = 0\n"), "greater than or equal to 1; there is 0"),
    ("periods of a million years", appraised("period_years = 1e6\n"), "is 1e+06 years, and wanted are 100 or fewer"),
    ("a period of no length", appraised("period_years = 0.0\n"), "in years is a number above zero; there is 0.0"),
    ("a rate in percent", appraised("discounting = 3.5\n"), "a discount rate is a share such as 0.035 for 3.5 %"),
    ("a rate that is no number", appraised("discounting = inf\n"), "discounting: wanted is a finite number"),
    ("nobody's perspective", appraised('perspective = "martians"\n'), "no perspective 'martians'; there is: 'city'"),
    ("a stop that is never", appraised("horizon = 3\nretention = 0.5\nperiod_years = 1.0\nstop = { year = 99, "
     "retention = 0.5 }\n"), "stopping in year 99 is compared with going on"),
    ("a stop without an end", appraised("horizon = 3\nretention = 0.5\nperiod_years = 1.0\nstop = { year = 1, "
     "retention = inf }\n"), "stop.retention: an amount is a number"),
    ("no draws", study("").replace("draws = 200", "draws = 0"),
     "[study] draws: wanted is greater than or equal to 100"),
    ("a group with more than all", study("[incidence.groups.a]\nshares = { victims = 1.4 }\n"),
     "is a number from 0 to 1"),
    ("groups with more than all", study("[incidence.groups.a]\nshares = { victims = 0.7 }\n[incidence.groups.b]\n"
     "shares = { victims = 0.7 }\n"), "add up to 1.4 over the groups"),
    ("a group of nobody's money", study("[incidence.groups.a]\nshares = { ghosts = 1.0 }\n"),
     "name 'ghosts', which is no"),
    ("an income of nothing", study("[incidence.groups.a]\nincome = 0\nshares = { victims = 1.0 }\n"), "above zero"),
    ("fewer than nobody watched", study("[intrusion]\nexposed_residents = -4\n"), "zero or more; there is -4"),
    ("hours without end", study("[intrusion]\nexposed_residents = 4\n[intrusion.exposures]\n"
     "person_hours_observed = inf\n"), "there is inf"),
    ("a roll-out without end", study(PRICES + "[learning]\nroll_out = { sites = inf, years = 5 }\n"),
     "a finite number"),
    ("two plans of one name", study(PRICES + "[learning]\nroll_out = { sites = 3, years = 5 }\n"
     '[[learning.plans]]\nname = "x"\nmonths = 3\n[[learning.plans]]\nname = "x"\nmonths = 4\n'), "two plans"),
    ("an option of the measure's name", study(OPTION.replace("options.lamps", "options.patrols")
     + "share_of_effect = 0.5\n"), "the name of the measure itself, 'patrols'"),
    ("an option that prevents without end", study(OPTION + "prevented = { burglary = inf }\n"), "there is inf"),
    ("an option that prevents all crime", study(OPTION + "prevented = { burglary = 1e300 }\n"), "less than 1e+12"),
    ("a budget that is no number", study(PRICES + OPTION + "share_of_effect = 0.5\n[decision]\nbudget = nan\n"),
     "[decision] budget: wanted is a finite number"),
]  # fmt: skip

# (what is wrong, the rows of a price file, what the message says)
PRICE_FILES = [
    ("nan", "crime,value\nburglary,nan\n", "nan"),
    ("inf", "crime,value\nburglary,inf\n", "inf"),
    ("a million million", "crime,value\nburglary,1e12\n", "none costs 1e+12 or more"),
    ("negative", "crime,value\nburglary,-3\n", "zero or more; there is -3"),
    ("text", "crime,value\nburglary,many\n", "many"),
    ("empty", "crime,value\nburglary,\n", "value"),
    ("a spread without end", "crime,value,sd\nburglary,3,inf\n", "inf"),
    ("a spread beyond all numbers", "crime,value,sd\nburglary,3,1e200\n", "at most 10000 times its mean"),
    ("twice", "crime,value\nburglary,3\nburglary,3\n", "stands twice"),
    ("no rows", "crime,value\n", "no "),
    ("a bearer that does not exist", "crime,value,bearer\nburglary,3,ghosts\n", "no bearer 'ghosts'"),
    ("too many cells", "crime,value\nburglary,3,4\n", "cells"),
]


def told(folder, capsys):
    """Check a study, and give what is said of it where it is refused."""
    assert main(["check", str(folder)]) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith("evalkit: ")
    assert "Traceback" not in shown.err
    assert "Warning" not in shown.err
    assert shown.out == ""
    return " ".join(shown.err.split())


def test_the_study_that_the_cases_spoil_is_read(tmp_path, capsys):
    """Each message below is about the one thing that was changed."""
    (tmp_path / "study.toml").write_text(study(PRICES + OPTION + "share_of_effect = 0.5\n"), encoding="utf-8")
    assert main(["check", str(tmp_path)]) == 0, capsys.readouterr().err


@pytest.mark.parametrize(("text", "says"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_absurd_money_is_one_clear_message(text, says, tmp_path, capsys):
    """The place, what is there and what was wanted; no traceback."""
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    said = told(tmp_path, capsys)
    assert says in said
    assert "faults" not in said


@pytest.mark.parametrize(("rows", "says"), [case[1:] for case in PRICE_FILES], ids=[case[0] for case in PRICE_FILES])
def test_an_absurd_price_file_is_one_clear_message(rows, says, tmp_path, capsys):
    """The same for a price file of one's own."""
    (tmp_path / "study.toml").write_text(study('\n[prices]\nschedule = "p.csv"\n'), encoding="utf-8")
    (tmp_path / "p.csv").write_text(PRICE_FILE + rows, encoding="utf-8")
    assert says in told(tmp_path, capsys)
