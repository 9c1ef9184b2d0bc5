// What the pointer does on a chart: hover, click, mark a rectangle or draw a lasso (gestures "brush"; see lasso.js), move the
// cross-hair ("drag").

const PICK_RADIUS = 14; // pixels
const CLICK_DISTANCE = 4; // pixels; a press that moved further is no click
const HOVER_DELAY = 80; // milliseconds; a sweeping pointer must not flood Python
const DRAG_DELAY = 60;

let reportedId = null; // of the last hover that Python was told
let hoverTimer = 0;
let frame = 0;
let pressed = null; // {at: [x, y] in the plot, path: all places since, moved, gesture, brush: the one before}
let draggedAt = 0;
let dragTimer = 0;

/** @returns {[number, number]} */
function pointerInPlot(event) {
  const [left, top] = plotOffset();
  return [event.clientX - left, event.clientY - top];
}

function isInPlot([x, y]) {
  return x >= 0 && y >= 0 && x <= chart.view.width() && y <= chart.view.height() && chart.xScale() && chart.yScale();
}

// In data coordinates; what lies outside the plot is moved to its edge.
function dataAt([x, y]) {
  const within = (value, most) => Math.min(Math.max(value, 0), most);
  return { x: chart.xScale().invert(within(x, chart.view.width())), y: chart.yScale().invert(within(y, chart.view.height())) };
}

function nearestRow([pointerX, pointerY]) {
  const [xScale, yScale] = [chart.xScale(), chart.yScale()];
  let nearest = null;
  let smallest = PICK_RADIUS ** 2;
  for (const row of chart.rows) {
    const upwards = chart.alongX ? 0 : yScale(row[chart.fields.y]) - pointerY;
    const squared = (xScale(row[chart.fields.x]) - pointerX) ** 2 + upwards ** 2;
    if (squared < smallest) {
      smallest = squared;
      nearest = row;
    }
  }
  return nearest;
}

// ---- hover and click

function hover(row, event) {
  chart.view.tooltip()(null, event, null, row && facts(row));
  const hovered = row?.id ?? null;
  if (hovered === marks.hovered) return;
  showEverywhere({ hovered });
  clearTimeout(hoverTimer);
  hoverTimer = setTimeout(reportHover, HOVER_DELAY);
}

// Where the pointer is on no point, on the chosen one, so that what is read out goes with the ring.
function reportHover() {
  const id = marks.hovered ?? marks.ring;
  if (id === reportedId) return;
  reportedId = id;
  tell("hover", { id });
}

function facts(row) {
  const known = chart.tooltip.filter(([column]) => row[column] != null && row[column] !== "");
  return known.length ? Object.fromEntries(known.map(([column, name]) => [name, row[column]])) : null;
}

function pick(at) {
  const id = nearestRow(at)?.id ?? null;
  if (chart.gestures === "drag") showEverywhere({ cross: dataAt(at) });
  else if (id !== null) choose(id);
  if (marks.brush) reportBrush(null);
  tell("pick", { ...dataAt(at), id });
}

function choose(id) {
  clearTimeout(hoverTimer);
  reportedId = id;
  showEverywhere({ ring: id });
}

// ---- brush and drag

function rectangle([x0, y0], [x1, y1]) {
  const [a, b] = [dataAt([Math.min(x0, x1), Math.max(y0, y1)]), dataAt([Math.max(x0, x1), Math.min(y0, y1)])];
  return { x: [a.x, b.x], y: [a.y, b.y] };
}

function reportBrush(brush) {
  showEverywhere({ brush: null, lit: null });
  show({ brush });
  light();
  tell("brush", { x: null, y: null, corners: null, ...brush });
}

function drag(at) {
  showEverywhere({ cross: dataAt(at) });
  clearTimeout(dragTimer);
  dragTimer = setTimeout(
    () => {
      draggedAt = performance.now();
      tell("drag", dataAt(at));
    },
    Math.max(0, draggedAt + DRAG_DELAY - performance.now()),
  );
}

// A finger scrolls the page, until the visitor says that it marks.
function gestureOf(event) {
  return event.pointerType === "mouse" || place.classList.contains("held") ? chart.gestures : "none";
}

place.addEventListener("pointerdown", (event) => {
  if (!chart || event.button) return;
  const at = pointerInPlot(event);
  pressed = isInPlot(at) ? { at, path: [at], moved: false, gesture: gestureOf(event), brush: marks.brush } : null;
  if (pressed && pressed.gesture !== "none") place.setPointerCapture(event.pointerId);
});

place.addEventListener("pointermove", (event) => {
  if (pressed && chart) trace(pressed, pointerInPlot(event));
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(() => {
    if (!chart) return;
    const at = pointerInPlot(event);
    if (pressed) press(at, event);
    else if (!event.buttons) hover(isInPlot(at) ? nearestRow(at) : null, event);
  });
});

function press(at, event) {
  pressed.moved ||= hasMoved(pressed);
  if (!pressed.moved) return;
  chart.view.tooltip()(null, event, null, null);
  if (pressed.gesture === "brush") show({ brush: brushTo(pressed, at) });
  if (pressed.gesture === "drag") drag(at);
}

// A lasso may end where it began.
function hasMoved({ at, path }) {
  return path.some((place) => distance(at, place) > CLICK_DISTANCE);
}

place.addEventListener("pointerup", (event) => {
  cancelAnimationFrame(frame);
  clearTimeout(dragTimer);
  const started = pressed;
  pressed = null;
  if (!chart || !started) return;
  const at = pointerInPlot(event);
  trace(started, at);
  const moved = started.moved || hasMoved(started);
  if (!moved || started.gesture === "drag") pick(moved ? at : started.at);
  else if (started.gesture === "brush") reportBrush(brushUpTo(started, at));
});

place.addEventListener("pointercancel", () => {
  clearTimeout(dragTimer);
  if (pressed) show({ brush: pressed.brush });
  pressed = null;
});

place.addEventListener("pointerleave", (event) => {
  cancelAnimationFrame(frame);
  if (chart && !pressed) hover(null, event);
});

const touch = element.querySelector(".vega-tools [data-touch]");
touch?.addEventListener("click", () => {
  const on = place.classList.toggle("held");
  touch.setAttribute("aria-pressed", String(on));
});
