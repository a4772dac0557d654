import assert from "node:assert/strict";
import { test } from "node:test";

import { Queue } from "../src/queue.js";

test("jobs run one at a time, in order", async () => {
  const queue = new Queue();
  const steps = [];
  const job = (name) => async () => {
    steps.push(`${name} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    steps.push(`${name} ends`);
    return name;
  };
  assert.deepEqual(await Promise.all([queue.run(job("a")), queue.run(job("b"))]), ["a", "b"]);
  assert.deepEqual(steps, ["a begins", "a ends", "b begins", "b ends"]);
});
