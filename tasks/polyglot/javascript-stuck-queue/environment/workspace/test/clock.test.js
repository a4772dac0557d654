import assert from "node:assert/strict";
import { test } from "node:test";

import { isDay, minutesBetween, minutesOf } from "../src/clock.js";

test("times are quarters of an hour within the opening hours", () => {
  assert.equal(minutesOf("07:00"), 420);
  assert.equal(minutesOf("13:45"), 825);
  for (const text of ["06:45", "20:15", "9:00", "09:10", "09:60", undefined]) assert.equal(minutesOf(text), null);
  assert.equal(minutesBetween("09:15", "11:00"), 105);
});

test("days are those of the calendar", () => {
  for (const day of ["2026-01-31", "2024-02-29", "2000-02-29"]) assert.equal(isDay(day), true, day);
  for (const day of ["2026-02-29", "1900-02-29", "2026-04-31", "2026-13-01", "26-01-01"]) {
    assert.equal(isDay(day), false, day);
  }
});
