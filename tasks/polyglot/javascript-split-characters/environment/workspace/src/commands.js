import { formatAmount, parseAmount } from "./amount.js";
import { InputError } from "./errors.js";
import { printer } from "./format.js";
import { indexOf } from "./input.js";
import { filter } from "./where.js";

export async function select({ columns, rows }, { names, conditions, json }, write) {
  const indexes = names.map((name) => indexOf(columns, name));
  const wanted = filter(columns, conditions);
  const print = printer(names, json, write);
  for await (const { fields } of rows) {
    if (wanted(fields)) print(indexes.map((index) => fields[index]));
  }
}

export async function sum({ columns, rows }, { names: [name], by, top, conditions, json }, write) {
  const [amountAt, keyAt] = [indexOf(columns, name), indexOf(columns, by)];
  const wanted = filter(columns, conditions);
  const groups = new Map();
  for await (const { line, fields } of rows) {
    const text = fields[amountAt];
    if (text === "" || !wanted(fields)) continue;
    const amount = parseAmount(text);
    if (amount === null) throw new InputError(`"${text}" is not an amount`, line);
    const { count, total } = groups.get(fields[keyAt]) ?? { count: 0, total: 0n };
    groups.set(fields[keyAt], { count: count + 1, total: total + amount });
  }
  const print = printer([by, "count", name], json, write);
  for (const [key, { count, total }] of largest([...groups], top)) {
    print([key, count, formatAmount(total)]);
  }
}

function largest(groups, top) {
  if (top === null) return groups;
  const descending = groups.sort(([, a], [, b]) => (a.total === b.total ? 0 : a.total > b.total ? -1 : 1));
  return descending.slice(0, top);
}
