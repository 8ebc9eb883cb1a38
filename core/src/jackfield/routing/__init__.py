"""The journey of a request: whom to ask, in which order, and what follows from an answer."""
