/** The result of a check as lines for people. */
export function asText({ checked, external, ignored, broken }) {
  const lines = broken.map(({ file, line, target, problem }) => `${file}:${line}: ${target}: ${problem}`);
  lines.push(`${checked} checked, ${external} external, ${ignored} ignored, ${broken.length} broken`);
  return `${lines.join("\n")}\n`;
}

/** The same for programs. */
export function asJson(result) {
  return `${JSON.stringify(result)}\n`;
}
