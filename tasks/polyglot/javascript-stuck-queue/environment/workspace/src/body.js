import { Refusal } from "./errors.js";

const LIMIT = 2048;

/** The JSON object in a request's body. */
export async function readBody(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= LIMIT) chunks.push(chunk);
  }
  if (size > LIMIT) throw new Refusal(413, "the body is too long");
  return parseObject(Buffer.concat(chunks).toString("utf8"));
}

function parseObject(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new Refusal(400, "the body is not a JSON object");
  }
  return value;
}
