// Sends the file of upload.py that a visitor chose, or dropped anywhere on the page. Gradio runs this once, with `element`,
// `trigger` and `props` in scope.

const input = element.querySelector("input");
const said = element.querySelector("p");
let sending = false;

input.addEventListener("change", () => {
  if (input.files.length) send(input.files[0]);
  input.value = ""; // so that the same file may be chosen again
});

// A browser would leave the page for a file that is dropped on it.
document.addEventListener("dragover", (event) => {
  if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  const [file] = event.dataTransfer?.files ?? [];
  if (!file) return;
  event.preventDefault();
  send(file);
});

function send(file) {
  if (sending) return;
  if (file.size > props.most) return say(props.too_large, true);
  sending = true;
  const root = (window.gradio_config?.root || location.origin).replace(/\/$/, "");
  const request = new XMLHttpRequest(); // fetch doesn't tell how much has been sent
  request.upload.onprogress = (event) => say(`Sending ${file.name}: ${Math.round((100 * event.loaded) / file.size)} %`);
  request.onloadend = () => {
    sending = false;
    if (request.status !== 200) return say(request.responseText || "The file could not be sent; try again.", true);
    say("");
    trigger("sent", { ticket: JSON.parse(request.responseText).ticket, name: file.name });
  };
  request.open("POST", root + props.path);
  request.setRequestHeader("Content-Type", props.kind);
  request.send(file);
}

function say(text, isFault = false) {
  said.textContent = text;
  said.className = isFault ? "notice" : "hint";
}
