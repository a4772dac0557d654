import assert from "node:assert/strict";
import { once } from "node:events";
import { afterEach, beforeEach, test } from "node:test";

import { Book } from "../src/book.js";
import { readRooms } from "../src/options.js";
import { createServer } from "../src/server.js";

let server;
let entries;

beforeEach(async () => {
  entries = [];
  const journal = { append: async (entry) => entries.push(entry) };
  server = createServer(new Book(readRooms("cedar:12,birch:4"), journal));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(() => {
  server.close();
  server.closeAllConnections();
});

async function ask(method, path, body) {
  const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`, {
    method,
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  return [response.status, text && JSON.parse(text)];
}

const MORNING = { room: "birch", date: "2026-03-02", from: "09:00", to: "10:30", who: "Ada" };

test("rooms are listed in alphabetical order", async () => {
  const rooms = [{ name: "birch", seats: 4 }, { name: "cedar", seats: 12 }];
  assert.deepEqual(await ask("GET", "/rooms"), [200, { rooms }]);
});

test("a booking is made, shown and cancelled", async () => {
  const booking = { id: 1, ...MORNING, people: 1 };
  assert.deepEqual(await ask("POST", "/bookings", MORNING), [201, booking]);
  assert.deepEqual(await ask("GET", "/bookings/1"), [200, booking]);
  assert.deepEqual(await ask("DELETE", "/bookings/1"), [204, ""]);
  assert.deepEqual(await ask("GET", "/bookings/1"), [404, { error: "there is no booking 1" }]);
  assert.deepEqual(entries, [{ add: booking }, { remove: 1 }]);
});

test("a room is booked once at a time", async () => {
  await ask("POST", "/bookings", MORNING);
  assert.deepEqual(await ask("POST", "/bookings", { ...MORNING, who: "Bo" }), [
    409,
    { error: "birch is taken from 09:00 to 10:30 by Ada" },
  ]);
});

test("another room can be had instead", async () => {
  await ask("POST", "/bookings", MORNING);
  await ask("POST", "/bookings", { ...MORNING, who: "Bo" });
  const [status, booking] = await ask("POST", "/bookings", { ...MORNING, room: "cedar", who: "Bo" });
  assert.deepEqual([status, booking.id], [201, 2]);
});
