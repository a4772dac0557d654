import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { KeepError } from "./errors.js";

function hashOf(data) {
  return createHash("sha256").update(data).digest("hex");
}

/** The objects and snapshots in a folder. */
export class Store {
  constructor(root) {
    this.root = root;
  }

  async make() {
    await mkdir(join(this.root, "objects"), { recursive: true });
    await mkdir(join(this.root, "snapshots"), { recursive: true });
  }

  async requireThere() {
    try {
      await stat(join(this.root, "snapshots"));
    } catch {
      throw new KeepError(`${this.root}: no store`);
    }
  }

  /** Store content. The result says what it is, and whether the store did not have it yet. */
  async put(data) {
    const hash = hashOf(data);
    const entry = { size: data.length, hash };
    try {
      await writeFile(this.#object(hash), data, { flag: "wx" });
      return { entry, isNew: true };
    } catch (error) {
      if (error.code === "EEXIST") return { entry, isNew: false };
      throw error;
    }
  }

  /** The content that a hash stands for. */
  async get(hash) {
    let data;
    try {
      data = await readFile(this.#object(hash));
    } catch (error) {
      if (error.code === "ENOENT") throw new KeepError("is missing");
      throw error;
    }
    if (hashOf(data) !== hash) throw new KeepError("is damaged");
    return data;
  }

  async forget(hash) {
    await rm(this.#object(hash), { force: true });
  }

  /** All snapshots, in order of their numbers. */
  async snapshots() {
    const names = await readdir(join(this.root, "snapshots"));
    const ids = names.filter((name) => /^[1-9][0-9]*\.json$/.test(name)).map((name) => parseInt(name, 10));
    return Promise.all(ids.sort((a, b) => a - b).map((id) => this.snapshot(id)));
  }

  async snapshot(id) {
    try {
      return JSON.parse(await readFile(this.#snapshot(id), "utf8"));
    } catch (error) {
      if (error.code === "ENOENT") throw new KeepError(`there is no snapshot ${id}`);
      throw error;
    }
  }

  /** Add a snapshot of files that are stored; the result is its number. */
  async add(files, note) {
    const last = (await this.snapshots()).at(-1)?.id ?? 0;
    const id = last + 1;
    await writeFile(this.#snapshot(id), `${JSON.stringify({ id, note, files })}\n`);
    return id;
  }

  async remove(id) {
    await rm(this.#snapshot(id));
  }

  #object(hash) {
    return join(this.root, "objects", hash);
  }

  #snapshot(id) {
    return join(this.root, "snapshots", `${id}.json`);
  }
}
