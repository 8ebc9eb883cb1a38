"""The words that everything uses; standard library alone."""
