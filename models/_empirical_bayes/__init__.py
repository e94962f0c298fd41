"""The population that sites were chosen from, and what it says of those that were chosen."""
