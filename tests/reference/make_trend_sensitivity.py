"""Make trend_sensitivity.json: intervals of moderndid 0.4.1 for simulated event studies.

Run by hand, with the extra `peers`: python tests/reference/make_trend_sensitivity.py. moderndid solves linear
programmes over a grid of the target, with a simulated first stage, so its ends are known to the distance of the grid,
which is stored beside them.
"""

import json
from pathlib import Path

import numpy as np
from moderndid.didhonest.delta.rm.rm import compute_conditional_cs_rm
from moderndid.didhonest.fixed_length_ci import compute_flci


def study(seed, pre, post, effect):
    """Coefficients whose errors go together, as those of one event study do."""
    rng = np.random.default_rng(seed)
    root = rng.normal(0, 0.05, (pre + post, pre + post))
    covariance = np.round(root @ root.T / (pre + post) + 0.02**2 * (1 + np.eye(pre + post)), 8)
    mean = np.concatenate([np.zeros(pre), np.full(post, effect)])
    return np.round(rng.multivariate_normal(mean, covariance), 6), covariance


def relative(coefficients, covariance, pre, weights, bound):
    """Ends of the conditional least-favourable interval, and the distance of the grid."""
    found = compute_conditional_cs_rm(
        coefficients, covariance, pre, len(weights), l_vec=np.array(weights)[:, None], m_bar=bound, grid_points=1500
    )
    kept = found["grid"][found["accept"] > 0]
    return [float(kept.min()), float(kept.max()), float(np.diff(found["grid"][:2])[0])]


def main():
    """Write the file."""
    out = []
    for seed, pre, post, effect, weights in [
        (1, 3, 2, -0.2, [1.0, 0.0]),
        (2, 5, 3, -0.3, [1 / 3, 1 / 3, 1 / 3]),
        (3, 1, 4, -0.4, [0.25, 0.25, 0.25, 0.25]),
        (4, 6, 2, 0.1, [0.5, 0.5]),
    ]:
        coefficients, covariance = study(seed, pre, post, effect)
        out.append(
            {
                "pre": pre,
                "weights": weights,
                "coefficients": coefficients.tolist(),
                "covariance": covariance.tolist(),
                "relative magnitudes": {
                    str(bound): relative(coefficients, covariance, pre, weights, bound) for bound in (0.5, 1.0, 2.0)
                },
                "smoothness": {
                    str(bound): [float(end) for end in flci(coefficients, covariance, pre, weights, bound)]
                    for bound in (0.0, 0.02, 0.1)
                },
            }
        )
    path = Path(__file__).with_name("trend_sensitivity.json")
    path.write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")


def flci(coefficients, covariance, pre, weights, bound):
    """Ends of the shortest interval of fixed length."""
    return compute_flci(coefficients, covariance, bound, pre, len(weights), np.array(weights)).flci


if __name__ == "__main__":
    main()
