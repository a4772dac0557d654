import { parseArgs } from "node:util";

import * as commands from "./commands.js";
import { KeepError, UsageError } from "./errors.js";
import { Store } from "./store.js";

/** What follows the store, and the options, of each command. */
const USAGE = {
  save: { words: ["FOLDER"], options: { note: { type: "string" } } },
  list: { words: [] },
  diff: { words: ["ID", "ID"] },
  verify: { words: [] },
  restore: { words: ["ID", "FOLDER"], options: { only: { type: "string" } } },
  drop: { words: ["ID"] },
};

function readArguments([name, ...args]) {
  if (!Object.hasOwn(USAGE, name ?? "")) throw new UsageError(`the commands are ${Object.keys(USAGE).join(", ")}`);
  const { words, options = {} } = USAGE[name];
  let parsed;
  try {
    parsed = parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error.message);
  }
  const [root, ...rest] = parsed.positionals;
  if (root === undefined || rest.length !== words.length) {
    throw new UsageError(`${[name, "STORE", ...words].join(" ")} is what is needed`);
  }
  for (const [index, word] of words.entries()) {
    if (word === "ID" && !/^[1-9][0-9]{0,8}$/.test(rest[index])) {
      throw new UsageError(`${rest[index]} is not the number of a snapshot`);
    }
  }
  return { command: commands[name], store: new Store(root), rest, options: parsed.values };
}

/** Runs one command; the result is the exit code. */
export async function run(args, { stdout, stderr }) {
  try {
    const { command, store, rest, options } = readArguments(args);
    await command(store, rest, options, (line) => stdout.write(`${line}\n`));
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      stderr.write(`keep: ${error.message}\n`);
      return 2;
    }
    if (!(error instanceof KeepError)) throw error;
    for (const line of error.lines) stderr.write(`keep: ${line}\n`);
    return 1;
  }
}
