// What lies over a chart: the ring round a point, the brushed rectangle or lasso (lasso.js) with its points, the cross-hair,
// points that light up (lights.js). Linked charts show each other's. Python sends marks, too, through chart_marks.js (see `marks` in chart.py).

const marks = { hovered: null, ring: null, brush: null, cross: null, lit: null, found: [], near: {}, names: [] };
// hovered: the id under the pointer; ring: the chosen one, which keeps the ring when the pointer has gone.
// lit: {by: the brushed chart, of: what its numbers mean, ids}
const ring = mark("vega-ring");
const brushed = mark("vega-brush");
const cross = mark("vega-cross");

const member = { isMounted: () => place.isConnected, show, receiveMarks, takeTool };
page.named.set(props.name, member);
const group = joinGroup(props.group);

function mark(name) {
  const made = document.createElement("div");
  made.className = name;
  return made;
}

function joinGroup(name) {
  const members = page.groups.get(name) ?? new Set();
  if (name) page.groups.set(name, members);
  return members.add(member);
}

function show(what) {
  Object.assign(marks, what);
  placeMarks();
  if ("lit" in what) paintLights();
}

function showEverywhere(what) {
  for (const other of group) {
    if (other.isMounted()) other.show(what);
    else group.delete(other);
  }
}

// When Python sends marks: those of a kind take the place of what was there, the other kinds stay.
function receiveMarks({ detail, ...sent }) {
  if (detail) receiveDetail(detail);
  Object.assign(marks, sent);
  light();
  placeMarks();
  paintLights();
}

// When a new chart is drawn: marks stay where they were, in data coordinates.
function renewMarks() {
  Object.assign(marks, page.waiting.get(props.name));
  page.waiting.delete(props.name);
  marks.cross = chart.marker ?? marks.cross;
  light();
  placeMarks();
  paintLights();
}

// The points in this chart's brush, everywhere; another chart's stay lit if there is no brush here.
function light() {
  if (marks.brush && chart) showEverywhere({ lit: { by: member, of: chart.of, ids: idsIn(marks.brush) } });
  else if (marks.lit?.by === member) showEverywhere({ lit: null });
}

function idsIn({ x, y, corners }) {
  const { x: across, y: up } = chart?.fields ?? {};
  const between = (value, [low, high]) => value >= low && value <= high;
  const isInside = corners
    ? (row) => isInPolygon(corners, Number(row[across]), Number(row[up]))
    : (row) => between(row[across], x) && between(row[up], y);
  return new Set((chart?.rows ?? []).filter(isInside).map((row) => row.id));
}

function placeMarks() {
  if (!chart || !chart.xScale() || !chart.yScale()) return;
  place.append(outline, brushed, ring, cross);
  const row = ringedRow();
  put(ring, row && ifSeen(pixel(row[chart.fields.x], row[chart.fields.y])));
  if (row) ring.dataset.id = row.id;
  put(cross, marks.cross && chart.gestures === "drag" && pixel(marks.cross.x, marks.cross.y));
  placeLasso();
  const { x, y } = marks.brush ?? {};
  const ends = x && [pixel(x[0], y[1]), pixel(x[1], y[0])];
  const corners = ends && intoPlot(ends[0], ends[1]);
  put(brushed, corners?.[0]);
  if (corners) {
    brushed.style.width = `${corners[1][0] - corners[0][0]}px`;
    brushed.style.height = `${corners[1][1] - corners[0][1]}px`;
  }
}

function ringedRow() {
  return chart.rowById.get(marks.hovered ?? marks.ring);
}

function put(mark, at) {
  mark.style.display = at ? "block" : "none";
  if (at) mark.style.transform = `translate(${at[0]}px, ${at[1]}px)`;
}

// ---- where things are

// Of data coordinates, in pixels of the place.
function pixel(x, y) {
  const corner = place.getBoundingClientRect();
  const [left, top] = plotOffset();
  return [left - corner.left + chart.xScale()(x), top - corner.top + chart.yScale()(y)];
}

// Of the plot's corner, in pixels of the window.
function plotOffset() {
  const [x, y] = chart.view.origin();
  const { left, top } = chart.view.padding();
  const canvas = chart.stage.querySelector("canvas").getBoundingClientRect();
  return [canvas.left + left + x, canvas.top + top + y];
}
