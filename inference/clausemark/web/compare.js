// Filters over what stands in the page already; without scripts everything is shown.
(() => {
  "use strict";
  const bar = document.querySelector(".filters");
  if (!bar) return;
  const buttons = [...bar.querySelectorAll("button[aria-pressed]")];
  const sections = [...document.querySelectorAll(".category")];
  const changes = [...document.querySelectorAll(".change")];
  const status = bar.querySelector("[role=status]");
  const reset = bar.querySelector("[data-reset]");

  const pressed = (name) =>
    new Set(
      buttons
        .filter((button) => button.dataset[name] && button.getAttribute("aria-pressed") === "true")
        .map((button) => button.dataset[name]),
    );

  function apply() {
    const kinds = pressed("kind");
    const wanted = pressed("section");
    let shown = 0;
    for (const section of sections) {
      const open = !wanted.size || wanted.has(section.id);
      let some = false;
      for (const change of section.querySelectorAll(".change")) {
        const fits = !kinds.size || change.dataset.kinds.split(" ").some((kind) => kinds.has(kind));
        change.hidden = !fits;
        some ||= fits;
        shown += open && fits ? 1 : 0;
      }
      section.hidden = !open || !some;
    }
    const filtered = kinds.size + wanted.size > 0;
    reset.hidden = !filtered;
    status.textContent = `${filtered ? `${shown} of` : "All"} ${changes.length} ${changes.length === 1 ? "entry" : "entries"}`;
  }

  function clear() {
    for (const button of buttons) button.setAttribute("aria-pressed", "false");
    apply();
  }

  bar.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button === reset) {
      clear();
      buttons[0].focus();
      return;
    }
    button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    apply();
  });
  // A link of the matrix leads somewhere even if a filter hides it.
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    const target = link && document.getElementById(link.getAttribute("href").slice(1));
    if (target && target.closest("[hidden]")) clear();
  });
  bar.hidden = false;
  apply();
})();
