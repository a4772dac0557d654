// The files: releases, and what is installed.

import { readFileSync } from "node:fs";

import { parseVersion } from "./version.js";

/** A line that can't be read. */
export class LineError extends Error {}

/** The releases of a file: { name, version, date }. Throws LineError. */
export function readReleases(path) {
  return rows(path, ["NAME", "VERSION", "DATE"]).map(([name, version, date]) => ({ name, version, date }));
}

/** What is installed: { name, version }. Throws LineError. */
export function readInstalled(path) {
  return rows(path, ["NAME", "VERSION"]).map(([name, version]) => ({ name, version }));
}

function rows(path, columns) {
  const found = [];
  for (const [index, line] of readFileSync(path, "utf8").split("\n").entries()) {
    if (line.trim() === "" || line.startsWith("#")) {
      continue;
    }
    const fields = line.trim().split(/\s+/);
    const where = `${path}: line ${index + 1}`;
    if (fields.length !== columns.length) {
      throw new LineError(`${where}: a line is ${columns.join(" ")}`);
    }
    const version = parseVersion(fields[1]);
    if (version === null) {
      throw new LineError(`${where}: "${fields[1]}" is not a version`);
    }
    found.push([fields[0], version, ...fields.slice(2)]);
  }
  return found;
}
