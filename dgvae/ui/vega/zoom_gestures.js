// What zooms and moves a chart: the wheel, the buttons below it, the arrow keys on them, a double click, and in the mode "Move" a
// drag or two fingers. Without Ctrl, ⌘ or this mode the wheel scrolls the page.

const WHEEL = 0.0022; // of a pixel of the wheel, and
const PINCH = 0.01; // of one of a trackpad's pinch, which comes as a wheel with Ctrl and few pixels
const LINE_HEIGHT = 16; // pixels, where a wheel counts lines
const ARROWS = { ArrowLeft: [0.2, 0], ArrowRight: [-0.2, 0], ArrowUp: [0, 0.2], ArrowDown: [0, -0.2] };

const touching = new Map(); // pointers that are down in the mode "Move": [x, y] by their ids
let isDragged = false;

const isMoving = () => Boolean(chart?.whole) && place.classList.contains("moving");

place.addEventListener(
  "wheel",
  (event) => {
    if (!chart?.whole || !(event.ctrlKey || event.metaKey || isMoving())) return;
    const at = pointerInPlot(event);
    if (!isInPlot(at)) return;
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode ? LINE_HEIGHT : 1);
    const by = event.ctrlKey && Math.abs(pixels) < 50 ? PINCH : WHEEL;
    zoomAbout(at, Math.exp(-by * pixels));
  },
  { passive: false },
);

place.addEventListener("dblclick", (event) => {
  if (chart?.whole && isInPlot(pointerInPlot(event))) changeView(chart.whole);
});

// ---- the mode "Move": before pointer.js hears of it

function whileMoving(kind, handle) {
  place.addEventListener(
    kind,
    (event) => {
      if (!isMoving() || (kind !== "pointerdown" && !touching.has(event.pointerId))) return;
      if (handle(event) !== false) event.stopImmediatePropagation();
    },
    { capture: true },
  );
}

whileMoving("pointerdown", (event) => {
  const at = pointerInPlot(event);
  if (event.button || !isInPlot(at)) return false;
  if (!touching.size) isDragged = false;
  touching.set(event.pointerId, at);
  place.setPointerCapture(event.pointerId);
});

whileMoving("pointermove", (event) => {
  const [before, at] = [touching.get(event.pointerId), pointerInPlot(event)];
  if (!isDragged && touching.size === 1 && Math.hypot(at[0] - before[0], at[1] - before[1]) <= CLICK_DISTANCE) return;
  isDragged = true;
  const other = [...touching].find(([id]) => id !== event.pointerId)?.[1];
  touching.set(event.pointerId, at);
  if (!other) return moveBy(at[0] - before[0], at[1] - before[1]);
  const apart = ([x, y]) => Math.max(1, Math.hypot(x - other[0], y - other[1]));
  moveBy((at[0] - before[0]) / 2, (at[1] - before[1]) / 2);
  zoomAbout([(at[0] + other[0]) / 2, (at[1] + other[1]) / 2], apart(at) / apart(before));
});

whileMoving("pointerup", (event) => {
  touching.delete(event.pointerId);
  if (!isDragged && !touching.size) pick(pointerInPlot(event));
});

whileMoving("pointercancel", (event) => {
  touching.delete(event.pointerId);
});

// ---- buttons

const ZOOMS = {
  in: () => zoomFromMiddle(ZOOM_STEP),
  out: () => zoomFromMiddle(1 / ZOOM_STEP),
  whole: () => changeView(chart.whole),
};

element.querySelectorAll(".vega-tools [data-zoom]").forEach((button) =>
  button.addEventListener("click", () => {
    if (chart?.whole) ZOOMS[button.dataset.zoom]();
  }),
);

const moveButton = element.querySelector(".vega-tools [data-move]");
moveButton?.addEventListener("click", () => {
  moveButton.setAttribute("aria-pressed", String(place.classList.toggle("moving")));
});

element.querySelector(".vega-tools")?.addEventListener("keydown", (event) => {
  const arrow = ARROWS[event.key];
  if (!arrow || !chart?.whole) return;
  event.preventDefault();
  moveBy(arrow[0] * chart.view.width(), arrow[1] * chart.view.height());
});
