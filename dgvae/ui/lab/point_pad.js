// A pad to draw points on (see screen.py). Gradio runs this once, with `element`, `trigger`, `props` and `watch` in scope.

const APART = 0.2; // between the points of one stroke, at least
const canvas = element.querySelector("canvas");
let points = [];
let stroke = null; // the last point of it

const told = new Set(); // texts that Python had from here: their echoes may come late, and are no news

function read() {
  if (stroke || told.has(props.value)) return;
  told.clear();
  const numbers = (pair) => pair.trim().split(/\s+/).map(Number);
  points = (props.value || "")
    .split(",")
    .map(numbers)
    .filter((pair) => pair.length === 2 && pair.every(Number.isFinite));
  draw();
}

function report() {
  const text = points.map((point) => point.map((value) => Number(value.toFixed(1))).join(" ")).join(", ");
  told.add(text);
  tell("draws", { text });
}

function draw() {
  const pen = canvas.getContext("2d");
  const half = canvas.width / 2;
  const css = (name) => getComputedStyle(element).getPropertyValue(name).trim();
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.strokeStyle = css("--border-color-primary");
  pen.strokeRect(half, -1, half + 2, half + 1);
  pen.strokeRect(-1, half, half + 1, half + 2);
  pen.fillStyle = css("--chart-ink");
  for (const [x, y] of points) {
    pen.beginPath();
    pen.arc((x / props.reach + 1) * half, (1 - y / props.reach) * half, 4, 0, 2 * Math.PI);
    pen.fill();
  }
}

function at(event) {
  const box = canvas.getBoundingClientRect();
  const share = (value) => Math.max(-1, Math.min(1, 2 * value - 1)) * props.reach;
  return [share((event.clientX - box.left) / box.width), -share((event.clientY - box.top) / box.height)];
}

function put(point) {
  if (points.length >= props.most) return;
  points.push(point);
  stroke = point;
  draw();
}

canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  put(at(event));
});
canvas.addEventListener("pointermove", (event) => {
  const point = at(event);
  if (stroke && Math.hypot(point[0] - stroke[0], point[1] - stroke[1]) >= APART) put(point);
});
for (const kind of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(kind, () => {
    if (stroke) report();
    stroke = null;
  });
}
element.querySelector("[data-undo]").addEventListener("click", () => {
  points.pop();
  draw();
  report();
});
element.querySelector("[data-clear]").addEventListener("click", () => {
  points = [];
  draw();
  report();
});

watch("value", read);
read();
