"""What the before/after table is made of."""
