"""Keeps the store of a food bank."""
