import { linksOf } from "./markdown.js";
import { kindOf, resolvePath, splitTarget } from "./target.js";

/** What is wrong with a target that stands in a file, or `null`. */
async function problemOf(folder, file, target) {
  const parts = splitTarget(target);
  if (parts === null) return "is not well encoded";
  const path = resolvePath(file, parts.path);
  if (path === null) return "leaves the folder";
  const found = await folder.fileAt(path);
  if (!(await folder.isFile(found))) return `there is no ${found}`;
  if (parts.section !== "" && !folder.hasSection(found, parts.section)) {
    return `there is no section "${parts.section}" in ${found}`;
  }
  return null;
}

/** All links of a folder: how many of each kind, and the broken ones in order. */
export async function checkFolder(folder, ignored) {
  const result = { checked: 0, external: 0, ignored: 0, broken: [] };
  for (const file of await folder.files()) {
    for (const { line, target } of linksOf(await folder.text(file))) {
      const kind = kindOf(target, ignored);
      result[kind] += 1;
      if (kind !== "checked") continue;
      const problem = await problemOf(folder, file, target);
      if (problem !== null) result.broken.push({ file, line, target, problem });
    }
  }
  return result;
}
