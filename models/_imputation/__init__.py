"""What is imputed from untreated cells, by least squares or by Poisson pseudo-likelihood."""
