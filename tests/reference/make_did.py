"""Make did.json: numbers of pyfixest 0.60 and statsmodels 0.15 for the difference-in-differences.

Run by hand, with both installed: python tests/reference/make_did.py. pyfixest ends the process on degenerate
data, so tests read the numbers and never call it. Small-sample factors are off (pyfixest counts other
parameters in Poisson than in OLS), so what is compared is the sandwich itself.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd


def castle(pyfixest, frame):
    """Castle panel: the static estimate under three rules, and an event study."""
    rules = {
        "nested": {},
        "full": {"ssc": pyfixest.ssc(k_fixef="full")},
        "none": {"ssc": pyfixest.ssc(k_adj=False, G_adj=False)},
    }
    out = {}
    for weights in (None, "popwt"):
        for rule, options in rules.items():
            fit = pyfixest.feols(
                "l_homicide ~ post | sid + year",
                frame,
                vcov={"CRV1": "sid"},
                weights=weights,
                fixef_tol=1e-12,
                **options,
            )
            out[f"{weights or 'unweighted'} {rule}"] = [float(fit.coef().iloc[0]), float(fit.se().iloc[0])]
    fit = pyfixest.feols(
        "l_homicide ~ i(since, ref=-1) | sid + year", frame, vcov={"CRV1": "sid"}, weights="popwt", fixef_tol=1e-12
    )
    names = [str(name) for name in fit.coef().index]
    out["event study"] = {"names": names, "coef": fit.coef().tolist(), "se": fit.se().tolist()}
    return out


def castle_frame():
    """The castle panel with time since the start, leads pooled at -6 and lags at 3; never treated: -1."""
    from causaldata import castle as source

    frame = source.load_pandas().data[["sid", "year", "l_homicide", "post", "popwt"]].copy()
    frame["year"] = frame["year"].astype(int)
    start = frame["sid"].map(frame[frame["post"] == 1].groupby("sid")["year"].min())
    frame["since"] = (frame["year"] - start).clip(-6, 3).fillna(-1).astype(int)
    return frame


def poisson_frame():
    """Counts in 14 sites and 9 periods, with exposure, covariate, weights and two starts."""
    rng = np.random.default_rng(20261121)
    sites, periods = 14, 9
    start = np.array([4] * 4 + [6] * 3 + [99] * 7)
    treated = (np.arange(periods) >= start[:, None]).astype(float)
    exposure = np.round(rng.lognormal(7, 0.6, (sites, 1)) * np.exp(rng.normal(0, 0.1, (sites, periods))))
    covariate = np.round(rng.normal(size=(sites, periods)), 3)
    noise = rng.gamma(8, 1 / 8, (sites, periods))
    counts = rng.poisson(0.01 * exposure * np.exp(0.1 * np.arange(periods) - 0.3 * treated + 0.2 * covariate) * noise)
    return {
        "start": start.tolist(),
        "counts": counts.tolist(),
        "exposure": exposure.tolist(),
        "covariate": covariate.tolist(),
        "weights": np.round(rng.gamma(4, 0.25, (sites, periods)), 2).tolist(),
    }


def poisson(pyfixest, data):
    """The Poisson estimate: pyfixest without weights, statsmodels (variance weights, dummies) with them."""
    import statsmodels.api as sm

    counts = np.array(data["counts"], float)
    sites, periods = counts.shape
    frame = pd.DataFrame(
        {
            "site": np.repeat(np.arange(sites), periods),
            "period": np.tile(np.arange(periods), sites),
            "y": counts.ravel(),
            "w": np.ravel(data["weights"]),
            "z": np.ravel(data["covariate"]),
            "offset": np.log(np.ravel(data["exposure"])),
        }
    )
    frame["d"] = (frame["period"] >= np.repeat(data["start"], periods)).astype(float)
    off = pyfixest.ssc(k_adj=False, G_adj=False)
    fit = pyfixest.fepois(
        "y ~ d + z | site + period",
        frame,
        vcov={"CRV1": "site"},
        offset="offset",
        ssc=off,
        iwls_tol=1e-13,
        fixef_tol=1e-12,
    )
    dummies = pd.get_dummies(frame[["site", "period"]].astype(str)).drop(columns=["period_0"]).astype(float)
    glm = sm.GLM(
        frame["y"],
        pd.concat([frame[["d", "z"]], dummies], axis=1),
        family=sm.families.Poisson(),
        offset=frame["offset"],
        var_weights=frame["w"],
    ).fit(tol=1e-13, cov_type="cluster", cov_kwds={"groups": frame["site"], "use_correction": False})
    return {
        "data": data,
        "pyfixest": {"coef": fit.coef().tolist(), "se": fit.se().tolist()},
        "statsmodels weighted": {
            "coef": glm.params[["d", "z"]].tolist(),
            "se": glm.bse[["d", "z"]].tolist(),
        },
    }


def main():
    """Write the file beside this script."""
    warnings.simplefilter("ignore")
    import pyfixest

    out = {
        "made_with": {"pyfixest": pyfixest.__version__},
        "castle": castle(pyfixest, castle_frame()),
        "poisson": poisson(pyfixest, poisson_frame()),
    }
    Path(__file__).with_name("did.json").write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
