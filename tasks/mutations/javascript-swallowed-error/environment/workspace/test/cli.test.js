import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";

import { run } from "../src/cli.js";

let root;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "keep-"));
  await mkdir(join(root, "src", "deep"), { recursive: true });
  await writeFile(join(root, "src", "a.txt"), "one");
  await writeFile(join(root, "src", "deep", "b.txt"), "three");
});

afterEach(() => rm(root, { recursive: true }));

/** Runs a command with paths in the test's folder for words with a slash. */
async function keep(...words) {
  let [out, err] = ["", ""];
  const args = words.map((word) => (word.includes("/") ? join(root, word) : word));
  const code = await run(args, {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text.replaceAll(`${root}/`, "")) },
  });
  return [code, out, err];
}

test("save, list and restore", async () => {
  const saved = "snapshot 1: 2 files, 8 bytes, 2 new objects\n";
  assert.deepEqual(await keep("save", "./store", "./src", "--note", "first"), [0, saved, ""]);
  assert.deepEqual(await keep("list", "./store"), [0, "1\t2\t8\tfirst\n", ""]);
  assert.deepEqual(await keep("restore", "./store", "1", "./back"), [0, "restored 2 files\n", ""]);
  assert.equal(await readFile(join(root, "back", "deep", "b.txt"), "utf8"), "three");
  assert.deepEqual((await readdir(join(root, "store"))).sort(), ["objects", "snapshots"]);
});

test("what is not stored twice, and what is freed", async () => {
  await keep("save", "./store", "./src");
  await writeFile(join(root, "src", "c.txt"), "one");
  await writeFile(join(root, "src", "a.txt"), "four");
  assert.deepEqual(await keep("save", "./store", "./src"), [0, "snapshot 2: 3 files, 12 bytes, 1 new objects\n", ""]);
  assert.deepEqual(await keep("diff", "./store", "1", "2"), [0, "~ a.txt\n+ c.txt\n", ""]);
  assert.deepEqual(await keep("drop", "./store", "2"), [0, "dropped snapshot 2: 1 objects, 4 bytes freed\n", ""]);
  assert.deepEqual(await keep("verify", "./store"), [0, "1 snapshots, 2 files: all well\n", ""]);
});

test("a damaged object", async () => {
  await keep("save", "./store", "./src");
  for (const name of await readdir(join(root, "store", "objects"))) {
    await writeFile(join(root, "store", "objects", name), "three");
  }
  assert.deepEqual(await keep("verify", "./store"), [1, "", "keep: snapshot 1: a.txt: is damaged\n"]);
  assert.deepEqual(await keep("restore", "./store", "1", "./back"), [1, "", "keep: a.txt: is damaged\n"]);
  assert.equal(await readFile(join(root, "back", "deep", "b.txt"), "utf8"), "three");
  assert.deepEqual((await readdir(join(root, "store"))).sort(), ["objects", "snapshots"]);
});

test("wrong usage", async () => {
  assert.equal((await keep("save", "./store"))[0], 2);
  assert.equal((await keep("drop", "./store", "last"))[0], 2);
});
