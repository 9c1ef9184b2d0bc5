// Tells Python which model was chosen on a card of cards.py. Gradio runs this once, with `element`, `trigger` and `watch` in
// scope; the cards come anew whenever the value changes.

let pressed = null; // {name, side}: the button that has the focus again when the cards have come anew

element.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  /** @type {HTMLButtonElement} */
  const button = target.closest("button[data-side]");
  if (!button) return;
  /** @type {HTMLElement} */
  const card = button.closest("[data-name]");
  pressed = { name: card.dataset.name, side: button.dataset.side };
  trigger("choose", pressed);
});

watch("value", () =>
  setTimeout(() => {
    const focused = document.activeElement;
    if (!pressed || (focused && focused !== document.body)) return;
    const cards = [...element.querySelectorAll("[data-name]")];
    const card = cards.find((one) => one.getAttribute("data-name") === pressed.name);
    /** @type {HTMLElement} */
    const button = card?.querySelector(`[data-side="${pressed.side}"]`);
    button?.focus({ preventScroll: true });
  }),
);
