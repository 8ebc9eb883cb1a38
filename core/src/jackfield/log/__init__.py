"""The log: its lines, what is taken out of them, and the way out of the process."""
