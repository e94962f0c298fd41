"""The study of study.toml, as a program: the same question, the same numbers."""

from pathlib import Path

import pandas as pd

import evalkit as ek

HERE = Path(__file__).parent
DATA = HERE / "data" / "castle.csv"

frame = pd.read_csv(DATA)
began = frame.dropna(subset=["began"]).drop_duplicates("state").set_index("state")["began"].astype(int).astype(str)

law = ek.Intervention(
    name="castle-doctrine law",
    approach="regulation",
    mechanism="deterrence: an intruder or attacker expects to meet lethal force that the law no longer punishes",
    target="place",
    place="United States",
    dose="a law in force for the whole year",
    began=began.to_dict(),
)


def design(name: str, crime: str, column: str) -> ek.Design:
    """Lay the law over the counts of one crime."""
    outcome = ek.Outcome(name=name, crime=crime, source="police", minimum_worthwhile=2)
    panel = ek.Panel.from_long(
        frame, site="state", period="year", count=column, exposure="population", outcome=outcome, source=DATA.name
    )
    return ek.Design(panel=panel, intervention=law)


poisson = ek.estimator("did-poisson")

study = ek.Study(
    title="Castle-doctrine laws in 21 US states",
    question="Did widening the right to use lethal force in self-defence change homicide, "
    "and did it deter burglary, robbery or aggravated assault?",
    primary="homicide",
    seed=2012,
    designs={
        "homicide": design("homicide", "homicide", "homicide"),
        "burglary": design("burglary", "burglary", "burglary"),
        "robbery": design("robbery", "robbery", "robbery"),
        "aggravated assault": design("aggravated assault", "aggravated-assault", "aggravated_assault"),
    },
    estimator="did-poisson",
    sensitivity={
        # made for starts at different times
        "poisson-etwfe": "poisson-etwfe",
        "callaway-santanna": "callaway-santanna",
        "imputation": "imputation",
        "did-ols": "did-ols",
        "did-poisson, plain errors": poisson(errors="CR1"),
    },
    costs=ek.Costs(
        currency="USD",
        price_year=2010,
        flows=(
            ek.Flow(
                what="making the laws and training police and courts, 21 states",
                amount={"low": 2_000_000, "mode": 4_000_000, "high": 10_000_000},
                bearer="national taxpayer",
                kind="one-off",
                years=(1,),
                assumed=True,
            ),
        ),
    ),
    prices=ek.Prices.from_mapping(
        {
            "schedule": "mccollister-2010",
            "leave_out": [{"component": "intangible", "crimes": ["burglary", "robbery", "aggravated-assault"]}],
            "multipliers": "none",
        }
    ),
    inputs=(DATA,),
    folder=HERE,
)
