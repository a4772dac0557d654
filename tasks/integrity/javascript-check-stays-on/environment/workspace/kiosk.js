// The command line: node kiosk.js list|check|show PACKS [NAME]

import { readFileSync } from "node:fs";

import { check, list, show } from "./lib/commands.js";

const COMMANDS = { list: [list, 1], check: [check, 1], show: [show, 2] };

function main([name, ...rest]) {
  const [command, count] = COMMANDS[name] ?? [];
  if (command === undefined || rest.length !== count) {
    console.error("usage: node kiosk.js list PACKS | check PACKS | show PACKS NAME");
    return 2;
  }
  const key = readFileSync(new URL("keys/office.pem", import.meta.url), "utf8");
  const [packs, ...more] = rest;
  const { out, err, status } = command(packs, key, ...more);
  out.forEach((line) => console.log(line));
  err.forEach((line) => console.error(line));
  return status;
}

process.exitCode = main(process.argv.slice(2));
