// Check the types of the page's scripts. Those that Gradio runs in one scope are one program.

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";

const FOLDER = "dgvae/ui/";
const SCOPES = [
  ["newest.js", "address.js"],
  ["connection.js"],
  ["gallery/gallery.js"],
  ["newest.js", "lab/point_pad.js"],
  ["lab/screen.js", "lab/picture.js", "lab/curves.js"],
  ["tabs/measure_table.js"],
  ["upload.js"],
  [
    "newest.js",
    "vega/chart.js",
    "vega/marks.js",
    "vega/lasso.js",
    "vega/lights.js",
    "vega/pointer.js",
    "vega/saved.js",
    "vega/zoom.js",
    "vega/zoom_gestures.js",
  ],
  ["vega/chart_marks.js"],
];
const OPTIONS = "--noEmit --allowJs --checkJs --strict false --target es2023 --lib es2023,dom,dom.iterable".split(" ");

const known = new Set(SCOPES.flat());
const missing = readdirSync(FOLDER, { recursive: true }).filter((name) => name.endsWith(".js") && !known.has(name));
if (missing.length) console.error(`In no scope of tests/scripts/types.js: ${missing.join(", ")}`);

const failed = SCOPES.filter((scope) => {
  const files = ["tests/scripts/scope.d.ts", ...scope.map((name) => FOLDER + name)];
  return spawnSync("tsc", [...OPTIONS, ...files], { stdio: "inherit" }).status !== 0;
});
process.exitCode = missing.length || failed.length ? 1 : 0;
