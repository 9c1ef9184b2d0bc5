// The lab's screen (see screen.py): asks for a run's pictures one by one, draws them, and goes back among them. Gradio
// runs this once, with `element`, `trigger`, `props` and `watch` in scope; picture.js and curves.js follow in the same.

const PACE = 100; // milliseconds from picture to picture, at least
const PATIENCE = 8000; // milliseconds; an answer that has not come by then will not come
const ASK_AGAIN = 3000; // milliseconds; a place may become free sooner than was said
const LATE = "No answer yet: the app is busy, or too many of its pages are open.";
const constants = JSON.parse(props.constants);
const find = (name) => /** @type {HTMLInputElement} some are */ (element.querySelector(`[data-lab="${name}"]`));

let view = { key: null, titles: [] }; // what Python was asked to train
let run = 0; // a number for it
let moments = [];
let shown = 0; // which of them
let playing = false;
let pauseAt = 0; // steps
let number = 0; // of the last picture that was asked for
let awaited = false; // it has not come yet
let due = 0; // steps to ask for when it has
let follows = true; // the newest picture is shown
let anew = false; // a story's link was followed: it begins anew even if it is what is shown
let received = "";
let waits = false; // for a place: all are taken

// ---- what Python says

watch("value", receive);
queueMicrotask(receive); // once the whole script has run

function receive() {
  if (!props.value || props.value === received) return; // Gradio also calls when something else has changed
  received = props.value;
  const said = JSON.parse(props.value);
  if (said.run !== null && said.run !== run) return; // of a run that is no more
  if (said.number === number) setAwaited(false);
  if (said.fault) return fail(said.fault);
  if (said.key !== view.key || (anew && said.run === null)) return begin(said);
  if (!said.moment) return; // what is trained already
  if (waits || find("fault").textContent === LATE) sayFault("");
  waits = false;
  add(said.moment);
  if (due) ask(due);
  else goOn();
}

function begin(said) {
  view = said;
  anew = false;
  restart();
  setPlaying(said.play && !matchMedia("(prefers-reduced-motion: reduce)").matches);
}

function restart() {
  run = Math.max(Date.now(), run + 1);
  moments = [];
  setAwaited(false);
  follows = true;
  due = 0;
  waits = false;
  sayFault("");
  find("panels").replaceChildren(...view.titles.map(panel));
  find("panels").style.setProperty("--methods", String(view.titles.length));
  find("panels").dataset.methods = String(view.titles.length);
  ask(0);
}

function add(moment) {
  const last = moments.at(-1);
  if (last && moment.step < last.step) {
    moments = [];
    sayFault("The app no longer had this run and started it again.");
  }
  if (last?.step === moment.step) moments.pop();
  // as dgvae.toy.lab does: the older half is thinned out, but for the first
  if (moments.length >= constants.most_moments) {
    moments = moments.filter((_, i) => i === 0 || i >= constants.most_moments / 2 || i % 2 === 0);
  }
  moments.push(moment);
  if (playing && moment.step >= pauseAt) setPlaying(false);
  show(follows ? moments.length - 1 : Math.min(shown, moments.length - 1));
}

function fail(fault) {
  waits = fault.wait > 0;
  clearTimeout(again);
  if (waits) again = setTimeout(askAgain, Math.min(1000 * fault.wait, ASK_AGAIN));
  else setPlaying(false);
  if (fault.setup) {
    view = { ...view, key: null }; // what was shown stays
    run += 1;
  }
  sayFault(fault.says);
}

function sayFault(sentence) {
  find("fault").textContent = sentence;
  find("fault").hidden = !sentence;
}

// ---- asking

function ask(steps) {
  const mine = (number += 1);
  setAwaited(true);
  due = 0;
  trigger("tick", { run, steps, number });
  setTimeout(() => {
    if (mine !== number || !awaited) return;
    sayFault(LATE);
    setAwaited(false);
    goOn();
  }, PATIENCE);
}

function askAgain() {
  if (!waits || awaited) return;
  if (isLookedAt()) ask(0);
  else again = setTimeout(askAgain, ASK_AGAIN);
}

function goOn() {
  if (waits || !playing || awaited || !isLookedAt()) return;
  const from = moments.at(-1)?.step ?? 0;
  const wait = Math.max(0, PACE - (performance.now() - lastAsked));
  clearTimeout(next);
  next = setTimeout(() => {
    if (!playing || awaited || !isLookedAt()) return;
    lastAsked = performance.now();
    ask(Math.max(1, Math.min(Number(find("speed").value), pauseAt - from)));
  }, wait);
}

