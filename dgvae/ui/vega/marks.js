// What lies over a chart: the ring round a point, the brushed rectangle with its points, the cross-hair. Linked charts
// show each other's. Python sends marks, too, through chart_marks.js: {ring: id, brush: {x: [lo, hi], y: [lo, hi]}}.

const marks = { ring: null, brush: null, cross: null, lit: null }; // lit: {by: the brushed chart, ids}
const ring = mark("vega-ring");
const brushed = mark("vega-brush");
const cross = mark("vega-cross");
const lights = document.createElement("canvas");
lights.className = "vega-lights";

const member = { isMounted: () => place.isConnected, show, receiveMarks };
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
}

function showEverywhere(what) {
  for (const other of group) {
    if (other.isMounted()) other.show(what);
    else group.delete(other);
  }
}

// When Python sends marks, in place of all that were there.
function receiveMarks(sent) {
  Object.assign(marks, { ring: sent.ring ?? null, brush: sent.brush ?? null });
  light();
  placeMarks();
}

// When a new chart is drawn: marks stay where they were, in data coordinates.
function renewMarks() {
  const waiting = page.waiting.get(props.name);
  if (page.waiting.delete(props.name)) Object.assign(marks, { ring: waiting.ring ?? null, brush: waiting.brush ?? null });
  marks.cross = chart.marker ?? marks.cross;
  light();
  placeMarks();
}

// The points in this chart's brush, everywhere; another chart's stay lit if there is no brush here.
function light() {
  if (marks.brush && chart) showEverywhere({ lit: { by: member, ids: idsIn(marks.brush) } });
  else if (marks.lit?.by === member) showEverywhere({ lit: null });
}

function idsIn({ x, y }) {
  const { x: across, y: up } = chart?.fields ?? {};
  const inside = (value, [low, high]) => value >= low && value <= high;
  return new Set((chart?.rows ?? []).filter((row) => inside(row[across], x) && inside(row[up], y)).map((row) => row.id));
}

function placeMarks() {
  if (!chart || !chart.xScale() || !chart.yScale()) return;
  place.append(brushed, ring, cross);
  const row = chart.rowById.get(marks.ring);
  put(ring, row && pixel(row[chart.fields.x], row[chart.fields.y]));
  if (row) ring.dataset.id = row.id;
  put(cross, marks.cross && chart.gestures === "drag" && pixel(marks.cross.x, marks.cross.y));
  const corners = marks.brush && [pixel(marks.brush.x[0], marks.brush.y[1]), pixel(marks.brush.x[1], marks.brush.y[0])];
  put(brushed, corners?.[0]);
  if (corners) {
    brushed.style.width = `${corners[1][0] - corners[0][0]}px`;
    brushed.style.height = `${corners[1][1] - corners[0][1]}px`;
  }
  placeLights();
}

function put(mark, at) {
  mark.style.display = at ? "block" : "none";
  if (at) mark.style.transform = `translate(${at[0]}px, ${at[1]}px)`;
}

// Another chart's brushed points are painted on a canvas of their own: Vega would need a quarter of a second to draw them again.
// Those of this one's own brush are seen inside it.
function placeLights() {
  const rows =
    marks.lit && marks.lit.by !== member ? [...marks.lit.ids].map((id) => chart.rowById.get(id)).filter(Boolean) : [];
  if (!rows.length) return lights.remove();
  place.append(lights);
  const sharp = window.devicePixelRatio || 1;
  [lights.width, lights.height] = [place.clientWidth * sharp, place.clientHeight * sharp];
  const pen = lights.getContext("2d");
  pen.scale(sharp, sharp);
  pen.strokeStyle = cssVariable("--body-text-color");
  pen.globalAlpha = 0.7;
  pen.beginPath();
  for (const row of rows) {
    const [x, y] = pixel(row[chart.fields.x], row[chart.fields.y]);
    pen.moveTo(x + 2.5, y);
    pen.arc(x, y, 2.5, 0, 2 * Math.PI);
  }
  pen.stroke();
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
