import assert from "node:assert/strict";
import { test } from "node:test";

import { all, settle } from "../src/pool.js";

async function odd({ path, number }) {
  await new Promise((resolve) => setImmediate(resolve));
  if (number % 2 === 0) throw new Error(`${number} is even`);
  return `${path}!`;
}

const items = (...numbers) => numbers.map((number) => ({ path: `p${number}`, number }));

test("every item has its outcome, in order", async () => {
  const outcomes = await settle(items(1, 2, 3, 4, 5, 6, 7), odd);
  assert.deepEqual(outcomes.map(({ value, error }) => value ?? error.message), [
    "p1!",
    "2 is even",
    "p3!",
    "4 is even",
    "p5!",
    "6 is even",
    "p7!",
  ]);
});

test("all of them, or what failed", async () => {
  assert.deepEqual(await all(items(1, 3), odd), ["p1!", "p3!"]);
  await assert.rejects(all(items(1, 2, 3, 4), odd), { lines: ["p2: 2 is even", "p4: 4 is even"] });
});
