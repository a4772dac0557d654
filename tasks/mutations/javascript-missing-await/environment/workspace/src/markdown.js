// What linkward knows of Markdown. Text in, links and sections out.

const LINK = /\[[^\]]*\]\(([^\s()]+)(?: +"[^"]*")?\)/g;
const FENCE = "```";

/** The lines outside fenced code, as `{ line, text }`, counted from 1. */
function* prose(markdown) {
  let fenced = false;
  for (const [index, text] of markdown.split(/\r?\n/).entries()) {
    if (text.startsWith(FENCE)) fenced = !fenced;
    else if (!fenced) yield { line: index + 1, text };
  }
}

/** All links as `{ line, target }`, from top to bottom. */
export function linksOf(markdown) {
  const links = [];
  for (const { line, text } of prose(markdown)) {
    const bare = text.replace(/`[^`]*`/g, "");
    for (const match of bare.matchAll(LINK)) links.push({ line, target: match[1] });
  }
  return links;
}

/** The name of a heading's section, before it is told from others of that name. */
export function slug(heading) {
  const kept = heading.trim().toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "");
  return kept.replaceAll(" ", "-");
}

/** The names of all sections. */
export function sectionsOf(markdown) {
  const counts = new Map();
  const sections = new Set();
  for (const { text } of prose(markdown)) {
    const heading = /^#{1,6} (.*)$/.exec(text);
    if (!heading) continue;
    const name = slug(heading[1]);
    const before = counts.get(name) ?? 0;
    sections.add(before === 0 ? name : `${name}-${before}`);
    counts.set(name, before + 1);
  }
  return sections;
}
