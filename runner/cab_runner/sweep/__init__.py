"""Sweeps: agents × models × tasks × attempts."""
