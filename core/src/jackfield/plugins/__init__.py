"""The doors for plugins: what they may implement, what they are promised, and who calls them."""
