"""Make medicaid.json: the event study of the example in the README of R's HonestDiD, and the intervals printed there.

    python tests/reference/make_medicaid.py ehec_data.csv        (pyfixest 0.60, of the extra `dev`)

ehec_data.csv is the file of the course that the README takes it from (insured share by state and year, and the year
in which the state took Medicaid up); its terms are not known, so no copy of it is kept here. The README fits it with
fixest: feols(dins ~ i(year, D, ref = 2013) | stfips + year, cluster = ~stfips), years before 2016, without the states
of 2015. Intervals are for the first year after the start, at 95 %.
"""

import json
import sys
from pathlib import Path

import pandas as pd
import pyfixest

YEARS = [2008, 2009, 2010, 2011, 2012, 2014, 2015]


def main():
    """Fit, and write the file beside this script."""
    frame = pd.read_csv(sys.argv[1])
    frame = frame[(frame["year"] < 2016) & ~(frame["yexp2"] == 2015)].copy()
    names = [f"d{year}" for year in YEARS]
    for year, name in zip(YEARS, names, strict=True):
        frame[name] = ((frame["yexp2"] == 2014) & (frame["year"] == year)).astype(float)
    fit = pyfixest.feols(f"dins ~ {' + '.join(names)} | stfips + year", frame, vcov={"CRV1": "stfips"})
    out = {
        "source": "README of HonestDiD (Rambachan and Roth 2023, doi:10.1093/restud/rdad018); event study by pyfixest "
        f"{pyfixest.__version__}",
        "times": [year - 2014 for year in YEARS],
        "coefficients": [float(fit.coef()[name]) for name in names],
        "covariance": pd.DataFrame(fit._vcov, fit._coefnames, fit._coefnames).loc[names, names].to_numpy().tolist(),
        "relative magnitudes": {
            "0.5": [0.0241, 0.0673],
            "1.0": [0.0171, 0.0720],
            "1.5": [0.00859, 0.0796],
            "2.0": [-0.00107, 0.0883],
        },
        "smoothness": {"0.0": [0.0259, 0.0607], "0.01": [0.0132, 0.0787], "0.02": [0.00286, 0.0907]},
    }
    Path(__file__).with_name("medicaid.json").write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
