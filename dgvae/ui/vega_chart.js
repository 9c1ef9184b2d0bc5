// The page's half of VegaChart (see vega_chart.py). Gradio runs this once for each mounted chart, with `element`,
// `trigger`, `props` and `watch` in scope.

const PICK_RADIUS = 14; // pixels
const DRAG_DISTANCE = 4; // pixels; a press that moved further is no click
const HOVER_DELAY = 80; // milliseconds; a sweeping pointer must not flood Python
const RESIZE_DELAY = 120; // milliseconds

// What all charts of the page share: the promise of the Vega script, and the charts of each group.
const page = (window.dgvaeCharts ??= { library: null, groups: new Map() });

const place = element.querySelector(".vega-place");
const ring = document.createElement("div");
ring.className = "vega-ring";

let chart = null; // what is drawn: {stage, view, finalize, rows, rowById, fields, alongX, tooltip, xScale, yScale}
let drawing = 0; // counts the calls of draw(), so that an overtaken one can tell
let hoveredId = null;
let reportedId = null;
let hoverTimer = 0;
let pressedAt = null;

const member = { isMounted: () => place.isConnected, showRing };
const group = joinGroup(props.group);

// ---- drawing

async function draw() {
  const mine = ++drawing;
  if (!props.value) {
    discard(chart);
    chart = null;
    place.replaceChildren();
    place.dataset.state = "empty";
    return;
  }
  if (place.dataset.state === "failed") place.replaceChildren();
  place.dataset.state = "loading";
  // The new chart is made out of sight and changes places with the old one, so that nothing flickers.
  const stage = document.createElement("div");
  try {
    await loadLibrary();
    if (mine !== drawing) return;
    const spec = coloured(JSON.parse(props.value));
    place.classList.toggle("square", spec.height === "container");
    stage.className = "vega-stage incoming";
    place.append(stage);
    const made = await vegaEmbed(stage, spec, {
      mode: "vega-lite", // else an empty specification counts as an empty Vega chart
      actions: false,
      renderer: "canvas",
      config: pageStyle(),
      tooltip: { theme: isDark() ? "dark" : "light" },
    });
    if (mine !== drawing) {
      made.finalize();
      stage.remove();
      return;
    }
    discard(chart);
    chart = describe(stage, made, spec);
    stage.classList.remove("incoming");
    place.append(ring);
    showRing(null);
    hoveredId = null;
    place.dataset.state = "ready";
  } catch (error) {
    stage.remove();
    if (mine === drawing) fail(error);
  }
}

function describe(stage, made, spec) {
  const rows = orNull(() => made.view.data("points")) ?? [];
  return {
    stage,
    view: made.view,
    finalize: made.finalize,
    rows,
    rowById: new Map(rows.map((row) => [row.id, row])),
    fields: spec.usermeta?.fields ?? { x: "x", y: "y" },
    alongX: spec.usermeta?.nearest === "x",
    tooltip: Object.entries(spec.usermeta?.tooltip ?? {}),
    xScale: () => orNull(() => made.view.scale("x")),
    yScale: () => orNull(() => made.view.scale("y")),
  };
}

function discard(old) {
  old?.finalize();
  old?.stage.remove();
}

function fail(error) {
  console.warn("VegaChart", error);
  discard(chart);
  chart = null;
  place.textContent = `This chart could not be drawn: ${String(error?.message ?? error).replace(/\.?\s*$/, ".")}`;
  place.dataset.state = "failed";
}

function loadLibrary() {
  page.library ??= new Promise((resolve, reject) => {
    const root = (window.gradio_config?.root || location.origin).replace(/\/$/, "");
    const script = document.createElement("script");
    script.type = "module"; // its names would clash with Gradio's; it hands out `vegaEmbed` through the window
    script.src = `${root}/gradio_api/file=${encodeURI(props.library)}`;
    script.onload = resolve;
    script.onerror = () => {
      page.library = null; // the next chart tries again
      script.remove();
      reject(new Error("the drawing library did not load; reload the page to try again"));
    };
    document.head.append(script);
  });
  return page.library;
}

function orNull(read) {
  try {
    return read() ?? null;
  } catch {
    return null; // Vega throws at names that a chart does not have
  }
}

// ---- colours of the page

function isDark() {
  return document.body.classList.contains("dark");
}

function cssVariable(name) {
  return getComputedStyle(place).getPropertyValue(name).trim();
}

function coloured(spec) {
  for (const parameter of spec.params ?? []) {
    parameter.value = cssVariable(`--chart-${parameter.name}`) || parameter.value;
  }
  return spec;
}

