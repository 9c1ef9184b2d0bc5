// Zooming into a chart (usermeta.zoom) and moving what it shows: by the wheel with Ctrl or ⌘, by buttons, and in the mode "Move" by
// the wheel, a drag and a pinch. While the view changes, a still of the plot is drawn, scaled and moved; Vega draws once it rests.
// A chart of very many points (usermeta.detail) then asks Python for a finer picture, or for the points in view (ChartMarks).

const ZOOM_STEP = 1.6; // of the buttons
const MOST_ZOOM = 2000; // of the whole, and
const LEAST_ZOOM = 0.25;
const REST = 180; // milliseconds without a change until the view rests

let shown = null; // {x: [low, high], y: [low, high]}; null on a chart without zoom
let still = null; // {picture: a canvas, view: what it shows}, while the view changes
let restTimer = 0;
let zoomFrame = 0;
let detailed = null; // the view of the points and the picture that Python sent

const stillCanvas = document.createElement("canvas");
stillCanvas.className = "vega-still";

// ---- the chart's scales follow the view

// A specification whose axes end where two parameters say. A chart drawn anew keeps the view if its whole is the same.
function zoomable(spec) {
  if (!spec.usermeta?.zoom) {
    shown = null;
    return spec;
  }
  const whole = {};
  for (const part of spec.layer ?? [spec]) {
    for (const axis of ["x", "y"]) {
      whole[axis] = part.encoding[axis].scale.domain;
      part.encoding[axis].scale.domain = { expr: `${axis}_view` };
    }
  }
  if (!shown || !chart?.whole || !same(chart.whole, whole)) shown = whole;
  detailed = null;
  spec.params = [...(spec.params ?? []), { name: "x_view", value: shown.x }, { name: "y_view", value: shown.y }];
  spec.usermeta.whole = whole;
  return spec;
}

const same = (a, b) => JSON.stringify([a.x, a.y]) === JSON.stringify([b.x, b.y]);
const isWhole = () => same(shown, chart.whole);

// As Vega's own, but of the view that is shown now.
function viewScale(axis, length) {
  const [low, high] = shown[axis];
  const [from, to] = axis === "x" ? [0, length] : [length, 0];
  return Object.assign((value) => from + ((value - low) / (high - low)) * (to - from), {
    invert: (at) => low + ((at - from) / (to - from)) * (high - low),
  });
}

// When a new chart is drawn.
function renewView() {
  place.toggleAttribute("data-zoom", Boolean(chart.whole));
  endStill();
  if (!chart.whole) return;
  sayView();
  if (chart.detail && !isWhole()) tell("view", shown);
}

// ---- changing the view

// factor > 1 zooms in; `at`, in pixels of the plot, stays where it is.
function zoomAbout([x, y], factor) {
  const size = (chart.whole.x[1] - chart.whole.x[0]) / (shown.x[1] - shown.x[0]);
  const by = Math.min(Math.max(factor, LEAST_ZOOM / size), MOST_ZOOM / size);
  const about = { x: chart.xScale().invert(x), y: chart.yScale().invert(y) };
  const ends = (axis) => shown[axis].map((end) => about[axis] + (end - about[axis]) / by);
  changeView({ x: ends("x"), y: ends("y") });
}

// What is at a place moves by so many pixels.
function moveBy(right, down) {
  const shift = (axis, by, length) => shown[axis].map((end) => end + (by / length) * (shown[axis][1] - shown[axis][0]));
  changeView({ x: shift("x", -right, chart.view.width()), y: shift("y", down, chart.view.height()) });
}

function zoomFromMiddle(factor) {
  zoomAbout([chart.view.width() / 2, chart.view.height() / 2], factor);
}

function changeView(view) {
  takeStill();
  shown = view;
  chart.view.tooltip()(null, null, null, null);
  cancelAnimationFrame(zoomFrame);
  zoomFrame = requestAnimationFrame(paintStill);
  clearTimeout(restTimer);
  restTimer = setTimeout(rest, REST);
}

function takeStill() {
  if (still) return;
  const canvas = chart.stage.querySelector("canvas");
  const sharp = canvas.width / canvas.clientWidth;
  const [left, top] = plotOffset();
  const box = canvas.getBoundingClientRect();
  const picture = document.createElement("canvas");
  [picture.width, picture.height] = [chart.view.width() * sharp, chart.view.height() * sharp].map(Math.round);
  picture.getContext("2d").drawImage(canvas, (box.left - left) * sharp, (box.top - top) * sharp);
  still = { picture, view: shown };
  const corner = place.getBoundingClientRect();
  Object.assign(stillCanvas.style, {
    left: `${left - corner.left}px`,
    top: `${top - corner.top}px`,
    width: `${chart.view.width()}px`,
    height: `${chart.view.height()}px`,
  });
  [stillCanvas.width, stillCanvas.height] = [picture.width, picture.height];
  place.append(stillCanvas);
}

