// Points of a chart that light up: those of another chart's brush, those that a search found, the nearest to a point; and names
// of places. They are painted on a canvas of their own: Vega would need a quarter of a second to draw them again.

const LIT = 2.5; // radii, in pixels
const FOUND = 3.5;
const NEAR = { a: 6, b: 8 }; // the nearest in the latent space of model A and of B: solid and dashed, as the models' edges are

const LINE = 15; // between the middles of two names

const lights = document.createElement("canvas");
lights.className = "vega-lights";

function paintLights() {
  if (!chart || !chart.xScale() || !chart.yScale()) return;
  const layers = litLayers();
  for (const [name, { length }] of Object.entries(layers)) lights.dataset[name] = String(length);
  lights.dataset.names = "0";
  if (!marks.names.length && !Object.values(layers).some((layer) => layer.length)) return lights.remove();
  place.append(lights);
  const sharp = window.devicePixelRatio || 1;
  [lights.width, lights.height] = [place.clientWidth * sharp, place.clientHeight * sharp];
  const pen = lights.getContext("2d");
  pen.scale(sharp, sharp);
  pen.strokeStyle = pen.fillStyle = cssVariable("--body-text-color");
  pen.globalAlpha = 0.7;
  circles(pen, layers.lit, LIT).stroke();
  pen.globalAlpha = 1;
  circles(pen, layers.found, FOUND).fill();
  pen.lineWidth = 2;
  circles(pen, layers.a, NEAR.a).stroke();
  pen.setLineDash([3, 2]);
  circles(pen, layers.b, NEAR.b).stroke();
  writeNames(pen);
}

// Where points light up, in pixels of the place.
function litLayers() {
  // The points of this chart's own brush are seen inside it.
  const lit = marks.lit && marks.lit.by !== member ? [...marks.lit.ids].filter(isOfBoth(marks.lit.of)) : [];
  return { lit: dots(lit), found: dots(marks.found), a: dots(marks.near.a), b: dots(marks.near.b) };
}

// A number can be another example, or another draw, for the model of another chart.
function isOfBoth(other) {
  const [examples, draws] = [other.examples === chart.of.examples, other.draws === chart.of.draws];
  return (id) => (id < 0 ? draws : examples);
}

function writeNames(pen) {
  const names = placedNames();
  pen.setLineDash([]);
  pen.font = nameFont();
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.lineJoin = "round";
  pen.lineWidth = 4;
  pen.strokeStyle = cssVariable("--block-background-fill");
  for (const { text, across, up } of names) {
    pen.strokeText(text, across, up);
    pen.fillText(text, across, up);
  }
  lights.dataset.names = String(names.length);
}

function nameFont() {
  return `700 12px ${getComputedStyle(place).fontFamily}`;
}

// The first names have the choice; one that would hide another gives way up or down, or is left out.
function placedNames() {
  const corner = place.getBoundingClientRect();
  const [left, top] = plotOffset().map((at, i) => at - (i ? corner.top : corner.left));
  const [width, height] = [chart.view.width(), chart.view.height()];
  const taken = [];
  const pen = lights.getContext("2d");
  pen.font = nameFont();
  for (const { x, y, text } of marks.names) {
    const half = pen.measureText(text).width / 2;
    if (!ifSeen(pixel(x, y))) continue;
    const [at, middle] = pixel(x, y);
    const across = Math.min(Math.max(at, left + half), left + width - half); // inside the plot
    const free = (up) =>
      Math.abs(up - top - height / 2) < height / 2 - LINE / 2 &&
      taken.every((other) => Math.abs(up - other.up) >= LINE || Math.abs(across - other.across) >= half + other.half + 4);
    const up = [0, -LINE, LINE, -2 * LINE, 2 * LINE].map((by) => middle + by).find(free);
    if (up === undefined) continue;
    taken.push({ text, across, up, half });
  }
  return taken;
}

// Where the chart has the points of these ids, in pixels of the place.
function dots(ids) {
  const rows = (ids ?? []).map((id) => chart.rowById.get(id)).filter(Boolean);
  return rows.map((row) => ifSeen(pixel(row[chart.fields.x], row[chart.fields.y]))).filter(Boolean);
}

function circles(pen, at, radius) {
  pen.beginPath();
  for (const [x, y] of at) {
    pen.moveTo(x + radius, y);
    pen.arc(x, y, radius, 0, 2 * Math.PI);
  }
  return pen;
}
