import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { changes, onlyIn } from "./diff.js";
import { KeepError } from "./errors.js";
import { filesOf, makeEmpty, writeBelow } from "./files.js";
import { locked } from "./lock.js";
import { all } from "./pool.js";

const sizeOf = (files) => files.reduce((sum, { size }) => sum + size, 0);

export async function save(store, [folder], { note = "" }, say) {
  await store.make();
  await locked(store.root, async () => {
    const stored = await all(await filesOf(folder), async ({ path }) => {
      const { entry, isNew } = await store.put(await readFile(join(folder, path)));
      return { file: { path, ...entry }, isNew };
    });
    const files = stored.map(({ file }) => file);
    const id = await store.add(files, note);
    const added = stored.filter(({ isNew }) => isNew).length;
    say(`snapshot ${id}: ${files.length} files, ${sizeOf(files)} bytes, ${added} new objects`);
  });
}

export async function list(store, _, __, say) {
  await store.requireThere();
  for (const { id, files, note } of await store.snapshots()) {
    say([id, files.length, sizeOf(files), note].join("\t"));
  }
}

export async function diff(store, [first, second], _, say) {
  await store.requireThere();
  const [before, after] = [await store.snapshot(first), await store.snapshot(second)];
  for (const { sign, path } of changes(before.files, after.files)) say(`${sign} ${path}`);
}

export async function verify(store, _, __, say) {
  await store.requireThere();
  const snapshots = await store.snapshots();
  const files = snapshots.flatMap(({ id, files }) =>
    files.map(({ path, hash }) => ({ path: `snapshot ${id}: ${path}`, hash })),
  );
  await all(files, ({ hash }) => store.get(hash));
  say(`${snapshots.length} snapshots, ${files.length} files: all well`);
}

export async function restore(store, [id, folder], { only = "" }, say) {
  await store.requireThere();
  await locked(store.root, async () => {
    const snapshot = await store.snapshot(id);
    const files = snapshot.files.filter(({ path }) => path.startsWith(only));
    if (files.length === 0) throw new KeepError(`snapshot ${id}: no such file`);
    await makeEmpty(folder);
    await all(files, async ({ path, hash }) => writeBelow(folder, path, await store.get(hash)));
    say(`restored ${files.length} files`);
  });
}

export async function drop(store, [id], _, say) {
  await store.requireThere();
  await locked(store.root, async () => {
    const dropped = await store.snapshot(id);
    await store.remove(id);
    const kept = (await store.snapshots()).flatMap(({ files }) => files);
    const unneeded = onlyIn(dropped.files, kept);
    let freed = 0;
    for (const [hash, size] of unneeded) {
      await store.forget(hash);
      freed += size;
    }
    say(`dropped snapshot ${id}: ${unneeded.size} objects, ${freed} bytes freed`);
  });
}
