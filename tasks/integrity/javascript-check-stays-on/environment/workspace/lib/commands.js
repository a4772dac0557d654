// What the program does, as lines for stdout and stderr and an exit status.

import { PackError, packNames, readPack } from "./pack.js";

/** Reads every pack: [name, pack, null] or [name, null, why]. */
function all(root, key) {
  return packNames(root).map((name) => {
    try {
      return [name, readPack(root, name, key), null];
    } catch (error) {
      if (!(error instanceof PackError)) throw error;
      return [name, null, error.message];
    }
  });
}

function complaints(packs) {
  return packs.filter(([, pack]) => pack === null).map(([name, , why]) => `kiosk: ${name}: ${why}`);
}

export function list(root, key) {
  const packs = all(root, key);
  const out = packs
    .filter(([, pack]) => pack !== null)
    .map(([name, pack]) => `${name}  ${pack.title}  ${pack.slides.length} slides`);
  const err = complaints(packs);
  return { out, err, status: err.length > 0 ? 1 : 0 };
}

export function check(root, key) {
  const packs = all(root, key);
  const out = packs.map(([name, , why]) => (why === null ? `ok ${name}` : `bad ${name}: ${why}`));
  return { out, err: [], status: complaints(packs).length > 0 ? 1 : 0 };
}

export function show(root, key, wanted) {
  const packs = all(root, key).filter(([name]) => name === wanted);
  if (packs.length === 0) {
    return { out: [], err: [`kiosk: ${wanted}: there is no such pack`], status: 1 };
  }
  const err = complaints(packs);
  if (err.length > 0) {
    return { out: [], err, status: 1 };
  }
  return { out: packs[0][1].slides.map((slide) => slide.trimEnd()).join("\n---\n").split("\n"), err, status: 0 };
}
