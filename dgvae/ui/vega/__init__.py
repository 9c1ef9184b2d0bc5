"""A Vega chart as a Gradio component that reports pointing, clicks and brushes."""