let again = 0;
let next = 0;
let lastAsked = 0;

function setAwaited(is) {
  awaited = is;
  element.querySelector(".lab").dataset.asked = is ? "yes" : "no";
}

// Nobody trains for a page that nobody sees.
function isLookedAt() {
  return !document.hidden && element.isConnected && element.offsetParent !== null;
}

document.addEventListener("visibilitychange", goOn);
new IntersectionObserver(goOn).observe(element);
document.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  anew ||= Boolean(target.closest?.("#lab-stories a"));
});

// ---- controls

find("play").addEventListener("click", () => {
  if (!view.key) return; // the sentence stays that says why
  sayFault("");
  setPlaying(!playing);
});
find("step").addEventListener("click", () => {
  if (!view.key) return;
  sayFault("");
  setPlaying(false);
  follows = true;
  if (awaited) due += 1;
  else ask(1);
});
find("reset").addEventListener("click", () => {
  setPlaying(false);
  if (view.key) restart();
});
find("time").addEventListener("input", () => {
  setPlaying(false);
  follows = false;
  show(Number(find("time").value));
});
find("json").addEventListener("click", () =>
  save("lab.json", "application/json", JSON.stringify({ link: location.href, methods: view.titles, moments })),
);
find("png").addEventListener("click", () => pictures(view.titles, find("panels")).toBlob((blob) => saveBlob("lab.png", blob)));
find("csv").addEventListener("click", () => {
  const names = constants.figures.map(([key]) => key);
  const rows = moments.flatMap(({ step, methods }) =>
    methods.map(({ figures }, i) => [step, `"${view.titles[i]}"`, ...names.map((name) => figures[name] ?? "")].join()),
  );
  save("lab.csv", "text/csv", [["step", "method", ...names].join(), ...rows].join("\r\n"));
});

function setPlaying(wanted) {
  playing = Boolean(wanted && view.key);
  if (playing) follows = true;
  pauseAt = constants.until * (1 + Math.floor((moments.at(-1)?.step ?? 0) / constants.until));
  find("play").textContent = playing ? "❚❚ Pause" : "▶ Play";
  element.querySelector(".lab").dataset.state = playing ? "playing" : "paused";
  goOn();
}

// ---- what is shown

function panel(title, i) {
  const made = document.createElement("figure");
  made.className = "lab-panel";
  made.innerHTML = `<figcaption class="name model-${"abcd"[i]}"></figcaption>
    <div class="lab-pictures"><canvas role="img"></canvas><canvas role="img"></canvas></div>
    <dl class="facts">${constants.figures.map(([key, name, why]) => `<dt title="${why}">${name}</dt><dd data-figure="${key}">–</dd>`).join("")}</dl>`;
  made.querySelector("figcaption").textContent = title;
  return made;
}

function show(i) {
  shown = i;
  const slider = find("time");
  slider.max = String(Math.max(moments.length - 1, 0));
  slider.value = String(i);
  cancelAnimationFrame(painting);
  painting = requestAnimationFrame(paint);
}

let painting = 0;

function paint() {
  const moment = moments[shown];
  if (!moment || !element.clientWidth) return;
  const last = moments.at(-1).step;
  find("step-now").textContent = moment.step === last ? `${last} steps` : `${moment.step} of ${last} steps`;
  element.querySelector(".lab").dataset.step = moment.step;
  [...find("panels").children].forEach((place, i) => {
    const { shape, figures } = moment.methods[i];
    const [density, gap] = place.querySelectorAll("canvas");
    const values = densityOf(shape);
    paintDensity(density, shape, values);
    paintGap(gap, shape, values);
    density.setAttribute("aria-label", `${view.titles[i]}: ${constants.says[shape.kind]} at step ${moment.step}`);
    gap.setAttribute("aria-label", `${view.titles[i]}: density gap at step ${moment.step}, ${short(figures.gap)} nats in all`);
    const facts = /** @type {NodeListOf<HTMLElement>} */ (place.querySelectorAll("[data-figure]"));
    for (const cell of facts) cell.textContent = short(figures[cell.dataset.figure]);
  });
  drawCurves(view.titles, moments, shown);
}

// What makes the picture be drawn again: another size, light or dark.
new ResizeObserver(() => moments.length && show(shown)).observe(find("panels"));
const darkObserver = new MutationObserver(() =>
  element.isConnected ? moments.length && show(shown) : darkObserver.disconnect(),
);
darkObserver.observe(document.body, { attributes: true, attributeFilter: ["class"] });
