// Sorts the table of measure_table.py and shows what the column under the pointer means. Gradio runs this once, with
// `element` and `watch` in scope; the table itself comes anew whenever the value changes.

let sorted = null; // {text of the head, direction}

function heads() {
  return [...element.querySelectorAll("thead th")];
}

function sort() {
  const column = sorted ? heads().findIndex((head) => head.textContent === sorted.text) : -1;
  if (column < 0) return;
  heads().forEach((head, i) => head.setAttribute("aria-sort", i === column ? sorted.direction : "none"));
  const body = element.querySelector("tbody");
  const sign = sorted.direction === "ascending" ? 1 : -1;
  const rows = [...body.rows].map((row) => ({
    row,
    text: row.cells[column].textContent,
    value: row.cells[column].dataset.value,
  }));
  const known = (entry) => column === 0 || entry.value !== undefined;
  rows.sort((a, b) => {
    if (known(a) !== known(b)) return known(a) ? -1 : 1; // what is not known comes last, both ways
    return sign * (column === 0 ? a.text.localeCompare(b.text) : Number(a.value ?? 0) - Number(b.value ?? 0));
  });
  body.append(...rows.map((entry) => entry.row));
}

function explain(event) {
  const meaning = event.target.closest?.("thead button")?.dataset.meaning;
  const line = element.querySelector(".definition");
  if (meaning && line) line.textContent = meaning;
}

element.addEventListener("pointerover", explain);
element.addEventListener("focusin", explain);
element.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  /** @type {HTMLElement} */
  const head = target.closest("thead th");
  if (!head) return;
  const first = head.dataset.first; // the best on top
  const again = sorted?.text === head.textContent && sorted.direction === first;
  const other = first === "ascending" ? "descending" : "ascending";
  sorted = { text: head.textContent, direction: again ? other : first };
  sort();
});
watch("value", () => setTimeout(sort)); // after Gradio has put the new table in place
