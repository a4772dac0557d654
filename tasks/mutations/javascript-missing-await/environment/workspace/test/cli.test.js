import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";

import { run } from "../src/cli.js";

async function linkward(files, ...options) {
  const root = await mkdtemp(join(tmpdir(), "linkward-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), text);
    }
    let [out, err] = ["", ""];
    const code = await run([root, ...options], {
      stdout: { write: (text) => (out += text) },
      stderr: { write: (text) => (err += text) },
    });
    return [code, out, err];
  } finally {
    await rm(root, { recursive: true });
  }
}

test("links that lead somewhere", async () => {
  const files = {
    "README.md": "# Home\n[guide](guide#first-steps) [logo](logo.svg) [up](#home) [web](https://example.org)\n",
    "guide/README.md": "## First steps\n[home](../README.md)\n",
    "logo.svg": "<svg/>",
  };
  assert.deepEqual(await linkward(files), [0, "4 checked, 1 external, 0 ignored, 0 broken\n", ""]);
});

test("a missing file", async () => {
  const out = "a.md:2: b.md: there is no b.md\n1 checked, 0 external, 0 ignored, 1 broken\n";
  assert.deepEqual(await linkward({ "a.md": "\n[b](b.md)\n" }), [1, out, ""]);
  assert.deepEqual(await linkward({ "a.md": "\n[b](b.md)\n" }, "--allow", "1"), [0, out, ""]);
});

test("a missing section", async () => {
  const files = { "a.md": "# Top\n[b](b.md#usage)\n", "b.md": "# Use\n" };
  const out = 'a.md:2: b.md#usage: there is no section "usage" in b.md\n1 checked, 0 external, 0 ignored, 1 broken\n';
  assert.deepEqual(await linkward(files), [1, out, ""]);
});

test("wrong usage", async () => {
  assert.equal((await linkward({}, "--allow", "some"))[0], 2);
  assert.equal((await linkward({}, "another"))[0], 2);
});
