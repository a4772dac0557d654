import { mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";

import { KeepError } from "./errors.js";

async function entriesOf(folder) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch {
    throw new KeepError(`${folder}: can't be read`);
  }
}

async function below(folder, path) {
  const found = [];
  for (const entry of await entriesOf(join(folder, path))) {
    const inside = posix.join(path, entry.name);
    if (entry.isDirectory()) found.push(...(await below(folder, inside)));
    else if (entry.isFile()) found.push({ path: inside });
  }
  return found;
}

export function byPath(a, b) {
  return a.path < b.path ? -1 : 1;
}

/** All files below a folder as `{ path }`, sorted. */
export async function filesOf(folder) {
  const files = await below(folder, "");
  if (files.length === 0) throw new KeepError(`${folder}: nothing to save`);
  return files.sort(byPath);
}

/** Make an empty folder, or see that one is. */
export async function makeEmpty(folder) {
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) throw new KeepError(`${folder}: not empty`);
}

export async function writeBelow(folder, path, data) {
  const whole = join(folder, path);
  await mkdir(dirname(whole), { recursive: true });
  await writeFile(whole, data);
}
