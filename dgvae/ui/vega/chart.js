// The page's half of VegaChart (see chart.py): drawing. Gradio runs this once for each mounted chart, with `element`,
// `trigger`, `props` and `watch` in scope; the other PARTS of chart.py follow in the same scope.

const RESIZE_DELAY = 120; // milliseconds

// What all charts of the page share: the promise of the Vega script, the charts of each group and by name, and marks that
// came before their chart.
const page = (window.dgvaeCharts ??= { library: null, groups: new Map(), named: new Map(), waiting: new Map() });

const place = element.querySelector(".vega-place");
let chart = null; // what is drawn, as describe() says
let drawing = 0; // counts the calls of draw(), so that an overtaken one can tell

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
    const spec = zoomable(colored(JSON.parse(props.value)));
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
    place.dataset.gestures = chart.gestures;
    renewView();
    renewMarks();
    place.dataset.state = "ready";
  } catch (error) {
    stage.remove();
    if (mine === drawing) fail(error);
  }
}

function describe(stage, made, spec) {
  const rows = orNull(() => made.view.data("points")) ?? [];
  for (const row of rows) row.id = Number(row.id); // Vega-Lite converts those of CSV for the marks only
  const whole = spec.usermeta?.whole ?? null;
  return {
    stage,
    whole, // the view at first, of a chart with zoom
    detail: Boolean(spec.usermeta?.detail), // whether Python has more of a view
    own: rows, // of the chart itself, without those that came for a view
    picture: orNull(() => made.view.data("picture")) ?? [],
    view: made.view,
    finalize: made.finalize,
    rows,
    rowById: new Map(rows.map((row) => [row.id, row])),
    fields: spec.usermeta?.fields ?? { x: "x", y: "y" },
    alongX: spec.usermeta?.nearest === "x",
    of: { examples: spec.usermeta?.examples, draws: spec.usermeta?.draws }, // what its numbers mean; see isOfBoth
    gestures: spec.usermeta?.drag ? "drag" : spec.usermeta?.brush ? "brush" : "none",
    marker: spec.usermeta?.marker ?? null,
    tooltip: Object.entries(spec.usermeta?.tooltip ?? {}),
    xScale: () => (whole ? viewScale("x", made.view.width()) : orNull(() => made.view.scale("x"))),
    yScale: () => (whole ? viewScale("y", made.view.height()) : orNull(() => made.view.scale("y"))),
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
    script.src = `${root}/gradio_api/${encodeURI(props.library)}`;
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

// ---- colors of the page

function isDark() {
  return document.body.classList.contains("dark");
}

function cssVariable(name) {
  return getComputedStyle(place).getPropertyValue(name).trim();
}

function colored(spec) {
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
    title: {
      color: text,
      subtitleColor: muted,
      anchor: "start",
      fontSize: 13,
      fontWeight: 700,
      subtitleFontSize: 12,
      offset: 8,
    },
    header: { labelColor: text, titleColor: text },
    axis: { labelColor: muted, titleColor: muted, gridColor: line, domainColor: line, tickColor: line },
    legend: { labelColor: text, titleColor: muted, titleFontWeight: 400, labelFontSize: 12, titleFontSize: 12 },
  };
}

// ---- what makes the chart draw again

// Vega only listens to the window, but a place also changes when a tab is opened or a column wraps.
let knownWidth = place.clientWidth;
let resizeTimer = 0;
new ResizeObserver(() => {
  if (place.clientWidth === knownWidth) return;
  knownWidth = place.clientWidth;
  clearTimeout(resizeTimer);
  resizeTimer = setTimeout(() => {
    window.dispatchEvent(new Event("resize"));
    requestAnimationFrame(() => {
      if (chart?.whole) renewView();
      placeMarks();
      paintLights();
    });
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
