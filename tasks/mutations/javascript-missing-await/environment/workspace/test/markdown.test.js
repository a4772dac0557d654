import assert from "node:assert/strict";
import { test } from "node:test";

import { linksOf, sectionsOf, slug } from "../src/markdown.js";

test("links and their lines", () => {
  const text = '# A [b](c.md)\n\n![d](e.png "f g") and [h](#i)\r\n`[no](link)`\n```\n[no](link)\n```\n[j](k)';
  assert.deepEqual(linksOf(text), [
    { line: 1, target: "c.md" },
    { line: 3, target: "e.png" },
    { line: 3, target: "#i" },
    { line: 8, target: "k" },
  ]);
});

test("sections", () => {
  assert.equal(slug(" What's New, in `2.0`? "), "whats-new-in-20");
  const text = "# Über uns\n## Usage\n```\n# no\n```\n### Usage\n####### no\n#no\n## Usage\n";
  assert.deepEqual([...sectionsOf(text)], ["über-uns", "usage", "usage-1", "usage-2"]);
});
