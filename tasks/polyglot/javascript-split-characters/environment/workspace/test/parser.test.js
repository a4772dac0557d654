import assert from "node:assert/strict";
import { test } from "node:test";

import { Parser } from "../src/parser.js";

function parse(...pieces) {
  const parser = new Parser();
  const records = pieces.flatMap((piece) => [...parser.push(piece)]);
  return [...records, ...parser.end()].map(({ line, fields }) => [line, ...fields]);
}

test("fields and records", () => {
  assert.deepEqual(parse("a,b\r\n\n1,\n,2"), [[1, "a", "b"], [3, "1", ""], [4, "", "2"]]);
});

test("quotes keep what is in them", () => {
  assert.deepEqual(parse('"a,""b""\r\nc",d\ne,""\n'), [[1, 'a,"b"\r\nc', "d"], [3, "e", ""]]);
});

test("text may come in any pieces", () => {
  const text = 'name,note\r\n"Bo","said ""hi"""\r\n';
  for (let at = 0; at <= text.length; at += 1) {
    assert.deepEqual(parse(text.slice(0, at), text.slice(at)), parse(text), `in two at ${at}`);
  }
});

test("wrong quotes", () => {
  for (const text of ['a"b', '"a"b', '"a', 'x\n"a\n']) assert.throws(() => parse(text), /line [12]: /, text);
});
