"""What synthetic control and synthetic difference-in-differences share."""
