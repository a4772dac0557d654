"""The relay beside its peers: one endpoint, one load, the same minute. See bench/README.md."""
