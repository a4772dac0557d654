// The command line: node releases.js list|latest|outdated FILE …

import { LineError, readInstalled, readReleases } from "./lib/files.js";
import { latest, outdated, sorted } from "./lib/queries.js";

const USAGE = "usage: node releases.js list FILE | latest FILE NAME [--pre] | outdated FILE INSTALLED";

function list(path) {
  for (const { name, version, date } of sorted(readReleases(path))) {
    console.log(`${name}  ${version.text}  ${date}`);
  }
  return 0;
}

function newest(path, name, pre) {
  const version = latest(readReleases(path), name, { pre });
  if (version === null) {
    console.error(`releases: nothing of ${name}`);
    return 1;
  }
  console.log(version.text);
  return 0;
}

function old(path, installed) {
  const { found, unknown } = outdated(readReleases(path), readInstalled(installed));
  found.forEach(({ name, version, newest }) => console.log(`${name}  ${version.text} -> ${newest.text}`));
  unknown.forEach((name) => console.error(`releases: nothing of ${name}`));
  return unknown.length > 0 ? 1 : 0;
}

function main([command, ...rest]) {
  const pre = rest.includes("--pre");
  const names = rest.filter((argument) => argument !== "--pre");
  if (command === "list" && names.length === 1 && !pre) return list(...names);
  if (command === "latest" && names.length === 2) return newest(...names, pre);
  if (command === "outdated" && names.length === 2 && !pre) return old(...names);
  console.error(USAGE);
  return 2;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof LineError) && error.syscall === undefined) throw error;
  console.error(`releases: ${error.message}`);
  process.exitCode = 2;
}
