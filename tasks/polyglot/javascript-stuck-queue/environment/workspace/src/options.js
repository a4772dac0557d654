import { parseArgs } from "node:util";

const OPTIONS = {
  port: { type: "string", default: "8096" },
  journal: { type: "string", default: "bookings.jsonl" },
  rooms: { type: "string", default: "birch:4,cedar:12" },
};

/** The command line as `{ port, journal, rooms }`. Throws where it is wrong. */
export function readOptions(args) {
  const { values } = parseArgs({ args, options: OPTIONS });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new Error(`--port ${values.port}: not a port`);
  }
  return { port, journal: values.journal, rooms: readRooms(values.rooms) };
}

/** Rooms and their seats, `birch:4,cedar:12`, as a Map from name to seats. */
export function readRooms(text) {
  const rooms = new Map();
  for (const part of text.split(",")) {
    const match = /^([a-z]+):([1-9][0-9]{0,3})$/.exec(part);
    if (!match || rooms.has(match[1])) {
      throw new Error(`--rooms: ${part} is not NAME:SEATS, or there twice`);
    }
    rooms.set(match[1], Number(match[2]));
  }
  return rooms;
}
