// Moves a cursor over the drawing of a trace. All that it knows and says is in the drawing.
(() => {
  "use strict";
  const region = document.getElementById("replay");
  if (!region) return;
  const svg = region.querySelector("svg");
  const scroller = svg.parentElement;
  const cursor = svg.querySelector(".cursor");
  const now = region.querySelector(".now-list");
  const status = region.querySelector("[role=status]");
  const clock = region.querySelector(".clock");
  const speed = region.querySelector("select");
  const playButton = region.querySelector("[data-do=play]");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const [left, right, total] = ["left", "right", "total"].map((name) => Number(svg.dataset[name]));
  const width = svg.viewBox.baseVal.width;
  const spans = [...svg.querySelectorAll("rect.span")].map((rect) => {
    const start = Number(rect.dataset.from);
    const end = rect.dataset.ms === undefined ? Infinity : start + Number(rect.dataset.ms);
    return { rect, start, end, lines: rect.firstElementChild.textContent.split("\n") };
  });
  let time = 0;
  let at = 0; // the span that was reached last
  let playing = false;
  let drawn = null;

  const text = (ms) => (total < 10000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);
  const goesOn = (span) => span.start <= time && (time < span.end || time === span.start);
  const say = (words) => { status.textContent = words; };

  function draw() {
    clock.textContent = `${text(time)} of ${text(total)}`;
    const current = spans.filter(goesOn);
    const key = [at, ...current.map((span) => span.start + span.lines[0])].join("|");
    if (playing && calm.matches && key === drawn) return;
    const x = left + ((right - left) * time) / (total || 1);
    cursor.setAttribute("x1", x);
    cursor.setAttribute("x2", x);
    const seen = (x / width) * svg.clientWidth - scroller.scrollLeft;
    if (seen < 0 || seen > scroller.clientWidth) scroller.scrollLeft += seen - scroller.clientWidth / 2;
    if (key === drawn) return;
    drawn = key;
    spans.forEach((span, i) => {
      span.rect.classList.toggle("now", goesOn(span));
      span.rect.classList.toggle("at", i === at);
    });
    now.replaceChildren(...current.map(item));
  }

  function item(span) {
    const made = document.createElement("li");
    const name = document.createElement("strong");
    name.textContent = span.lines[0];
    made.append(name, ...span.lines.slice(1).map((line) => ` · ${line}`));
    if (span === spans[at]) made.setAttribute("aria-current", "true");
    return made;
  }

  function seek(ms) {
    time = Math.min(total, Math.max(0, ms));
    at = Math.max(0, spans.filter((span) => span.start <= time).length - 1);
    draw();
  }

  function step(by) {
    pause();
    at = Math.min(spans.length - 1, Math.max(0, at + by));
    time = spans[at].start;
    draw();
    say(spans[at].lines.join(", "));
  }

  function jump(ms) {
    pause();
    seek(ms);
    say(`At ${text(time)}: ${spans.filter(goesOn).map((span) => span.lines[0]).join(", ") || "no span"}`);
  }

  function pause() {
    playing = false;
    playButton.textContent = "Play";
  }

  function play() {
    if (playing) {
      pause();
      say(`Paused at ${text(time)}`);
      return;
    }
    if (time >= total) seek(0);
    playing = true;
    playButton.textContent = "Pause";
    say("Playing");
    let before = performance.now();
    requestAnimationFrame(function frame(moment) {
      if (!playing) return;
      seek(time + Math.max(0, moment - before) * Number(speed.value));
      before = moment;
      if (time < total) {
        requestAnimationFrame(frame);
      } else {
        pause();
        say("The end");
      }
    });
  }

  const actions = {
    play,
    back: () => step(-1),
    next: () => step(1),
    earlier: () => jump(time - 100),
    later: () => jump(time + 100),
    start: () => jump(0),
    end: () => jump(total),
  };
  const keys = { " ": "play", ArrowLeft: "back", ArrowRight: "next", ",": "earlier", ".": "later", Home: "start", End: "end" };

  function isOurs(event) {
    const target = event.target;
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return false;
    if (region.contains(target)) {
      return !target.closest("select") && !(event.key === " " && target.closest("button"));
    }
    const box = svg.getBoundingClientRect();
    const isSeen = box.top >= 0 && box.bottom <= innerHeight;
    return target === document.body && isSeen && event.key !== "Home" && event.key !== "End";
  }

  document.addEventListener("keydown", (event) => {
    if (!(event.key in keys) || !isOurs(event)) return;
    event.preventDefault();
    actions[keys[event.key]]();
  });
  svg.addEventListener("click", (event) => {
    const box = svg.getBoundingClientRect();
    jump((((event.clientX - box.left) / box.width) * width - left) / (right - left) * total);
  });
  for (const button of region.querySelectorAll("button")) {
    button.addEventListener("click", () => actions[button.dataset.do]());
    button.disabled = false;
  }
  speed.value = total < 3000 ? "0.1" : total < 30000 ? "1" : total < 300000 ? "10" : "100";
  speed.disabled = false;
  cursor.setAttribute("visibility", "visible");
  draw();
})();
