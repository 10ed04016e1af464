// Sorting and finding in the heat map; without this script it stands in the order of the names.
(() => {
  "use strict";
  const table = document.getElementById("heat");
  const find = document.getElementById("find");
  const status = document.getElementById("status");
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  // As written: by name. Every sort starts from here, so that equal rows stand by name.
  const rows = [...body.rows];
  const names = rows.map((row) => row.cells[0].textContent.toLowerCase());
  const values = rows.map((row) => [...row.cells].map((cell) => Number(cell.dataset.value ?? 0)));

  const said = { found: "", order: "" };
  function say(part, words) {
    said[part] = words;
    status.textContent = `${said.found} ${said.order}`.trim();
  }

  function order(column, down) {
    const places = rows.map((_, place) => place);
    const sign = down ? -1 : 1;
    const by = column ? (a, b) => values[a][column] - values[b][column] : (a, b) => a - b;
    return places.sort((a, b) => sign * by(a, b));
  }

  function sort(column) {
    const head = heads[column];
    // Names begin at A, figures at the highest.
    const first = column ? "descending" : "ascending";
    const other = column ? "ascending" : "descending";
    const next = head.getAttribute("aria-sort") === first ? other : first;
    heads.forEach((one) => one.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", next);
    const sorted = document.createDocumentFragment();
    order(column, next === "descending").forEach((place) => sorted.append(rows[place]));
    body.append(sorted);
    const label = head.title || head.textContent.trim();
    const end = column ? { ascending: "lowest", descending: "highest" } : { ascending: "A", descending: "Z" };
    say("order", `Sorted by ${label}, ${end[next]} first.`);
  }

  function filter() {
    const wanted = find.value.trim().toLowerCase();
    let seen = 0;
    rows.forEach((row, place) => {
      row.hidden = !names[place].includes(wanted);
      seen += row.hidden ? 0 : 1;
    });
    const all = `${rows.length} ${rows.length === 1 ? "policy" : "policies"}`;
    say("found", wanted ? `${seen} of ${all} shown.` : "");
  }

  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(column));
    head.append(button);
  });
  find.parentElement.hidden = false;
  find.addEventListener("input", filter);
  // A browser that comes back to the page may have kept the field's text.
  if (find.value) filter();
})();
