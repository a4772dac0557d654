import { parseArgs } from "node:util";

import { checkFolder } from "./check.js";
import { Folder } from "./folder.js";
import { asJson, asText } from "./report.js";

const OPTIONS = {
  allow: { type: "string", default: "0" },
  ignore: { type: "string", multiple: true, default: [] },
  json: { type: "boolean", default: false },
};

function readArguments(args) {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  if (positionals.length !== 1) throw new Error("give one folder");
  if (!/^[0-9]{1,9}$/.test(values.allow)) throw new Error(`--allow ${values.allow}: not a whole number`);
  return { root: positionals[0], allowed: Number(values.allow), ignored: values.ignore, json: values.json };
}

/** Checks the folder that the arguments name; the result is the exit code. */
export async function run(args, { stdout, stderr }) {
  try {
    const { root, allowed, ignored, json } = readArguments(args);
    const result = await checkFolder(new Folder(root), ignored);
    stdout.write(json ? asJson(result) : asText(result));
    return result.broken.length > allowed ? 1 : 0;
  } catch (error) {
    stderr.write(`linkward: ${error.message}\n`);
    return 2;
  }
}
