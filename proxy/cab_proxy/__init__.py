"""The meter on the wire."""
