"""Long differences of sites that switch a measure on against sites that change nothing, and their errors."""
