// The annotated policy with scripts on: the filter, the scores on hover and focus, the steps from clause to clause.
(() => {
  "use strict";
  const one = (selector, within = document) => within.querySelector(selector);
  const every = (selector, within = document) => [...within.querySelectorAll(selector)];
  const policy = one("#policy");
  const keys = every(".key");
  const state = one("#state");
  const parts = every(".clause, .above", policy);
  const clauses = parts.filter((part) => part.classList.contains("clause"));
  const chunks = every(".chunk", policy);
  const segments = every(".strip a");
  const chosen = new Set();
  const wide = matchMedia("(min-width: 72.01rem)");
  const name = (key) => one(".name", key).textContent;
  const keyOf = (column) => keys.find((key) => key.dataset.column === String(column));
  const count = (n) => n.toLocaleString("en") + (n === 1 ? " clause" : " clauses");
  const isOn = (part) => !part.classList.contains("off");

  // Read once, when first asked for; parts from the last to the first.
  const once = (make) => {
    let made = null;
    return () => (made ??= make());
  };
  const facts = once(() =>
    parts.map((node) => ({
      node,
      on: true,
      chunk: node.closest(".chunk"),
      columns: node.dataset.l?.split(" "),
      level: Number(/^H([2-6])$/.exec(node.tagName)?.[1] ?? 7),
    })).reverse(),
  );
  const shapes = once(() =>
    every(".strip path").map((node) => ({ node, on: true, column: /\d+/.exec(node.className.baseVal)?.[0] ?? "-1" })),
  );
  function turn(thing, on) {
    if (thing.on === on) return;
    thing.on = on;
    thing.node.classList.toggle("off", !on);
  }

  // The filter. Going up from the end, a heading stays if a clause below it does.
  function apply() {
    const all = chosen.size === 0;
    const live = new Set();
    let above = 0;
    let found = 0;
    for (const part of facts()) {
      let on = all;
      if (part.columns) {
        on ||= part.columns.some((column) => chosen.has(column));
        if (on) {
          above = 7;
          found += 1;
        }
      } else {
        on ||= part.level < above;
        if (on) above = Math.min(above, part.level);
      }
      turn(part, on);
      if (on) live.add(part.chunk);
    }
    for (const chunk of chunks) chunk.classList.toggle("off", !live.has(chunk));
    for (const shape of shapes()) turn(shape, all || chosen.has(shape.column));
    say(all ? "" : found.toLocaleString("en") + " of " + count(clauses.length) + ": " + keys.filter((key) => chosen.has(key.dataset.column)).map(name).join(" or "));
    if (all) state.textContent = "All " + count(clauses.length);
    one("#reset").hidden = all;
  }

  function say(text) {
    state.textContent = text;
    state.hidden = false;
  }

  // Where the reader is: text outside the window is not laid out, so chunks are asked before clauses.
  function reading() {
    const top = one(".bar").offsetHeight + 8;
    const below = (element) => element.getBoundingClientRect().bottom > top;
    const chunk = chunks.find((each) => isOn(each) && below(each));
    return chunk && every(".clause", chunk).find((each) => isOn(each) && below(each));
  }

  // A clause comes into view with the headings right above it.
  function bring(clause) {
    let k = parts.indexOf(clause);
    while (k > 0 && !parts[k - 1].matches(".clause") && isOn(parts[k - 1])) k -= 1;
    parts[k].scrollIntoView({ block: "start" });
  }

  function refilter(change) {
    const inside = policy.getBoundingClientRect().top < 0;
    const at = inside ? clauses.indexOf(reading()) : -1;
    hide();
    change();
    for (const key of keys) key.setAttribute("aria-pressed", chosen.has(key.dataset.column));
    apply();
    if (at < 0) return;
    const next = clauses.slice(at).find(isOn) || clauses.slice(0, at).reverse().find(isOn);
    if (next) bring(next);
  }

  for (const key of keys) {
    const column = key.dataset.column;
    key.disabled = !one(".where", key.parentElement);
    key.addEventListener("click", () => refilter(() => chosen.delete(column) || chosen.add(column)));
  }
  one("#reset").addEventListener("click", () => {
    refilter(() => chosen.clear());
    keys.find((key) => !key.disabled)?.focus({ preventScroll: true });
  });

  // A link to a clause that the filter hides shows all.
  function follow() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && policy.contains(target) && !isOn(target)) {
      refilter(() => chosen.clear());
      target.scrollIntoView({ block: "start" });
    }
  }
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("a[href^='#clause-']")) setTimeout(follow);
  });
  addEventListener("hashchange", () => mark(null));

  // Steps.
  let here = null;
  function mark(clause) {
    here?.classList.remove("here");
    here = clause;
    here?.classList.add("here");
  }
  function step(by) {
    const shown = clauses.filter(isOn);
    const from = here && isOn(here) ? here : reading();
    const at = shown.indexOf(from);
    const to = shown[Math.min(shown.length - 1, Math.max(0, at < 0 ? 0 : at + by))];
    if (!to) return;
    mark(to);
    bring(to);
    say("Clause " + (clauses.indexOf(to) + 1) + " of " + clauses.length + ": " + labelsOf(to));
  }
  const labelsOf = (clause) => clause.dataset.l.split(" ").map((column) => name(keyOf(column))).join(", ");
  one("#back").addEventListener("click", () => step(-1));
  one("#next").addEventListener("click", () => step(1));
  one(".steps").hidden = false;
  one("#state").hidden = false;
  state.textContent = "All " + count(clauses.length);

  // The bar shows where the reader is.
  const now = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  now.id = "now";
  now.setAttribute("height", "100%");
  one(".strip").append(now);
  let due = 0;
  function follows() {
    due = 0;
    const box = segments[clauses.indexOf(reading())]?.getBBox();
    now.setAttribute("x", box?.x ?? 0);
    now.setAttribute("width", box?.width ?? 0);
  }
  addEventListener("scroll", () => {
    due ||= requestAnimationFrame(follows);
  }, { passive: true });

  // The scores: built when they are asked for.
  const panel = one("#scores");
  const element = (tag, className, ...inside) => {
    const made = document.createElement(tag);
    made.className = className;
    made.append(...inside);
    return made;
  };
  const written = (hundredths) => (hundredths > 99 ? "1.0" : "." + String(hundredths).padStart(2, "0"));
  function rows(tag) {
    const scores = tag.dataset.s.split(" ").map(Number);
    const labels = new Set(tag.closest(".clause").dataset.l.split(" "));
    const order = scores.map((_, k) => k).sort((a, b) => scores[b] - scores[a]);
    const some = order.filter((k) => scores[k] > 0 || labels.has(String(k)));
    const rest = order.filter((k) => !some.includes(k)).map((k) => name(keyOf(k)));
    const made = some.map((k) => {
      const key = keyOf(k);
      const fill = element("i", "cat-" + k);
      fill.style.width = scores[k] + "%";
      const gauge = element("span", "gauge", fill);
      gauge.setAttribute("aria-hidden", "true");
      if (key.dataset.threshold) {
        const limit = element("u", "");
        limit.style.left = 100 * Number(key.dataset.threshold) + "%";
        gauge.append(limit);
      }
      return element("div", labels.has(String(k)) ? "score is" : "score", name(key) + " ", element("b", "", written(scores[k])), " ", gauge);
    });
    if (rest.length) made.push(element("p", "hint", "Below .01: " + rest.join(", ") + "."));
    if (keys[0].dataset.threshold) {
      const reaches = (k) => scores[k] >= Math.round(100 * Number(keyOf(k).dataset.threshold));
      const given = some.filter((k) => labels.has(String(k)));
      made.push(element("p", "hint", "guess" in panel.dataset && given.length && !given.some(reaches) ? "No score reaches its tick, where a label begins: the likeliest is given." : "The tick marks where a label begins."));
    }
    return made;
  }

  // The panel belongs to a clause's tag or to a segment of the bar, its owner, and stands beside it.
  let owner = null;
  let pinned = false;
  let timer = 0;
  const isTag = (node) => node?.matches(".tag");
  function place() {
    if (!owner) return;
    const box = (isTag(owner) ? owner.firstElementChild : owner).getBoundingClientRect();
    const high = panel.offsetHeight;
    const low = box.bottom + 6 + high > innerHeight && box.top - 6 - high > 0;
    panel.style.top = Math.max(8, low ? box.top - 6 - high : Math.min(box.bottom + 6, innerHeight - high - 8)) + "px";
    panel.style.left = Math.max(8, Math.min(box.left, document.documentElement.clientWidth - panel.offsetWidth - 8)) + "px";
  }
  function show(next, byFocus) {
    clearTimeout(timer);
    if (next.open) return hide();
    if (owner !== next) {
      hide();
      owner = next;
      panel.replaceChildren(...(isTag(next) ? rows(next) : preview(next)));
      if (isTag(next)) next.firstElementChild.setAttribute("aria-describedby", "scores");
      panel.showPopover();
    }
    pinned = byFocus;
    place();
  }
  function hide() {
    clearTimeout(timer);
    if (isTag(owner)) owner.firstElementChild.removeAttribute("aria-describedby");
    owner = null;
    if (panel.matches(":popover-open")) panel.hidePopover();
  }
  function preview(segment) {
    const clause = clauses[segments.indexOf(segment)];
    const text = clause.firstElementChild.textContent;
    const start = text.length > 90 ? text.slice(0, 90).replace(/\S*$/, "…") : text;
    return [element("div", "score is", labelsOf(clause)), element("p", "hint", start)];
  }
  const ownerOf = (node) => {
    const found = node.closest?.(wide.matches ? "#policy .clause, .strip a" : "#policy .tag, .strip a");
    return found?.matches(".clause") ? one(".tag", found) : found;
  };
  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse" || pinned) return;
    clearTimeout(timer);
    if (panel.contains(event.target)) return;
    const next = ownerOf(event.target);
    if (next === owner) return;
    timer = setTimeout(() => (next ? show(next, false) : hide()), owner || !next ? 220 : 90);
  });
  document.addEventListener("focusin", (event) => {
    const tag = event.target.matches("summary:focus-visible") && event.target.closest(".tag");
    if (tag) show(tag, true);
  });
  document.addEventListener("focusout", () => {
    if (pinned) hide();
    pinned = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
  addEventListener("scroll", place, { passive: true });
  addEventListener("resize", place);
  document.addEventListener(
    "toggle",
    (event) => {
      const tag = event.target;
      if (!tag.matches?.(".tag") || !tag.open) return;
      hide();
      if (!one(".all", tag)) tag.lastChild.replaceWith(element("div", "all", ...rows(tag)));
    },
    true,
  );

  // On narrow screens the categories begin folded.
  const narrow = matchMedia("screen and (max-width: 56rem)");
  const fold = () => {
    one(".fold").open = !narrow.matches;
  };
  narrow.addEventListener("change", fold);
  fold();
  addEventListener("beforeprint", () => {
    one(".fold").open = true;
  });
  one(".to").addEventListener("click", () => {
    one(".fold").open = true;
  });
})();
