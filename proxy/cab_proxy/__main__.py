"""``python -m cab_proxy`` is ``cab-proxy``."""

from .cli import main

if __name__ == "__main__":
    main()
