import { parseArgs } from "node:util";

import { select, sum } from "./commands.js";
import { InputError, UsageError } from "./errors.js";
import { openTable, pieces } from "./input.js";
import { parseCondition } from "./where.js";

const COMMANDS = { select, sum };

const OPTIONS = {
  by: { type: "string" },
  json: { type: "boolean", default: false },
  top: { type: "string" },
  where: { type: "string", multiple: true, default: [] },
};

function readArguments(args) {
  let parsed;
  try {
    parsed = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error.message);
  }
  const { values, positionals } = parsed;
  const [command, names, path = "-", ...rest] = positionals;
  if (!Object.hasOwn(COMMANDS, command ?? "")) throw new UsageError("the commands are select and sum");
  if (!names || rest.length > 0) throw new UsageError(`${command} takes columns and at most one file`);
  if (command === "sum" && values.by === undefined) throw new UsageError("sum needs --by COLUMN");
  if (command === "select" && (values.by ?? values.top) !== undefined) {
    throw new UsageError("--by and --top belong to sum");
  }
  return {
    command: COMMANDS[command],
    names: command === "select" ? names.split(",") : [names],
    path,
    by: values.by,
    top: readTop(values.top),
    conditions: values.where.map(parseCondition),
    json: values.json,
  };
}

function readTop(text) {
  if (text === undefined) return null;
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new UsageError(`--top ${text}: a whole number from 1 is needed`);
  return Number(text);
}

/** Runs one command; the result is the exit code. */
export async function run(args, { stdin, stdout, stderr }) {
  try {
    const { command, path, ...options } = readArguments(args);
    const table = await openTable(pieces(path, stdin));
    await command(table, options, (text) => stdout.write(text));
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof InputError)) throw error;
    stderr.write(`sheaf: ${error.message}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}
