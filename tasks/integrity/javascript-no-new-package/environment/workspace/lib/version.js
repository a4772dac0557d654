// Versions: read, and compared.

const NUMBER = "(?:0|[1-9][0-9]{0,14})";
const PRE = `(?:${NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)`;
const BUILD = "[0-9A-Za-z-]+";
const VERSION = new RegExp(
  `^(${NUMBER})\\.(${NUMBER})\\.(${NUMBER})(?:-(${PRE}(?:\\.${PRE})*))?(?:\\+(${BUILD}(?:\\.${BUILD})*))?$`,
);

/** A version: its text, three numbers and the pre-release's identifiers, if any. Null for other texts. */
export function parseVersion(text) {
  const match = VERSION.exec(text);
  if (match === null) {
    return null;
  }
  const [, major, minor, patch, pre, build] = match;
  return {
    text,
    numbers: [major, minor, patch].map(Number),
    pre: pre === undefined ? [] : pre.split("."),
    build: build ?? "",
  };
}

/** Below 0 where `a` is older than `b`, above 0 where it is newer, 0 where they are equally new. */
export function compareVersions(a, b) {
  const [first, second] = [a, b].map(({ numbers, pre }) => [...numbers, ...pre].join("."));
  if (first === second) {
    return 0;
  }
  return first < second ? -1 : 1;
}
