import { readdir, readFile, stat } from "node:fs/promises";
import { join, posix } from "node:path";

import { sectionsOf } from "./markdown.js";

/** The folder that is checked. All paths are relative to it. */
export class Folder {
  #root;
  #texts = new Map();
  #sections = new Map();

  constructor(root) {
    this.#root = root;
  }

  /** The Markdown files below, sorted as text. */
  async files() {
    const found = await this.#below("");
    return found.sort((a, b) => (a < b ? -1 : 1));
  }

  async #below(path) {
    const found = [];
    for (const entry of await readdir(join(this.#root, path), { withFileTypes: true })) {
      if (entry.name.startsWith(".")) continue;
      const inside = posix.join(path, entry.name);
      if (entry.isDirectory()) found.push(...(await this.#below(inside)));
      else if (entry.isFile() && isMarkdown(inside)) found.push(inside);
    }
    return found;
  }

  /** What a file holds. Each is read once. */
  text(file) {
    if (!this.#texts.has(file)) this.#texts.set(file, readFile(join(this.#root, file), "utf8"));
    return this.#texts.get(file);
  }

  /** The file that a path stands for, which need not be there. */
  async fileAt(path) {
    const info = await this.#info(path);
    return info?.isDirectory() ? posix.join(path, "README.md") : path;
  }

  async isFile(path) {
    const info = await this.#info(path);
    return info !== null && info.isFile();
  }

  /** Whether a file has a section. What is no Markdown has all of them. */
  async hasSection(file, section) {
    if (!isMarkdown(file)) return true;
    if (!this.#sections.has(file)) this.#sections.set(file, sectionsOf(await this.text(file)));
    return this.#sections.get(file).has(section);
  }

  async #info(path) {
    try {
      return await stat(join(this.#root, path));
    } catch (error) {
      if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
      throw error;
    }
  }
}

function isMarkdown(file) {
  return file.endsWith(".md");
}
