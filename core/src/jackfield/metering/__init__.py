"""What a request cost and how fast it was, told once."""
