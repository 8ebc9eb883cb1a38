"""What the proxy costs, measured against a raw pass-through in the same run. `scripts/bench` starts it."""
