import http from "node:http";

import { readBody } from "./body.js";
import { Refusal } from "./errors.js";
import { readWish, requireValid } from "./rules.js";

const ROUTES = [
  { path: /^\/rooms$/, GET: (book) => ({ status: 200, body: { rooms: book.rooms() } }) },
  { path: /^\/rooms\/([^/]+)\/bookings$/, GET: day },
  { path: /^\/bookings$/, POST: add },
  { path: /^\/bookings\/([^/]+)$/, GET: (book, { id }) => ({ status: 200, body: book.get(id) }), DELETE: remove },
];

function day(book, { id, query }) {
  const date = query.get("date");
  requireValid("date", { date });
  return { status: 200, body: book.day(id, date) };
}

async function add(book, { request }) {
  const booking = await book.add(readWish(await readBody(request)));
  return { status: 201, body: booking, headers: { Location: `/bookings/${booking.id}` } };
}

async function remove(book, { id }) {
  await book.remove(id);
  return { status: 204 };
}

async function answer(book, request) {
  const { pathname, searchParams: query } = new URL(request.url, "http://localhost");
  for (const { path, ...methods } of ROUTES) {
    const match = path.exec(pathname);
    if (!match) continue;
    const handle = methods[request.method];
    if (!handle) {
      throw new Refusal(405, "method not allowed", { Allow: Object.keys(methods).join(", ") });
    }
    return handle(book, { id: match[1], query, request });
  }
  throw new Refusal(404, "not found");
}

function refuse(error) {
  if (error instanceof Refusal) {
    return { status: error.status, body: { error: error.message }, headers: error.headers };
  }
  console.error("roomd:", error);
  return { status: 500, body: { error: "internal error" } };
}

function send(response, { status, body, headers = {} }) {
  if (body === undefined) {
    response.writeHead(status, headers).end();
    return;
  }
  response.writeHead(status, { "Content-Type": "application/json; charset=utf-8", ...headers });
  response.end(JSON.stringify(body));
}

/** The service over a book, not yet listening. */
export function createServer(book) {
  return http.createServer(async (request, response) => {
    send(response, await answer(book, request).catch(refuse));
  });
}
