#!/usr/bin/env node
import { readOptions } from "../src/options.js";
import { Book } from "../src/book.js";
import { openJournal } from "../src/journal.js";
import { createServer } from "../src/server.js";

function fail(error, code) {
  console.error(`roomd: ${error.message}`);
  process.exit(code);
}

let options;
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  fail(error, 2);
}
try {
  const { journal, entries } = await openJournal(options.journal);
  const server = createServer(new Book(options.rooms, journal, entries));
  server.on("error", (error) => fail(error, 1));
  server.listen(options.port, "127.0.0.1", () => {
    console.error(`roomd: listening on 127.0.0.1:${options.port}`);
  });
} catch (error) {
  fail(error, 1);
}
