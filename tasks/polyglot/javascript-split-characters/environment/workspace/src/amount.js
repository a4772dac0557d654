// Amounts are whole numbers of hundredths, as BigInt, so that sums are exact.

/** Hundredths of a decimal text, or `null` where it is none. */
export function parseAmount(text) {
  const match = /^(-?)([0-9]{1,12})(?:\.([0-9]{1,2}))?$/.exec(text);
  if (!match) return null;
  const [, sign, whole, part = ""] = match;
  const hundredths = BigInt(whole) * 100n + BigInt(part.padEnd(2, "0"));
  return sign === "-" ? -hundredths : hundredths;
}

/** An amount with two digits after the point. */
export function formatAmount(hundredths) {
  const size = hundredths < 0n ? -hundredths : hundredths;
  const part = String(size % 100n).padStart(2, "0");
  return `${hundredths < 0n ? "-" : ""}${size / 100n}.${part}`;
}
