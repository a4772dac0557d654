"""``python bench``: see ``cab_bench.cli``."""

from cab_bench.cli import main

main()
