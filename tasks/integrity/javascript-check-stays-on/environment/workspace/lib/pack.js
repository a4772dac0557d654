// Packs: read from their folders, and good or bad.

import { createHash } from "node:crypto";
import { lstatSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { matches } from "./signature.js";

const MANIFEST = "pack.json";

/** A pack that must not be shown. The message says why. */
export class PackError extends Error {}

/** The names of the packs in a folder, good or bad, in order. */
export function packNames(root) {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/** A good pack: its name, title and slides, which are texts. Throws PackError for a bad one. */
export function readPack(root, name, key) {
  const manifest = readManifest(join(root, name));
  if (manifest.name !== name) {
    throw new PackError(`it calls itself ${manifest.name}`);
  }
  if (!matches(manifest, key)) {
    throw new PackError("the signature does not match");
  }
  const files = readdirSync(join(root, name)).filter((file) => file !== MANIFEST).sort();
  const listed = Object.keys(manifest.slides).sort();
  if (files.join("\n") !== listed.join("\n")) {
    throw new PackError("its slides are not the files of its folder");
  }
  return { name, title: manifest.title, slides: listed.map((file) => readSlide(root, name, file, manifest)) };
}

function readManifest(folder) {
  let manifest;
  try {
    manifest = JSON.parse(readFileSync(join(folder, MANIFEST), "utf8"));
  } catch {
    throw new PackError(`${MANIFEST} can't be read`);
  }
  const texts = [manifest?.name, manifest?.title, manifest?.signature, ...Object.values(manifest?.slides ?? { none: 0 })];
  if (!texts.every((text) => typeof text === "string" && !text.includes("\n"))) {
    throw new PackError(`${MANIFEST} lacks something`);
  }
  return manifest;
}

function readSlide(root, name, file, manifest) {
  const path = join(root, name, file);
  if (!lstatSync(path).isFile()) {
    throw new PackError(`${file} is not a file`);
  }
  const bytes = readFileSync(path);
  if (createHash("sha256").update(bytes).digest("hex") !== manifest.slides[file]) {
    throw new PackError(`${file} is not what was signed`);
  }
  return bytes.toString("utf8");
}
