import assert from "node:assert/strict";
import { test } from "node:test";

import { compareVersions, parseVersion } from "../lib/version.js";

function sign(a, b) {
  return Math.sign(compareVersions(parseVersion(a), parseVersion(b)));
}

test("versions have three numbers, and may have a pre-release and a build", () => {
  assert.deepEqual(parseVersion("1.20.3-rc.1+linux.07").numbers, [1, 20, 3]);
  assert.deepEqual(parseVersion("1.20.3-rc.1+linux.07").pre, ["rc", "1"]);
  for (const text of ["1.2", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.3-a..b", "1.2.3-01", "v1.2.3", ""]) {
    assert.equal(parseVersion(text), null, text);
  }
});

test("a tenth release is newer than a ninth", () => {
  assert.equal(sign("1.10.0", "1.9.0"), 1);
  assert.equal(sign("0.9.10", "0.9.9"), 1);
});

test("a release is newer than its pre-releases", () => {
  assert.equal(sign("1.10.0", "1.10.0-rc.1"), 1);
});

test("the build does not count", () => {
  assert.equal(sign("1.9.1+linux.7", "1.9.1"), 0);
});
