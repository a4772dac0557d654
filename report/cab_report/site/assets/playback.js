// Plays the recording that the page holds.
(() => {
  "use strict";
  const place = document.getElementById("player");
  const cast = document.getElementById("cast");
  if (!place || !cast || typeof AsciinemaPlayer === "undefined") return;
  const data = JSON.parse(cast.textContent);
  AsciinemaPlayer.create({ data }, place, {
    cols: data[0].width,
    rows: data[0].height,
    fit: "both",
    idleTimeLimit: 2,
    preload: true,
    controls: true,
    poster: `npt:${Math.ceil(data[data.length - 1][0]) + 1}`,
  });
})();
