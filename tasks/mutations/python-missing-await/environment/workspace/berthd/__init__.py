"""Berths of a small harbour, over HTTP."""
