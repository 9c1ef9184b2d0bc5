// The page's half of ChartMarks (see chart.py): hands each chart its marks, or keeps them until it is drawn.

const page = (window.dgvaeCharts ??= { library: null, groups: new Map(), named: new Map(), waiting: new Map() });
let received = "";

watch("value", () => {
  if (!props.value || props.value === received) return; // Gradio also calls when something else has changed
  received = props.value;
  for (const [name, marks] of Object.entries(JSON.parse(props.value).charts)) {
    const chart = page.named.get(name);
    if (chart?.isMounted()) chart.receiveMarks(marks);
    else page.waiting.set(name, { ...page.waiting.get(name), ...marks });
  }
});
