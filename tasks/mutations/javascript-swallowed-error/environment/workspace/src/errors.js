/** Wrong usage; exit code 2. */
export class UsageError extends Error {}

/** What could not be done, a line for each thing; exit code 1. */
export class KeepError extends Error {
  constructor(...lines) {
    super(lines.join("\n"));
    this.lines = lines;
  }
}
