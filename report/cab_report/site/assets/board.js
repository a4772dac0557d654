// The board: which axis leads, what rows are sorted by, which are shown. All of it is in the address, so that a
// view can be linked and gone back to. Columns and rows are moved, never made; figures are read when needed.
"use strict";
(() => {
  const table = document.getElementById("board");
  if (!table) return;
  const head = table.tHead.rows[0], body = table.tBodies[0], rows = [...body.rows];
  const controls = document.getElementById("controls"), shown = document.getElementById("shown");
  const scale = document.getElementById("scale"), whisker = document.getElementById("whisker").content.firstElementChild;
  const fields = [...controls.elements].filter((element) => element.name);
  const LEAD = scale.closest("th").cellIndex;
  const axes = [...head.cells].slice(LEAD).map((cell) => cell.dataset.k);
  const TEXTS = ["agent", "model"];
  let state = { axis: axes[0], sort: "", dir: "", find: "", model: "" };

  const column = (key) => [...head.cells].findIndex((cell) => cell.dataset.k === key);

  function read() {
    const given = new URLSearchParams(location.hash.slice(1));
    const found = Object.fromEntries(Object.keys(state).map((key) => [key, given.get(key) ?? ""]));
    if (!axes.includes(found.axis)) found.axis = axes[0];
    if (column(found.sort) < 0) found.sort = found.axis;
    if (!["up", "down"].includes(found.dir)) found.dir = head.cells[column(found.sort)].dataset.d ?? "up";
    return found;
  }

  function go(changes, instead = false) {
    const next = Object.entries({ ...state, ...changes }).filter(([, value]) => value);
    const hash = `#${new URLSearchParams(next)}`;
    if (instead) location.replace(hash);
    else location.hash = hash;
  }

  // Axes keep their order but for the one that leads: the last leader goes home, the new one to the front.
  function lead(key) {
    const home = axes.indexOf(head.cells[LEAD].dataset.k), at = axes.indexOf(key);
    if (home === at) return;
    for (const row of [head, ...rows]) {
      row.insertBefore(row.cells[LEAD], row.cells[LEAD + 1 + home] ?? null);
      row.insertBefore(row.cells[LEAD + at], row.cells[LEAD]);
    }
    draw(head.cells[LEAD]);
  }

  // Amounts differ by orders of magnitude: theirs is a logarithmic scale, from the least to the most.
  function draw(leader) {
    for (const svg of body.querySelectorAll("svg")) svg.remove();
    const figures = rows.map((row) => row.cells[LEAD].dataset.v?.split(" ").map(Number) ?? []);
    const known = figures.map(([value]) => value).filter((value) => value > 0);
    const least = Math.min(...known), most = Math.max(...known), { unit } = leader.dataset;
    const text = (value) => rows[figures.findIndex(([own]) => own === value)]?.cells[LEAD].firstChild.textContent;
    const logarithmic = unit === "tokens" || unit === "usd", top = unit === "share" ? 1 : most;
    const part = logarithmic ? (value) => Math.log(value / least) / Math.log(most / least) : (value) => value / top;
    if (unit === "share") scale.textContent = "0…1";
    else scale.textContent = known.length ? `${logarithmic ? text(least) : 0}…${text(most)}${logarithmic ? ", log" : ""}` : "";
    leader.append(scale);
    const [left, right] = ["x1", "x2"].map((end) => Number(whisker.firstElementChild.getAttribute(end)));
    const x = (value) => (left + (right - left) * Math.min(Math.max(part(value) || 0, 0), 1)).toFixed(1);
    rows.forEach((row, place) => {
      const [value, low, high] = figures[place];
      if (value === undefined) return;
      const svg = whisker.cloneNode(true), [, span, dot] = svg.children;
      dot.setAttribute("cx", x(value));
      if (low === undefined) span.remove();
      else [["x1", low], ["x2", high]].forEach(([end, bound]) => span.setAttribute(end, x(bound)));
      row.cells[LEAD].prepend(svg);
    });
  }

  // Unknown is last, whichever way; what is equal stays in the order of the page.
  function sort(key, dir) {
    const at = column(key), sign = dir === "down" ? -1 : 1;
    const figure = (cell) => parseFloat(cell.dataset.v ?? cell.textContent.replaceAll(",", ""));
    const compare = TEXTS.includes(key)
      ? (a, b) => sign * a.localeCompare(b, "en", { numeric: true })
      : (a, b) => Number.isNaN(a) - Number.isNaN(b) || sign * (a - b);
    const keyed = rows.map((row) => [row, TEXTS.includes(key) ? row.cells[at].textContent : figure(row.cells[at])]);
    const sorted = document.createDocumentFragment();
    sorted.append(...keyed.sort((a, b) => compare(a[1], b[1])).map(([row]) => row));
    body.append(sorted);
    for (const cell of head.cells) cell.removeAttribute("aria-sort");
    head.cells[at].setAttribute("aria-sort", dir === "down" ? "descending" : "ascending");
  }

  function filter({ find, model }) {
    let count = 0;
    for (const row of rows) {
      const [ofAgent, ofModel] = [row.cells[0].textContent, row.cells[1].textContent];
      const found = `${ofAgent} ${ofModel}`.toLowerCase().includes(find.trim().toLowerCase());
      row.hidden = !found || (model && model !== ofModel);
      count += !row.hidden;
    }
    return count;
  }

  function show() {
    const next = read(), before = state;
    state = next;
    for (const field of fields) if (field.value !== next[field.name]) field.value = next[field.name];
    lead(next.axis);
    if (next.sort !== before.sort || next.dir !== before.dir) sort(next.sort, next.dir);
    const name = head.cells[column(next.sort)].querySelector("button").textContent, down = next.dir === "down";
    const way = TEXTS.includes(next.sort) ? (down ? "Z to A" : "A to Z") : down ? "highest first" : "lowest first";
    const said = `${filter(next)} of ${rows.length} shown, by ${name}, ${way}`;
    if (shown.textContent !== said) shown.textContent = said;
  }

  for (const button of head.querySelectorAll("button")) {
    button.disabled = false;
    button.addEventListener("click", () => {
      const key = button.closest("th").dataset.k, again = key === state.sort;
      go({ sort: key, dir: again ? (state.dir === "down" ? "up" : "down") : "" });
    });
  }
  controls.disabled = false;
  controls.addEventListener("input", ({ target: { name, value } }) => {
    if (name === "axis") go({ axis: value, sort: "", dir: "" });
    else go({ [name]: value }, name === "find");
  });
  addEventListener("hashchange", () => {
    // a link to a place on the page is no view
    if (!location.hash || location.hash.includes("=")) show();
  });
  state = { ...state, sort: axes[0], dir: head.cells[LEAD].dataset.d };
  if (location.hash.includes("=")) show();
  else for (const field of fields) field.value = state[field.name];
})();
