// Says that the app can't be reached, as long as that is so: whatever Gradio asks of it then fails. Gradio runs this once.

const said = element.querySelector("p");
const ask = window.fetch;
const AGAIN = 2000; // ms
let watching = false;

window.fetch = async (...request) => {
  try {
    const answer = await ask(...request);
    // An app that is about to end answers like a proxy without an app. A busy one does too, and so it's asked again.
    if (answer.status >= 502 && answer.status <= 504) setTimeout(watch, AGAIN);
    return answer;
  } catch (error) {
    if (error.name !== "AbortError") watch();
    throw error;
  }
};

async function watch() {
  if (watching) return;
  watching = true;
  while (!(await reachable())) {
    said.hidden = false;
    await new Promise((resolve) => setTimeout(resolve, AGAIN));
  }
  said.hidden = true;
  watching = false;
}

async function reachable() {
  const root = (window.gradio_config?.root || location.origin).replace(/\/$/, "");
  try {
    return (await ask(`${root}/gradio_api/app_id`, { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}
