// The chart as a file: Vega's picture, and over it what the screen shows there (marks.js, lasso.js, lights.js).

const SVG = "http://www.w3.org/2000/svg";
const FILE_SCALE = 2; // of a PNG
const KEPT = 60_000; // milliseconds until a file's bytes are let go

element.querySelectorAll(".vega-tools [data-format]").forEach((button) =>
  button.addEventListener("click", async () => {
    if (!chart) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await (button.dataset.format === "svg" ? savedSvg() : savedPng()));
    link.download = `${props.label.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-")}.${button.dataset.format}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), KEPT);
  }),
);

async function savedSvg() {
  const svg = new DOMParser().parseFromString(await chart.view.toSVG(), "image/svg+xml").documentElement;
  svg.append(overlay());
  return new Blob([new XMLSerializer().serializeToString(svg)], { type: "image/svg+xml" });
}

/** @returns {Promise<Blob>} */
async function savedPng() {
  const canvas = await chart.view.toCanvas(FILE_SCALE);
  const [width, height] = [canvas.width, canvas.height];
  const over = drawn("svg", { width, height, viewBox: `0 0 ${width / FILE_SCALE} ${height / FILE_SCALE}` }, [overlay()]);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(over))}`;
  await image.decode();
  const pen = canvas.getContext("2d");
  pen.resetTransform();
  pen.drawImage(image, 0, 0, width, height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

// What lies over the chart, where its canvas has it.
function overlay() {
  const [corner, canvas] = [place, chart.stage.querySelector("canvas")].map((part) => part.getBoundingClientRect());
  const transform = `translate(${corner.left - canvas.left} ${corner.top - canvas.top})`;
  const group = drawn("g", { class: "dgvae-overlay", transform, fill: "none", stroke: cssVariable("--body-text-color") });
  if (chart.xScale() && chart.yScale())
    group.append(...inView([brushSaved(), lightsSaved(), namesSaved(), pointSaved()].flat()));
  return group;
}

// Of a zoomed chart, what lies in the plot: an svg within another cuts off what is beyond it.
function inView(parts) {
  if (!chart.whole || isWhole()) return parts;
  const [[x, y], width, height] = [plotCorner(), chart.view.width(), chart.view.height()];
  return [drawn("svg", { x, y, width, height, viewBox: `${x} ${y} ${width} ${height}` }, parts)];
}

function brushSaved() {
  if (!marks.brush) return [];
  const { x, y, corners = [[x[0], y[0]], [x[1], y[0]], [x[1], y[1]], [x[0], y[1]]] } = marks.brush; // prettier-ignore
  const points = corners.map((at) => pixel(at[0], at[1]).join()).join(" ");
  const inside = { fill: "#808080", "fill-opacity": 0.12, "fill-rule": "evenodd" };
  return [drawn("polygon", { points, ...inside, "stroke-width": 1.5, "stroke-linejoin": "round" })];
}

function lightsSaved() {
  const layers = litLayers();
  const circlesOf = (at, r, style) => at.map(([cx, cy]) => drawn("circle", { cx, cy, r, ...style }));
  return [
    ...circlesOf(layers.lit, LIT, { "stroke-opacity": 0.7 }),
    ...circlesOf(layers.found, FOUND, { fill: cssVariable("--body-text-color"), stroke: "none" }),
    ...circlesOf(layers.a, NEAR.a, { "stroke-width": 2 }),
    ...circlesOf(layers.b, NEAR.b, { "stroke-width": 2, "stroke-dasharray": "3 2" }),
  ];
}

function namesSaved() {
  const style = {
    fill: cssVariable("--body-text-color"),
    stroke: cssVariable("--block-background-fill"),
    "stroke-width": 4,
    "stroke-linejoin": "round",
    "paint-order": "stroke",
    "font-family": getComputedStyle(place).fontFamily,
    "font-size": 12,
    "font-weight": 700,
    "text-anchor": "middle",
    "dominant-baseline": "central",
  };
  return placedNames().map(({ text, across, up }) => drawn("text", { x: across, y: up, ...style }, [text]));
}

// The ring round a point, and the cross-hair, as the style of chart.py has them.
function pointSaved() {
  const row = ringedRow();
  const ringed = row ? [pixel(row[chart.fields.x], row[chart.fields.y])] : [];
  const crossed = marks.cross && chart.gestures === "drag" ? [pixel(marks.cross.x, marks.cross.y)] : [];
  const halo = { stroke: cssVariable("--background-fill-primary"), "stroke-width": 5 };
  return [
    ...ringed.flatMap(([cx, cy]) => [halo, { "stroke-width": 2 }].map((style) => drawn("circle", { cx, cy, r: 8, ...style }))),
    ...crossed.flatMap(([cx, cy]) => [
      ...[halo, { "stroke-width": 2 }].map((style) => drawn("circle", { cx, cy, r: 10, ...style })),
      drawn("path", { d: `M ${cx - 5} ${cy} h 10 M ${cx} ${cy - 5} v 10`, "stroke-width": 2 }),
    ]),
  ];
}

function drawn(name, attributes, children = []) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}
