"""Standard errors, tests and randomisation: what every estimator says how sure it is by."""