function pageStyle() {
  const text = cssVariable("--body-text-color");
  const muted = cssVariable("--body-text-color-subdued");
  const line = cssVariable("--border-color-primary");
  return {
    background: "transparent",
    font: getComputedStyle(place).fontFamily,
    view: { stroke: line, fill: cssVariable("--block-background-fill") },
    title: { color: text, subtitleColor: muted, anchor: "start", fontSize: 13, fontWeight: 700, subtitleFontSize: 12, offset: 8 },
    header: { labelColor: text, titleColor: text },
    axis: { labelColor: muted, titleColor: muted, gridColor: line, domainColor: line, tickColor: line },
    legend: { labelColor: text, titleColor: muted, titleFontWeight: 400, labelFontSize: 12, titleFontSize: 12 },
  };
}

// ---- where things are, in pixels of the plot

function plotOffset() {
  const [x, y] = chart.view.origin();
  const { left, top } = chart.view.padding();
  const canvas = chart.stage.querySelector("canvas").getBoundingClientRect();
  return [canvas.left + left + x, canvas.top + top + y];
}

function pointerInPlot(event) {
  const [left, top] = plotOffset();
  const [x, y] = [event.clientX - left, event.clientY - top];
  const inside = x >= 0 && y >= 0 && x <= chart.view.width() && y <= chart.view.height();
  return inside && chart.xScale() && chart.yScale() ? [x, y] : null;
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

// ---- the ring round a point, in every chart of the group

function joinGroup(name) {
  const members = page.groups.get(name) ?? new Set();
  if (name) page.groups.set(name, members);
  return members.add(member);
}

function ringEverywhere(id) {
  for (const other of group) {
    if (other.isMounted()) other.showRing(id);
    else group.delete(other);
  }
}

function showRing(id) {
  const row = chart?.rowById.get(id);
  ring.style.display = row ? "block" : "none";
  if (!row) return;
  const corner = place.getBoundingClientRect();
  const [left, top] = plotOffset();
  const x = left - corner.left + chart.xScale()(row[chart.fields.x]);
  const y = top - corner.top + chart.yScale()(row[chart.fields.y]);
  ring.style.transform = `translate(${x}px, ${y}px)`;
  ring.dataset.id = id;
}

// ---- the pointer

function hover(row, event) {
  chart.view.tooltip()(null, event, null, row && facts(row));
  const id = row?.id ?? null;
  if (id === hoveredId) return;
  hoveredId = id;
  ringEverywhere(id);
  clearTimeout(hoverTimer);
  hoverTimer = setTimeout(reportHover, HOVER_DELAY);
}

function reportHover() {
  if (hoveredId === reportedId) return;
  reportedId = hoveredId;
  trigger("hover", { id: hoveredId });
}

function facts(row) {
  const known = chart.tooltip.filter(([column]) => row[column] != null && row[column] !== "");
  return known.length ? Object.fromEntries(known.map(([column, name]) => [name, row[column]])) : null;
}

function pick(event) {
  const moved = pressedAt ? Math.hypot(event.clientX - pressedAt[0], event.clientY - pressedAt[1]) : Infinity;
  const at = chart && moved <= DRAG_DISTANCE && pointerInPlot(event);
  if (!at) return;
  const id = nearestRow(at)?.id ?? null;
  ringEverywhere(id); // a finger does not hover
  trigger("pick", { x: chart.xScale().invert(at[0]), y: chart.yScale().invert(at[1]), id });
}

let frame = 0;
place.addEventListener("pointermove", (event) => {
  if (event.buttons) return;
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(() => {
    if (!chart) return;
    const at = pointerInPlot(event);
    hover(at && nearestRow(at), event);
  });
});
place.addEventListener("pointerleave", (event) => {
  cancelAnimationFrame(frame);
  if (chart) hover(null, event);
});
place.addEventListener("pointerdown", (event) => {
  pressedAt = [event.clientX, event.clientY];
});
place.addEventListener("click", pick);

// ---- what makes the chart draw again

// Vega only listens to the window, but a place also changes when a tab is opened or a column wraps.
let knownWidth = place.clientWidth;
let resizeTimer = 0;
new ResizeObserver(() => {
  if (place.clientWidth === knownWidth) return;
  knownWidth = place.clientWidth;
  clearTimeout(resizeTimer);
  resizeTimer = setTimeout(() => {
    showRing(null);
    window.dispatchEvent(new Event("resize"));
  }, RESIZE_DELAY);
}).observe(place);

let drawnDark = isDark();
const darkObserver = new MutationObserver(() => {
  if (!place.isConnected) darkObserver.disconnect();
  else if (isDark() !== drawnDark) {
    drawnDark = isDark();
    draw();
  }
});
darkObserver.observe(document.body, { attributes: true, attributeFilter: ["class"] });

watch("value", draw);
draw();
