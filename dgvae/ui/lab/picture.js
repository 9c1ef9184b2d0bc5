// Pictures of a moment of the lab (see screen.py): a method's posteriors as density and as density gap. The numbers that
// decide how come from Python, in `constants`, and what is drawn is the same as dgvae.toy.picture and dgvae.explore.slices draw.

const { reach, ring, most, most_gap: mostGap } = constants;
const cells = 96; // along each side
const noMass = 1e-7; // of a cell: where neither density has more, their gap says nothing

function reachOf(shape) {
  return shape.kind === "vmf" ? reach.vmf : reach.plane;
}

// ---- densities, a number for each cell of the square, row 0 lowest; null if the posterior has none

function densityOf(shape) {
  if (shape.kind === "gaussian") return planeDensity(shape);
  return shape.kind === "vmf" ? circleDensity(shape) : null;
}

// Means over cells, so that the narrowest posterior leaves its mass: q = P_yᵀ P_x / N.
function planeDensity({ places, widths }) {
  const count = places.length / 2;
  const density = new Float64Array(cells * cells);
  const [across, up] = [new Float64Array(cells), new Float64Array(cells)];
  for (let n = 0; n < count; n++) {
    cellMeans(across, places[2 * n], widths[2 * n]);
    cellMeans(up, places[2 * n + 1], widths[2 * n + 1]);
    for (let row = 0; row < cells; row++) {
      const share = up[row] / count;
      if (share < 1e-12) continue;
      for (let column = 0; column < cells; column++) density[row * cells + column] += share * across[column];
    }
  }
  return density;
}

function cellMeans(into, mean, width) {
  const side = (2 * reach.plane) / cells;
  let below = normalShare((-reach.plane - mean) / width);
  for (let i = 0; i < cells; i++) {
    const above = normalShare((-reach.plane + (i + 1) * side - mean) / width);
    into[i] = (above - below) / side;
    below = above;
  }
}

// Φ(x), to 7 digits (Abramowitz & Stegun 7.1.26).
function normalShare(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x) * Math.SQRT1_2);
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const tail = 0.5 * series * Math.exp(-0.5 * x * x);
  return x > 0 ? 1 - tail : tail;
}

// Per radian, in a ring outside of the circle.
function circleDensity({ places, kappa, log_top: logTop }) {
  const density = new Float64Array(cells * cells);
  for (let row = 0; row < cells; row++) {
    for (let column = 0; column < cells; column++) {
      const [x, y] = [column, row].map((i) => ((i + 0.5) / cells) * 2 * reach.vmf - reach.vmf);
      const radius = Math.hypot(x, y);
      if (radius < ring[0] || radius > ring[1]) continue;
      let sum = 0;
      for (let n = 0; n < places.length; n += 2) {
        sum += Math.exp(logTop + kappa * ((x * places[n] + y * places[n + 1]) / radius - 1));
      }
      density[row * cells + column] = (2 * sum) / places.length;
    }
  }
  return density;
}

const priorOnPlane = planeDensity({ places: [0, 0], widths: [1, 1] });

// log p − log q in nats, NaN where both are empty.
function gapOf(shape, density) {
  const area = ((2 * reachOf(shape)) / cells) ** 2;
  const floor = (1e-3 * noMass) / area;
  return density.map((q, i) => {
    if (shape.kind === "vmf") return q ? -Math.log(2 * Math.PI * q) : NaN;
    const p = priorOnPlane[i];
    return Math.max(p, q) * area < noMass ? NaN : Math.log(Math.max(p, floor) / Math.max(q, floor));
  });
}

// ---- on the canvas

function paintDensity(canvas, shape, density) {
  const pen = cleared(canvas);
  const color = rgb("--chart-posterior");
  if (density) putCells(pen, density, (q) => [color, q / most]);
  contours(pen, shape, "--chart-prior");
  posteriors(pen, shape);
}

function paintGap(canvas, shape, density) {
  const pen = cleared(canvas);
  const [hole, dense] = [rgb("--chart-hole"), rgb("--chart-dense")];
  if (!density) return sayNone(pen);
  putCells(pen, gapOf(shape, density), (gap) => [gap > 0 ? hole : dense, Math.abs(gap || 0) / mostGap]);
  contours(pen, shape, "--chart-ink");
}

