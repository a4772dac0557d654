"""Draws: the same from the same seed and secret, and telling nothing of the secret."""

from __future__ import annotations

from uuid import UUID

from cab_runner.mutate.draws import Draws

SECRET = b"nobody knows this"


def test_the_same_name_draws_the_same() -> None:
    assert Draws("7").digest("order", "x") == Draws("7").digest("order", "x")
    assert Draws("7").random("order").random() == Draws("7").random("order").random()


def test_these_draws_are_the_same_on_every_machine() -> None:
    items = list(range(8))
    Draws("7").random("order", "a/b").shuffle(items)
    assert items == [3, 2, 6, 5, 4, 1, 7, 0]
    assert Draws("7").uuid("canary") == "a2e1752c-b243-4f88-959d-0cd2c958b9b6"


def test_other_seeds_secrets_and_names_draw_otherwise() -> None:
    others = [
        Draws("7").digest("order"),
        Draws("8").digest("order"),
        Draws("7", SECRET).digest("order"),
        Draws("7", SECRET + b"!").digest("order"),
        Draws("7").digest("orde", "r"),
        Draws("7").digest("order", ""),
    ]
    assert len(set(others)) == len(others)


def test_a_guid_looks_like_any_other() -> None:
    assert UUID(Draws("7").uuid("canary")).version == 4


def test_the_secret_is_not_shown() -> None:
    assert "nobody" not in repr(Draws("7", SECRET))
