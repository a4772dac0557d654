"""Which snapshots of a backup are kept."""
