import assert from "node:assert/strict";
import { test } from "node:test";

import { kindOf, resolvePath, splitTarget } from "../src/target.js";

test("kinds of targets", () => {
  assert.equal(kindOf("https://example.org/a.md", []), "external");
  assert.equal(kindOf("//example.org", []), "external");
  assert.equal(kindOf("drafts/a.md", ["old/", "drafts/"]), "ignored");
  assert.equal(kindOf("a.md", ["drafts/"]), "checked");
});

test("parts of a target", () => {
  assert.deepEqual(splitTarget("a%20b.md#c"), { path: "a b.md", section: "c" });
  assert.deepEqual(splitTarget("#c"), { path: "", section: "c" });
  assert.deepEqual(splitTarget("a.md"), { path: "a.md", section: "" });
  assert.equal(splitTarget("%zz"), null);
});

test("where a path leads", () => {
  assert.equal(resolvePath("guide/a.md", "b.md"), "guide/b.md");
  assert.equal(resolvePath("guide/a.md", "../b.md"), "b.md");
  assert.equal(resolvePath("guide/a.md", "/b.md"), "b.md");
  assert.equal(resolvePath("guide/a.md", "more/"), "guide/more");
  assert.equal(resolvePath("guide/a.md", ""), "guide/a.md");
  assert.equal(resolvePath("guide/a.md", ".."), ".");
  assert.equal(resolvePath("guide/a.md", "../../b.md"), null);
});
