"""Amounts of money: exact decimals, rounded in one place."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

CENT = Decimal("0.01")


def round_cents(amount: Decimal) -> Decimal:
    """An amount in whole cents. Every sum that is shown or added up has gone through here."""
    return amount.quantize(CENT, rounding=ROUND_HALF_EVEN)


def share(amount: Decimal, percent: Decimal) -> Decimal:
    """A percentage of an amount, in whole cents."""
    return round_cents(amount * percent / 100)


def show(amount: Decimal) -> str:
    """An amount as it is printed, with two decimal places."""
    return f"{round_cents(amount):.2f}"
