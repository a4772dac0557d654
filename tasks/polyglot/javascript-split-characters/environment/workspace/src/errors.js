/** Wrong usage; exit code 2. */
export class UsageError extends Error {}

/** Something is wrong with the input; exit code 1. */
export class InputError extends Error {
  constructor(message, line = null) {
    super(line === null ? message : `line ${line}: ${message}`);
  }
}
