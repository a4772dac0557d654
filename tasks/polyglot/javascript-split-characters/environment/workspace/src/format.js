function quoted(value) {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const csvLine = (values) => `${values.map(quoted).join(",")}\n`;

/** A function that prints one record; the names of the columns are printed at once where they belong. */
export function printer(columns, json, write) {
  if (json) {
    const entry = (values) => Object.fromEntries(columns.map((name, index) => [name, values[index]]));
    return (values) => write(`${JSON.stringify(entry(values))}\n`);
  }
  write(csvLine(columns));
  return (values) => write(csvLine(values));
}
