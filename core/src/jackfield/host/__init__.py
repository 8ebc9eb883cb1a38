"""Puts one configuration into effect, and keeps it so."""
