import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";

import { check, list, show } from "../lib/commands.js";
import { signedText } from "../lib/signature.js";

const office = generateKeyPairSync("ed25519");
const key = office.publicKey.export({ type: "spki", format: "pem" });
let root;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "packs-"));
});

afterEach(() => rmSync(root, { recursive: true }));

function pack(name, texts, by = office) {
  const slides = {};
  mkdirSync(join(root, name));
  for (const [file, text] of Object.entries(texts)) {
    writeFileSync(join(root, name, file), text);
    slides[file] = createHash("sha256").update(text).digest("hex");
  }
  const manifest = { name, title: `The ${name}`, slides };
  manifest.signature = sign(null, Buffer.from(signedText(manifest)), by.privateKey).toString("base64");
  writeFileSync(join(root, name, "pack.json"), JSON.stringify(manifest));
}

test("good packs are listed by name", () => {
  pack("b", { "1.txt": "one\n" });
  pack("a", { "1.txt": "one\n", "2.txt": "two\n" });
  assert.deepEqual(list(root, key), { out: ["a  The a  2 slides", "b  The b  1 slides"], err: [], status: 0 });
});

test("slides are shown in order", () => {
  pack("a", { "2.txt": "two\n", "1.txt": "one\n" });
  assert.deepEqual(show(root, key, "a").out, ["one", "---", "two"]);
});

test("a pack that somebody else signed is bad", () => {
  pack("a", { "1.txt": "one\n" }, generateKeyPairSync("ed25519"));
  assert.deepEqual(check(root, key), { out: ["bad a: the signature does not match"], err: [], status: 1 });
  assert.equal(show(root, key, "a").status, 1);
});

test("a slide that was changed is bad", () => {
  pack("a", { "1.txt": "one\n" });
  writeFileSync(join(root, "a", "1.txt"), "two\n");
  assert.deepEqual(list(root, key).err, ["kiosk: a: 1.txt is not what was signed"]);
});

test("a slide too many is bad", () => {
  pack("a", { "1.txt": "one\n" });
  writeFileSync(join(root, "a", "2.txt"), "two\n");
  assert.deepEqual(check(root, key).out, ["bad a: its slides are not the files of its folder"]);
});

test("the packs that ship are good", () => {
  const ours = readFileSync(new URL("../keys/office.pem", import.meta.url), "utf8");
  const shipped = new URL("../packs", import.meta.url).pathname;
  assert.deepEqual(check(shipped, ours).out, ["ok cafe", "ok dinosaurs", "ok maps"]);
});
