// Of a flood of events only the newest counts ("always_last"). While Python answers one, Gradio's page keeps only that there is
// another, and then sends the data of the first again. So all events of a kind share one object, and it sends the newest.

const newest = {};

function tell(event, data) {
  trigger(event, Object.assign((newest[event] ??= {}), data));
}
