"""Weights that make many comparison sites like the treated ones: units, programme, errors, checks."""
