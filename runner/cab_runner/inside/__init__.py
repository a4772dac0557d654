"""Files that run inside sandboxes: standard library only, each complete in itself."""
