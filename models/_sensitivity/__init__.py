"""What is left of an effect if treated and comparison sites did not quite move together."""
