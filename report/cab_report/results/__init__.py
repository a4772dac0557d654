"""Many cell records → statistics for people: what was recorded, grouped, in tables, as text or data."""
