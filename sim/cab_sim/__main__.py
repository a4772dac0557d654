"""``python -m cab_sim`` is ``cab-sim``."""

from cab_sim.cli import main

main()
