"""The journal of a shared workshop."""
