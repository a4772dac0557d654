"""Adds up shifts for the payroll."""
