import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";

import { run } from "../src/cli.js";

async function sheaf(args, ...pieces) {
  let [out, err] = ["", ""];
  const code = await run(args, {
    stdin: Readable.from(pieces.map((piece) => Buffer.from(piece))),
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
  });
  return [code, out, err];
}

const MEMBERS = "name,city,fee\nAda,Oslo,12.50\nBo,Bergen,8\nCleo,Oslo,0.75\nDov,Bergen,\n";

test("select", async () => {
  const selected = "city,name\nOslo,Ada\nOslo,Cleo\n";
  assert.deepEqual(await sheaf(["select", "city,name", "--where", "city=Oslo"], MEMBERS), [0, selected, ""]);
});

test("sum", async () => {
  const sums = "city,count,fee\nOslo,2,13.25\nBergen,1,8.00\n";
  assert.deepEqual(await sheaf(["sum", "fee", "--by", "city"], MEMBERS), [0, sums, ""]);
});

test("sum as JSON", async () => {
  const line = '{"city":"Oslo","count":2,"fee":"13.25"}\n';
  assert.deepEqual(await sheaf(["sum", "fee", "--by", "city", "--top", "1", "--json"], MEMBERS), [0, line, ""]);
});

test("input may come in any pieces", async () => {
  const bytes = Buffer.from("name,city\nZoë,Malmö\n名前,🏠\n");
  for (let at = 0; at <= bytes.length; at += 1) {
    const [, out] = await sheaf(["select", "name,city"], bytes.subarray(0, at), bytes.subarray(at));
    assert.equal(out, bytes.toString(), `in two at ${at}`);
  }
});

test("errors", async () => {
  assert.deepEqual(await sheaf(["select", "town"], MEMBERS), [1, "", 'sheaf: there is no column "town"\n']);
  assert.deepEqual(await sheaf(["select", "a"], "a,b\n1\n"), [1, "a\n", "sheaf: line 2: 1 fields, not 2\n"]);
  assert.equal((await sheaf(["sum", "fee"], MEMBERS))[0], 2);
});
