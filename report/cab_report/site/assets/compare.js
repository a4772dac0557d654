// Two lists to choose agents from; a link follows them. The table of pairs says the same without a script.
"use strict";
(() => {
  const choice = document.getElementById("choice");
  const rows = document.getElementById("pairs").tBodies[0].rows;
  const [one, other] = choice.querySelectorAll("select");
  const said = choice.querySelector("p");
  const follow = () => {
    const [a, b] = [one, other].map((select) => select.selectedOptions[0].text);
    const pair = rows[one.selectedIndex].cells[other.selectedIndex + 1].querySelector("a");
    said.textContent = pair ? "" : a === b ? "Choose two." : "They have no model in common.";
    if (pair) {
      const link = document.createElement("a");
      link.href = pair.href;
      link.textContent = `${a} and ${b} side by side`;
      said.append(link);
    }
  };
  choice.addEventListener("change", follow);
  follow();
})();
