"""One JSON Schema out of many, and what it says about a document."""
