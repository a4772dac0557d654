import { posix } from "node:path";

const EXTERNAL = /^([a-z][a-z0-9+.-]*:|\/\/)/i;

/** What is done with a target: "ignored", "external" or "checked". */
export function kindOf(target, ignored) {
  if (ignored.some((prefix) => target.startsWith(prefix))) return "ignored";
  return EXTERNAL.test(target) ? "external" : "checked";
}

/** A target's `{ path, section }`, decoded, each "" where it has none; `null` where it can't be decoded. */
export function splitTarget(target) {
  const at = target.indexOf("#");
  const path = at < 0 ? target : target.slice(0, at);
  const section = at < 0 ? "" : target.slice(at + 1);
  try {
    return { path: decodeURIComponent(path), section: decodeURIComponent(section) };
  } catch {
    return null;
  }
}

/** Where a path in a file leads, from the top of the folder; `null` where it leaves that. */
export function resolvePath(file, path) {
  if (path === "") return file;
  const joined = path.startsWith("/") ? posix.join(path.slice(1)) : posix.join(posix.dirname(file), path);
  const whole = joined.replace(/\/$/, "");
  return whole === ".." || whole.startsWith("../") ? null : whole;
}
