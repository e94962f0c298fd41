"""What the interrupted time series is made of."""
