// Says that the app can't be reached, as long as that is so: whatever Gradio asks of it then fails. Gradio runs this once.

const said = element.querySelector("p");
const ask = window.fetch;

window.fetch = async (...request) => {
  try {
    const answer = await ask(...request);
    said.hidden = true;
    return answer;
  } catch (error) {
    if (error.name !== "AbortError") said.hidden = false;
    throw error;
  }
};
