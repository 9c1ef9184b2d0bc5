// The lasso: the tool beside the rectangle, the polygon that it draws, and which points lie in that.

const STEP = 2; // pixels between two places of a path
const LONGEST = 2000; // places of a path; a longer one is simplified while it is drawn
const SLACK = 3; // square pixels; a corner is left out if the triangle with its neighbors is smaller
const DIGITS = 6; // of coordinates, as Python writes them in the link

let tool = "rectangle";
const lassoButton = element.querySelector(".vega-tools [data-lasso]");
const outline = document.createElementNS("http://www.w3.org/2000/svg", "svg");
outline.setAttribute("class", "vega-lasso");
const polygon = document.createElementNS("http://www.w3.org/2000/svg", "polygon");
outline.append(polygon);

lassoButton?.addEventListener("click", () => {
  const other = tool === "lasso" ? "rectangle" : "lasso";
  for (const linked of group) linked.takeTool(other);
});

function takeTool(name) {
  tool = place.dataset.tool = name;
  lassoButton?.setAttribute("aria-pressed", String(name === "lasso"));
}

// ---- drawing it

function trace(pressed, at) {
  if (distance(pressed.path.at(-1), at) < STEP) return;
  pressed.path.push(at);
  if (pressed.path.length > LONGEST) pressed.path = simplified(pressed.path, LONGEST / 2);
}

// What the pointer has marked so far.
function brushTo(pressed, at) {
  return tool === "lasso" ? { corners: pressed.path.map(cornerAt) } : rectangle(pressed.at, at);
}

// What it has marked when it is released; null if that is no area.
function brushUpTo(pressed, at) {
  if (tool !== "lasso") return rounded(rectangle(pressed.at, at));
  const corners = simplified(pressed.path, props.most_corners, SLACK).map(cornerAt);
  return corners.length < 3 ? null : rounded({ corners });
}

function cornerAt(at) {
  const { x, y } = dataAt(at);
  return [x, y];
}

// In as many digits as the link has, so that the points which light up are those that Python counts.
function rounded(brush) {
  const short = (values) => values.map((value) => Number(value.toPrecision(DIGITS)));
  return brush.corners ? { corners: brush.corners.map(short) } : { x: short(brush.x), y: short(brush.y) };
}

function placeLasso() {
  const corners = marks.brush?.corners;
  outline.style.display = corners ? "block" : "none";
  polygon.setAttribute("points", (corners ?? []).map(([x, y]) => pixel(x, y).join()).join(" "));
  const [left, top] = plotCorner();
  outline.style.clipPath = `path("M${left},${top}h${chart.view.width()}v${chart.view.height()}H${left}z")`; // of a zoomed chart
}

// ---- geometry (the tests run what follows alone)

function distance([x0, y0], [x1, y1]) {
  return Math.hypot(x1 - x0, y1 - y0);
}

// Visvalingam and Whyatt: the corner goes that makes the smallest triangle with its neighbors, again and again.
function simplified(corners, most, slack = 0) {
  const kept = [...corners];
  while (kept.length > 3) {
    const areas = kept.map((corner, i) => triangle(kept.at(i - 1), corner, kept[(i + 1) % kept.length]));
    const smallest = areas.reduce((least, area, i) => (area < areas[least] ? i : least), 0);
    if (kept.length <= most && areas[smallest] >= slack) break;
    kept.splice(smallest, 1);
  }
  return kept;
}

function triangle([x0, y0], [x1, y1], [x2, y2]) {
  return Math.abs((x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)) / 2;
}

// By the even-odd rule, in the same operations as `Polygon.inside` in shapes.py.
function isInPolygon(corners, x, y) {
  let isInside = false;
  let [x0, y0] = corners.at(-1);
  for (const [x1, y1] of corners) {
    if (y0 > y !== y1 > y && x < ((x0 - x1) * (y - y1)) / (y0 - y1) + x1) isInside = !isInside;
    [x0, y0] = [x1, y1];
  }
  return isInside;
}
