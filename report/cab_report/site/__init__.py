"""Cell records → a static site: a page a cell, boards, charts, badges.

Its pages need no server, no network and no script to be read; with scripts they sort, filter and replay.
"""
