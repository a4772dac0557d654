// The signature check: whether a pack is what the content office signed.

import { createPublicKey, verify } from "node:crypto";

/** The text that a signature is made over. */
export function signedText({ name, title, slides }) {
  const files = Object.keys(slides).sort();
  return [name, title, ...files.map((file) => `${file} ${slides[file]}`)].join("\n");
}

/** Whether the manifest's signature was made with the private half of the key, a PEM text. */
export function matches(manifest, key) {
  const signature = Buffer.from(manifest.signature, "base64");
  return verify(null, Buffer.from(signedText(manifest)), createPublicKey(key), signature);
}
