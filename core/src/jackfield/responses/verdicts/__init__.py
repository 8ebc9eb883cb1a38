"""What a failure of an upstream says, and what it says something about."""
