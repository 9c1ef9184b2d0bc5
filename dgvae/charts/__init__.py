"""Charts as Vega-Lite specifications, without Gradio."""
