// The page's address (see address.py). Gradio runs this once, with `trigger` and `props` in scope.

const CALM = 1000; // milliseconds; a field that changes again within them makes no other step back
const SETTLING = 300; // milliseconds
const HUB = "https://huggingface.co";

const fields = JSON.parse(props.fields); // [tab, key, value at first], in the order of write()'s values
let restoring = true; // until Python has set what the address says
let settledAt = 0;
let last = { at: 0, changed: "" };

function write(values) {
  if (restoring) return;
  const query = new URLSearchParams(location.search);
  const tab = values[fields.findIndex(([, key]) => key === "tab")];
  for (const [, key] of fields) query.delete(key);
  fields.forEach(([owner, key, first], i) => {
    if (values[i] === null) return; // an emptied number
    const value = Array.isArray(values[i]) ? values[i].join(",") : String(values[i] ?? "");
    const asAtFirst = Array.isArray(first) ? first.join(",") : String(first ?? "");
    if ((owner === "" || owner === tab) && value !== asAtFirst) query.set(key, value);
  });
  go(query);
}

function go(query) {
  const search = query.toString().replaceAll("%2F", "/").replaceAll("%2C", ",");
  if (search === location.search.slice(1)) return;
  const now = performance.now();
  const before = new URLSearchParams(location.search);
  const changed = [...new Set([...before.keys(), ...query.keys()])].filter((key) => before.get(key) !== query.get(key)).join();
  const sameStep = now - settledAt < SETTLING || (changed === last.changed && now - last.at < CALM);
  history[sameStep ? "replaceState" : "pushState"](null, "", search ? `?${search}` : location.pathname);
  last = { at: now, changed };
  tellParent();
}

// On a Space's page the app lies in a frame, whose address nobody sees: the Hub's page takes over the query that it is told.
// What the Hub itself has added, such as its token for a private Space (`__sign`), is not told.
function tellParent() {
  if (window.parent === window) return;
  const query = new URLSearchParams(location.search);
  for (const key of [...query.keys()]) if (key.startsWith("__")) query.delete(key);
  const queryString = query.toString().replaceAll("%2F", "/").replaceAll("%2C", ",");
  window.parent.postMessage({ queryString, hash: location.hash }, HUB);
}

// Python has set everything: what the address says is written as write() would, and what still changes is the same step.
function settle(values) {
  restoring = false;
  settledAt = performance.now();
  write(values);
}

function restore() {
  restoring = true;
  tellParent();
  tell("navigate", { query: location.search });
}

window.dgvaeAddress = { write, settle };
window.addEventListener("popstate", restore);
document.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  const link = target.closest?.("a[href^='?']"); // into the page itself: no need to load it again
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  history.pushState(null, "", link.getAttribute("href"));
  restore();
});
