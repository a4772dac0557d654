import { appendFile, readFile } from "node:fs/promises";

class Journal {
  #path;

  constructor(path) {
    this.#path = path;
  }

  async append(entry) {
    await appendFile(this.#path, `${JSON.stringify(entry)}\n`);
  }
}

async function textOf(path) {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return "";
    throw error;
  }
}

function readEntry(line) {
  try {
    const entry = JSON.parse(line);
    return entry?.add || entry?.remove ? entry : null;
  } catch {
    return null;
  }
}

/** The journal, and the entries that are in it. Throws for a line that is none. */
export async function openJournal(path) {
  const entries = [];
  const lines = (await textOf(path)).split("\n");
  for (const [index, line] of lines.entries()) {
    if (line === "") continue;
    const entry = readEntry(line);
    if (entry === null) throw new Error(`${path}, line ${index + 1}: not an entry`);
    entries.push(entry);
  }
  return { journal: new Journal(path), entries };
}