function paintStill() {
  if (!chart || !still) return;
  const { picture, view } = still;
  const sharp = picture.width / chart.view.width();
  const pen = stillCanvas.getContext("2d");
  pen.clearRect(0, 0, picture.width, picture.height);
  const [left, right] = view.x.map(chart.xScale());
  const [bottom, top] = view.y.map(chart.yScale());
  pen.imageSmoothingQuality = "low";
  pen.drawImage(picture, left * sharp, top * sharp, (right - left) * sharp, (bottom - top) * sharp);
  placeMarks();
  paintLights();
  place.dataset.frames = String(Number(place.dataset.frames ?? 0) + 1);
}

function endStill() {
  still = null;
  stillCanvas.remove();
}

// ---- the view rests

async function rest() {
  const [drawn, view] = [chart, shown];
  if (!drawn?.whole) return;
  if (!detailed || !contains(detailed, view)) replaceDetail(drawn, drawn.picture, []);
  await drawn.view.signal("x_view", view.x).signal("y_view", view.y).runAsync();
  if (drawn !== chart || view !== shown) return;
  endStill();
  placeMarks();
  paintLights();
  sayView();
  if (drawn.detail && !isWhole()) tell("view", view);
}

const contains = (outer, inner) =>
  ["x", "y"].every((axis) => outer[axis][0] <= inner[axis][0] && outer[axis][1] >= inner[axis][1]);

// For whoever reads the page: tests, and styles of the buttons.
function sayView() {
  place.dataset.view = [...shown.x, ...shown.y].map((end) => end.toPrecision(6)).join(" ");
  place.classList.toggle("zoomed", !isWhole());
}

// What Python sends of a view: a picture, or columns of points.
async function receiveDetail(detail) {
  if (!chart?.detail || !same(detail, shown)) return;
  detailed = { x: detail.x, y: detail.y };
  const columns = Object.entries(detail.points ?? {});
  const count = detail.points?.id.length ?? 0;
  const rows = Array.from({ length: count }, (_, i) => Object.fromEntries(columns.map(([name, values]) => [name, values[i]])));
  replaceDetail(chart, detail.picture ? [detail.picture] : [], rows);
  await chart.view.runAsync();
  placeMarks();
  paintLights();
  place.dataset.detail = detail.points ? "points" : "picture";
}

// The points of the map stay, and those of the view come to them.
function replaceDetail(drawn, picture, rows) {
  if (!drawn.detail) return;
  const known = new Set(drawn.own.map((row) => row.id));
  const added = rows.filter((row) => !known.has(row.id));
  if (!added.length && drawn.rows === drawn.own && drawn.shownPicture === picture) return;
  drawn.rows = added.length ? [...drawn.own, ...added] : drawn.own;
  drawn.rowById = new Map(drawn.rows.map((row) => [row.id, row]));
  drawn.shownPicture = picture;
  drawn.view.data("points", drawn.rows).data("picture", picture);
  if (!rows.length) delete place.dataset.detail;
  if (!rows.length && picture === drawn.picture) detailed = null;
}

// ---- what is not in view

// A place that is seen, in pixels of `place`, or null.
function ifSeen(at) {
  if (!chart.whole || !at) return at;
  const [left, top] = plotCorner();
  const [x, y] = [at[0] - left, at[1] - top];
  return x >= 0 && y >= 0 && x <= chart.view.width() && y <= chart.view.height() ? at : null;
}

function plotCorner() {
  const corner = place.getBoundingClientRect();
  const [left, top] = plotOffset();
  return [left - corner.left, top - corner.top];
}

// The part of a rectangle that is seen, by its corners at the left, top and at the right, bottom; null if there is none.
function intoPlot(start, end) {
  if (!chart.whole) return [start, end];
  const [left, top] = plotCorner();
  const within = ([x, y]) => [
    Math.min(Math.max(x, left), left + chart.view.width()),
    Math.min(Math.max(y, top), top + chart.view.height()),
  ];
  const [from, to] = [within(start), within(end)];
  return from[0] < to[0] && from[1] < to[1] ? [from, to] : null;
}
