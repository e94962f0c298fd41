"""Fits with site and period effects, and the difference-in-differences built on them."""
