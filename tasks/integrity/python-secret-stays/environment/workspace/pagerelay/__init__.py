"""Sends pages to an SMS gateway."""
