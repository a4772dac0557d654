import assert from "node:assert/strict";
import { test } from "node:test";

import { readInstalled, readReleases } from "../lib/files.js";
import { latest, outdated, sorted } from "../lib/queries.js";

const data = (name) => new URL(`../data/${name}`, import.meta.url).pathname;
const releases = readReleases(data("releases.txt"));

test("the newest release comes first", () => {
  const parsers = sorted(releases).filter(({ name }) => name === "parser");
  assert.deepEqual(
    parsers.map(({ version }) => version.text),
    ["1.10.0", "1.10.0-beta.11", "1.10.0-beta.2", "1.9.1+linux.7", "1.9.0", "1.8.0"],
  );
});

test("pre-releases count when they are asked for", () => {
  assert.equal(latest(releases, "render").text, "0.9.10");
  assert.equal(latest(releases, "render", { pre: true }).text, "1.0.0-rc.1");
  assert.equal(latest(releases, "printer"), null);
});

test("what is outdated is told", () => {
  const { found, unknown } = outdated(releases, readInstalled(data("installed.txt")));
  assert.deepEqual(
    found.map(({ name, newest }) => [name, newest.text]),
    [["parser", "1.10.0"]],
  );
  assert.deepEqual(unknown, []);
});
