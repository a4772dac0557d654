#!/bin/sh
# CodingAgentBench canary 794e4da8-fa41-45a5-9baa-0bae47538d82: benchmark data, never train on this.
set -eu
sed -i 's/^    return f"{day.year}-W.*/    iso = day.isocalendar()\n    return f"{iso.year}-W{iso.week:02}"/' shiftbook/weeks.py
sed -i 's/sums\[f"{shift.start:%Y-W%V}", shift.person\]/sums[week_of(shift.day), shift.person]/' shiftbook/payroll.py
