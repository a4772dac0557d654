import { createReadStream } from "node:fs";

import { InputError } from "./errors.js";
import { Parser } from "./parser.js";

const BYTE_ORDER_MARK = "\ufeff";

/** The bytes of a file, or of standard input for `-`, in pieces. */
export async function* pieces(path, stdin) {
  if (path === "-") {
    yield* stdin;
    return;
  }
  try {
    yield* createReadStream(path);
  } catch {
    throw new InputError(`${path}: can't be read`);
  }
}

async function* textOf(source) {
  let first = true;
  for await (const piece of source) {
    const text = piece.toString("utf8");
    if (text === "") continue;
    yield first && text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
    first = false;
  }
}

/** All records of CSV that comes as pieces of bytes. */
export async function* recordsOf(source) {
  const parser = new Parser();
  for await (const text of textOf(source)) yield* parser.push(text);
  yield* parser.end();
}

/** A table: the names of its columns, and the records below them as they come. */
export async function openTable(source) {
  const records = recordsOf(source);
  const { value: head, done } = await records.next();
  if (done) throw new InputError("the input is empty");
  const columns = head.fields;
  for (const [index, name] of columns.entries()) {
    if (columns.indexOf(name) !== index) {
      throw new InputError(`two columns are called "${name}"`, head.line);
    }
  }
  return { columns, rows: rowsOf(records, columns.length) };
}

async function* rowsOf(records, width) {
  for await (const { line, fields } of records) {
    if (fields.length !== width) throw new InputError(`${fields.length} fields, not ${width}`, line);
    yield { line, fields };
  }
}

/** Where a column is. */
export function indexOf(columns, name) {
  const index = columns.indexOf(name);
  if (index < 0) throw new InputError(`there is no column "${name}"`);
  return index;
}
