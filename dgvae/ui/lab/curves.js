// What happened so far, as curves (see screen.py): a small chart for each figure, a line for each method.

const [WIDE, HIGH] = [230, 130]; // of a chart, in its own units
const EDGE = { left: 34, right: 14, top: 6, bottom: 16 };
const LETTER = 9; // its height
const SVG = "http://www.w3.org/2000/svg";

const charts = constants.curves.map(([key, name, logarithmic]) => {
  const figure = document.createElement("figure");
  const svg = make("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img" });
  figure.innerHTML = `<figcaption>${name}</figcaption>`;
  figure.append(svg);
  return { key, name, logarithmic, svg, figure };
});

// They have a place of their own on the page, which may be there later than this one.
function placeCurves() {
  const place = document.querySelector(".lab-curves");
  if (!place?.contains(charts[0].figure)) place?.replaceChildren(...charts.map(({ figure }) => figure));
}

function drawCurves(titles, moments, at) {
  placeCurves();
  const last = Math.max(moments.at(-1).step, 1);
  const across = (step) => EDGE.left + (step / last) * (WIDE - EDGE.left - EDGE.right);
  for (const { key, name, logarithmic, svg } of charts) {
    const lines = titles.map((_, i) => moments.map((moment) => [moment.step, moment.methods[i].figures[key]]));
    const known = lines.map((line) => line.filter(([, value]) => value !== null));
    const { up, ticks } = scale(
      known.flat().map(([, value]) => value),
      logarithmic,
    );
    const parts = ticks.flatMap((tick) => [
      make("line", { x1: EDGE.left, x2: WIDE - EDGE.right, y1: up(tick), y2: up(tick), class: "grid" }),
      label(EDGE.left - 4, up(tick) + 3, brief(tick), "end"),
    ]);
    parts.push(
      make("line", {
        x1: across(moments[at].step),
        x2: across(moments[at].step),
        y1: EDGE.top,
        y2: HIGH - EDGE.bottom,
        class: "now",
      }),
    );
    parts.push(label(WIDE - EDGE.right, HIGH - 4, `${moments.at(-1).step} steps`, "end"));
    known.forEach((line, i) => {
      if (!line.length) return;
      const points = line.map(([step, value]) => `${across(step).toFixed(1)},${up(value).toFixed(1)}`).join(" ");
      parts.push(make("polyline", { points, class: `line-${"abcd"[i]}` }));
    });
    parts.push(...letters(known, up));
    const said = titles.map((title, i) => `${title} ${short(lines[i][at][1])}`).join(", ");
    svg.setAttribute("aria-label", `${name} at step ${moments[at].step}: ${said}`);
    svg.replaceChildren(...parts);
  }
}

// Each at the end of its line, or as near as the others leave room.
function letters(lines, up) {
  const ends = lines.map((line, i) => ({ i, y: line.length ? up(line.at(-1)[1]) : NaN })).filter(({ y }) => !Number.isNaN(y));
  let below = HIGH - EDGE.bottom + LETTER;
  return ends
    .sort((a, b) => b.y - a.y || b.i - a.i)
    .map(({ i, y }) => {
      below = Math.min(y, below - LETTER);
      return label(WIDE - EDGE.right + 3, below + 3, "ABCD"[i], "start", "letter");
    });
}

// From zero to a little over the largest value; of a logarithmic one from 0.01 on.
function scale(values, logarithmic) {
  const bend = logarithmic ? (value) => Math.log10(Math.max(value, 0.01)) : (value) => value;
  const low = logarithmic ? -2 : 0;
  const high = Math.max(...values.map(bend), low + 1) + 0.05;
  const up = (value) => HIGH - EDGE.bottom - ((bend(value) - low) / (high - low)) * (HIGH - EDGE.top - EDGE.bottom);
  const step = roundStep(high - low, logarithmic ? 1 : 0.5);
  const ticks = Array.from({ length: 1 + Math.floor((high - low) / step) }, (_, i) => low + i * step);
  return { up, ticks: logarithmic ? ticks.map((tick) => 10 ** tick) : ticks };
}

// Of 1, 2 or 5 times a power of ten, that which makes four ticks at most.
function roundStep(span, least) {
  const power = 10 ** Math.floor(Math.log10(span / 4));
  return Math.max([1, 2, 5, 10].find((size) => span / (size * power) <= 4) * power, least);
}

function short(value) {
  if (value === null) return "–";
  return Math.abs(value) >= 10000 ? value.toExponential(1).replace("+", "") : value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

// A tick of 3,000,000 is 3e6.
function brief(tick) {
  return tick >= 10000 ? tick.toExponential(0).replace("+", "") : String(Number(tick.toFixed(2)));
}

function label(x, y, text, anchor, kind = "tick") {
  const made = make("text", { x, y, "text-anchor": anchor, class: kind });
  made.textContent = text;
  return made;
}

function make(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
