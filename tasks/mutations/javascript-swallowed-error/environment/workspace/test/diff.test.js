import assert from "node:assert/strict";
import { test } from "node:test";

import { changes, onlyIn } from "../src/diff.js";

const files = (...pairs) => pairs.map(([path, hash]) => ({ path, hash, size: hash.length }));

test("changes", () => {
  const [before, after] = [files(["a", "1"], ["b", "2"], ["c", "3"]), files(["0", "1"], ["b", "2"], ["c", "4"])];
  assert.deepEqual(changes(before, after), [
    { sign: "+", path: "0" },
    { sign: "-", path: "a" },
    { sign: "~", path: "c" },
  ]);
});

test("objects that nobody else needs", () => {
  assert.deepEqual(onlyIn(files(["a", "x"], ["b", "yy"], ["c", "yy"]), files(["d", "x"])), new Map([["yy", 2]]));
});
