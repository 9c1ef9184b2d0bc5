// Sends the file of upload.py that a visitor chose, or dropped anywhere on the page. Gradio runs this once, with `element`,
// `trigger` and `props` in scope.

const input = element.querySelector("input");
const said = element.querySelector("p");
let sending = false;
let refused = ""; // what came while another was on its way

input.addEventListener("change", () => {
  if (input.files.length) send(input.files[0]);
  input.value = ""; // so that the same file may be chosen again
});

// A browser would leave the page for a file that is dropped on it.
document.addEventListener("dragover", (event) => {
  if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  const files = event.dataTransfer?.files ?? [];
  if (!files.length) return;
  event.preventDefault();
  for (const file of files) send(file);
});

function send(file) {
  if (sending) {
    refused = ` ${file.name} was not sent: give one file at a time.`;
    return;
  }
  if (file.size > props.most) return say(`${file.name}: ${props.too_large}`, true);
  show("none"); // it speaks of an earlier file
  sending = true;
  refused = "";
  const root = (window.gradio_config?.root || location.origin).replace(/\/$/, "");
  const request = new XMLHttpRequest(); // fetch doesn't tell how much has been sent
  request.upload.onprogress = (event) =>
    say(`Sending ${file.name}: ${Math.round((100 * event.loaded) / file.size)}%.${refused}`);
  request.onloadend = () => {
    sending = false;
    if (request.status !== 200) return say(request.responseText || "The file could not be sent; try again.", true);
    say(refused.trim(), Boolean(refused));
    show("");
    trigger("sent", { ticket: JSON.parse(request.responseText).ticket, name: file.name });
  };
  request.open("POST", root + props.path);
  request.setRequestHeader("Content-Type", props.kind);
  request.send(file);
}

// What Python says of a file.
function show(display) {
  document.getElementById("given")?.style.setProperty("display", display);
}

function say(text, isFault = false) {
  said.textContent = text;
  said.className = isFault ? "notice" : "hint";
}
