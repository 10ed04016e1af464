// Tries thresholds: counts at every hundredth come with the page, figures are made of them here.
"use strict";
(() => {
  const room = document.getElementById("sliders");
  const counted = JSON.parse(document.getElementById("counts").textContent);
  const rows = [...room.querySelectorAll(".slider")];
  const inputs = rows.map((row) => row.querySelector("input"));
  // Three decimals as Python rounds them: exact ties, which are odd sixteenths, to the even digit.
  const shown = (value) =>
    ((value * 16) % 2 === 1 ? (2 * Math.round(value * 500)) / 1000 : value).toFixed(3);

  const figures = (one, hundredth) => {
    const given = one.given[hundredth - 1];
    const right = one.right[hundredth - 1];
    return {
      given,
      right,
      precision: right / Math.max(1, given),
      recall: right / Math.max(1, one.support),
      f1: (2 * right) / Math.max(1, given + one.support),
    };
  };

  const draw = (k) => {
    const found = figures(counted[k], inputs[k].valueAsNumber);
    const threshold = (inputs[k].valueAsNumber / 100).toFixed(2);
    rows[k].querySelector(".at").value = threshold;
    for (const part of ["precision", "recall", "f1"]) {
      rows[k].querySelector(`[data-part=${part}]`).textContent = shown(found[part]);
    }
    rows[k].querySelector("[data-part=given]").textContent = found.given;
    inputs[k].setAttribute("aria-valuetext", `${threshold}, F1 ${shown(found.f1)}`);
    rows[k].classList.toggle("moved", inputs[k].value !== rows[k].dataset.chosen);
  };

  const total = () => {
    const found = counted.map((one, k) => figures(one, inputs[k].valueAsNumber));
    const sum = (list) => list.reduce((a, b) => a + b, 0);
    const both = sum(found.map((f) => f.given)) + sum(counted.map((one) => one.support));
    const micro = (2 * sum(found.map((f) => f.right))) / Math.max(1, both);
    document.getElementById("macro").value = shown(sum(found.map((f) => f.f1)) / found.length);
    document.getElementById("micro").value = shown(micro);
  };

  const all = () => {
    rows.forEach((_, k) => draw(k));
    total();
  };

  inputs.forEach((input, k) =>
    input.addEventListener("input", () => {
      draw(k);
      total();
    }),
  );
  for (const button of room.querySelectorAll("button")) {
    button.addEventListener("click", () => {
      inputs.forEach((input, k) => {
        input.value = button.dataset.set === "chosen" ? rows[k].dataset.chosen : button.dataset.set;
      });
      all();
    });
  }
  // A link into a closed table opens it.
  const open = () => {
    const goal = document.getElementById(location.hash.slice(1));
    if (goal instanceof HTMLDetailsElement) goal.open = true;
  };
  addEventListener("hashchange", open);
  open();
  all();
  room.hidden = false;
})();
