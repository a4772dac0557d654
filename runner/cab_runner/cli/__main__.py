"""``python -m cab_runner.cli``."""

from cab_runner.cli import main

main()