function cleared(canvas) {
  const side = Math.round((canvas.clientWidth || 200) * (window.devicePixelRatio || 1));
  [canvas.width, canvas.height] = [side, side];
  return canvas.getContext("2d");
}

function putCells(pen, values, look) {
  const image = new ImageData(cells, cells);
  values.forEach((value, i) => {
    const [color, share] = look(value);
    const at = 4 * ((cells - 1 - Math.floor(i / cells)) * cells + (i % cells)); // the highest row comes first
    image.data.set(color, at);
    image.data[at + 3] = Math.round(255 * Math.min(1, share));
  });
  const small = new OffscreenCanvas(cells, cells);
  small.getContext("2d").putImageData(image, 0, 0);
  pen.drawImage(small, 0, 0, pen.canvas.width, pen.canvas.height);
}

function sayNone(pen) {
  pen.fillStyle = css("--body-text-color-subdued");
  pen.font = `${pen.canvas.width / 16}px ${getComputedStyle(element).fontFamily}`;
  pen.textAlign = "center";
  pen.fillText("it has no density", pen.canvas.width / 2, pen.canvas.height / 2);
}

// Of the prior: one, two and three standard deviations, or all of it.
function contours(pen, shape, color) {
  pen.strokeStyle = css(color);
  pen.lineWidth = pen.canvas.width / 260;
  for (const radius of shape.kind === "vmf" ? [1] : [1, 2, 3]) ellipse(pen, shape, 0, 0, radius, radius);
}

// Means as dots, one standard deviation as an ellipse; of an implicit posterior, draws.
function posteriors(pen, shape) {
  const { places, widths } = shape;
  pen.strokeStyle = css("--chart-posterior");
  pen.fillStyle = css("--chart-ink");
  pen.lineWidth = pen.canvas.width / 500;
  for (let i = 0; i < places.length; i += 2) {
    pen.globalAlpha = 0.45;
    if (widths) ellipse(pen, shape, places[i], places[i + 1], widths[i], widths[i + 1]);
    const [x, y] = onCanvas(pen, shape, places[i], places[i + 1]);
    pen.globalAlpha = shape.kind === "implicit" ? 0.35 : 0.9;
    pen.beginPath();
    pen.arc(x, y, pen.canvas.width / 180, 0, 2 * Math.PI);
    pen.fill();
  }
  pen.globalAlpha = 1;
}

function ellipse(pen, shape, x, y, wide, high) {
  const scale = pen.canvas.width / 2 / reachOf(shape);
  pen.beginPath();
  pen.ellipse(...onCanvas(pen, shape, x, y), wide * scale, high * scale, 0, 0, 2 * Math.PI);
  pen.stroke();
}

function onCanvas(pen, shape, x, y) {
  const half = pen.canvas.width / 2;
  return [(x / reachOf(shape) + 1) * half, (1 - y / reachOf(shape)) * half];
}

function css(name) {
  return getComputedStyle(element).getPropertyValue(name).trim();
}

function rgb(name) {
  return css(name)
    .match(/[0-9a-f]{2}/gi)
    .map((pair) => parseInt(pair, 16));
}

// All pictures as one: a column for each method, under its name.
function pictures(titles, panels) {
  const columns = [...panels.children].map((place) => [...place.querySelectorAll("canvas")]);
  const side = columns[0][0].width;
  const [gap, head] = [Math.round(side / 20), Math.round(side / 8)];
  const whole = document.createElement("canvas");
  [whole.width, whole.height] = [columns.length * (side + gap) + gap, head + 2 * (side + gap)];
  const pen = whole.getContext("2d");
  pen.fillStyle = css("--body-background-fill");
  pen.fillRect(0, 0, whole.width, whole.height);
  pen.font = `bold ${Math.round(side / 16)}px ${getComputedStyle(element).fontFamily}`;
  columns.forEach((column, i) => {
    const left = gap + i * (side + gap);
    pen.fillStyle = css("--body-text-color");
    pen.fillText(titles[i], left, head - gap);
    column.forEach((picture, row) => {
      pen.fillStyle = css("--block-background-fill");
      pen.fillRect(left, head + row * (side + gap), side, side);
      pen.drawImage(picture, left, head + row * (side + gap));
    });
  });
  return whole;
}

// ---- saving

function save(name, type, text) {
  saveBlob(name, new Blob([text], { type }));
}

function saveBlob(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
