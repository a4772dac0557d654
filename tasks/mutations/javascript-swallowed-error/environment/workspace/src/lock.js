import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { KeepError } from "./errors.js";

async function take(path, root) {
  try {
    await writeFile(path, "", { flag: "wx" });
  } catch (error) {
    if (error.code === "EEXIST") throw new KeepError(`${root}: in use`);
    throw error;
  }
}

/** Does a job while nobody else may change the store. The result is the job's. */
export async function locked(root, job) {
  const path = join(root, "lock");
  let result;
  await take(path, root);
  try {
    result = await job();
  } finally {
    await rm(path, { force: true });
    return result;
  }
}
