import { parseAmount } from "./amount.js";
import { UsageError } from "./errors.js";
import { indexOf } from "./input.js";

const BY_TEXT = {
  "=": (a, b) => a === b,
  "!=": (a, b) => a !== b,
};

const BY_AMOUNT = {
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

/** A condition of the command line as `{ column, holds(field) }`. */
export function parseCondition(text) {
  const match = /^([^<>=!]+)(<=|>=|!=|=|<|>)(.*)$/s.exec(text);
  if (!match) throw new UsageError(`--where ${text}: not a condition`);
  const [, column, operator, value] = match;
  if (operator in BY_TEXT) {
    return { column, holds: (field) => BY_TEXT[operator](field, value) };
  }
  const limit = parseAmount(value);
  if (limit === null) throw new UsageError(`--where ${text}: ${operator} takes an amount`);
  const holds = (field) => {
    const amount = parseAmount(field);
    return amount !== null && BY_AMOUNT[operator](amount, limit);
  };
  return { column, holds };
}

/** Whether the fields of a record meet all conditions. */
export function filter(columns, conditions) {
  const tests = conditions.map(({ column, holds }) => ({ index: indexOf(columns, column), holds }));
  return (fields) => tests.every(({ index, holds }) => holds(fields[index]));
}
