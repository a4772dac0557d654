import { byPath } from "./files.js";

/** What it takes to get from some files to others, as `{ sign, path }` in order of paths. */
export function changes(before, after) {
  const [old, now] = [hashes(before), hashes(after)];
  const found = [];
  for (const { path } of before) {
    if (!now.has(path)) found.push({ sign: "-", path });
  }
  for (const { path, hash } of after) {
    if (!old.has(path)) found.push({ sign: "+", path });
    else if (old.get(path) !== hash) found.push({ sign: "~", path });
  }
  return found.sort(byPath);
}

function hashes(files) {
  return new Map(files.map(({ path, hash }) => [path, hash]));
}

/** The objects of some files that none of the others needs: hash → size. */
export function onlyIn(files, others) {
  const needed = new Set(others.map(({ hash }) => hash));
  return new Map(files.filter(({ hash }) => !needed.has(hash)).map(({ hash, size }) => [hash, size]));
}
