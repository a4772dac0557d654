// What is asked of the releases.

import { compareVersions } from "./version.js";

/** All releases by name, the newest first. */
export function sorted(releases) {
  return [...releases].sort((a, b) => compareNames(a, b) || compareVersions(b.version, a.version));
}

function compareNames(a, b) {
  return a.name === b.name ? 0 : a.name < b.name ? -1 : 1;
}

/** The newest version of a package, or null. */
export function latest(releases, name, { pre = false } = {}) {
  const [newest] = sorted(releases.filter((one) => one.name === name && (pre || one.version.pre.length === 0)));
  return newest?.version ?? null;
}

/** Installed versions than which there is a newer one: [{ name, version, newest }], and unknown names. */
export function outdated(releases, installed) {
  const known = new Set(releases.map(({ name }) => name));
  const found = installed
    .map((one) => ({ ...one, newest: latest(releases, one.name) }))
    .filter(({ version, newest }) => newest !== null && compareVersions(version, newest) < 0);
  return { found, unknown: installed.map(({ name }) => name).filter((name) => !known.has(name)) };
}
