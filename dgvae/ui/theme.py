"""How the app looks: a calm instrument. Ink on paper, thin lines, and two colours which mean something.

Teal is model A and vermilion is model B, everywhere; the prior is grey. No control takes these colours: buttons,
sliders and tabs are ink, so that colour on the page is always data. The two can be told apart with any kind of colour
blindness, and each has a darker tone for light pages and a lighter one for dark pages (4.5 : 1 or more for text).

Pass `theme=theme(), css=CSS` to `launch()` (or to `gr.mount_gradio_app`). Fonts are those that Gradio brings along, in
the weights that are whole (400 and 700): no request leaves the page.
"""

from gradio.themes import Base
from gradio.themes.utils import colors, fonts, sizes

_INK = colors.Color(
    name="ink",
    c50="#f7f8f9",
    c100="#eef0f2",
    c200="#dfe3e7",
    c300="#c6ccd3",
    c400="#99a2ad",
    c500="#6b7581",
    c600="#515a65",
    c700="#3a424c",
    c800="#232a32",
    c900="#171c22",
    c950="#0f1317",
)


def theme() -> Base:
    """The theme for `launch(theme=...)`."""
    base = Base(
        primary_hue=_INK,
        secondary_hue=_INK,
        neutral_hue=_INK,
        text_size=sizes.text_md,
        spacing_size=sizes.spacing_sm,
        radius_size=sizes.radius_sm,
        font=[fonts.LocalFont("IBM Plex Sans", weights=(400, 700)), "ui-sans-serif", "system-ui", "sans-serif"],
        font_mono=[fonts.LocalFont("IBM Plex Mono", weights=(400, 700)), "ui-monospace", "monospace"],
    )
    return base.set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        body_text_color="*neutral_900",
        body_text_color_dark="#e4e8ec",
        body_text_color_subdued="#5c6672",
        body_text_color_subdued_dark="#9aa4af",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="*neutral_900",
        background_fill_secondary="*neutral_50",
        background_fill_secondary_dark="*neutral_950",
        border_color_primary="*neutral_200",
        border_color_primary_dark="#2e363f",
        color_accent="*neutral_800",
        color_accent_soft="*neutral_100",
        color_accent_soft_dark="*neutral_800",
        link_text_color="*neutral_800",
        link_text_color_dark="*neutral_200",
        block_background_fill="#ffffff",
        block_background_fill_dark="*neutral_900",
        block_border_width="1px",
        block_border_color="*border_color_primary",
        block_shadow="none",
        block_label_background_fill="transparent",
        block_label_background_fill_dark="transparent",
        block_label_border_width="0px",
        block_label_text_color="*body_text_color_subdued",
        block_label_text_color_dark="*body_text_color_subdued",
        block_label_text_size="*text_xs",
        block_title_text_color="*body_text_color_subdued",
        block_title_text_color_dark="*body_text_color_subdued",
        block_title_text_size="*text_sm",
        block_title_text_weight="400",
        block_info_text_color="*body_text_color_subdued",
        block_info_text_color_dark="*body_text_color_subdued",
        input_background_fill="#ffffff",
        input_background_fill_dark="*neutral_950",
        input_border_width="1px",
        input_border_color="*neutral_300",
        input_border_color_dark="#3a434d",
        input_border_color_focus="*neutral_600",
        input_border_color_focus_dark="*neutral_400",
        input_shadow="none",
        input_shadow_focus="none",
        slider_color="*neutral_700",
        slider_color_dark="*neutral_300",
        loader_color="*neutral_500",
        checkbox_background_color_selected="*neutral_800",
        checkbox_background_color_selected_dark="*neutral_500",
        checkbox_border_color_selected="*neutral_800",
        checkbox_border_color_selected_dark="*neutral_400",
        checkbox_label_background_fill="transparent",
        checkbox_label_background_fill_dark="transparent",
        checkbox_label_background_fill_selected="*neutral_100",
        checkbox_label_background_fill_selected_dark="*neutral_800",
        checkbox_label_text_color_selected="*body_text_color",
        checkbox_label_shadow="none",
        button_transition="background-color 0.12s ease, border-color 0.12s ease",
        button_primary_background_fill="*neutral_900",
        button_primary_background_fill_hover="*neutral_700",
        button_primary_background_fill_dark="*neutral_200",
        button_primary_background_fill_hover_dark="#ffffff",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="*neutral_950",
        button_primary_border_color="*neutral_900",
        button_primary_border_color_dark="*neutral_200",
        button_primary_shadow="none",
        button_secondary_background_fill="transparent",
        button_secondary_background_fill_dark="transparent",
        button_secondary_background_fill_hover="*neutral_100",
        button_secondary_background_fill_hover_dark="*neutral_800",
        button_secondary_border_color="*neutral_300",
        button_secondary_border_color_dark="#3a434d",
        button_secondary_text_color="*neutral_800",
        button_secondary_text_color_dark="*neutral_200",
        button_secondary_shadow="none",
        button_border_width="1px",
        button_large_text_weight="400",
        button_large_text_size="*text_md",
        button_medium_text_weight="400",
        button_small_text_weight="400",
        table_radius="*radius_sm",
        prose_header_text_weight="700",
    )


CSS = """
:root {
  --model-a: #0b7a75; --model-b: #b9480c; --prior: #6b7581;
  --chart-a: #12908a; --chart-b: #d5590f;
  --chart-prior: #7d8690; --chart-ink: #5c6672; --chart-posterior: var(--chart-a);
  --chart-dense: #2f62ba; --chart-even: #c3c8cf; --chart-hole: #b9135a;
}
.dark {
  --color-accent: #c6ccd3;  /* the theme has no dark variant of it */
  --model-a: #4cc3ba; --model-b: #f38d52; --prior: #9aa4af;
  --chart-a: #3dbbb1; --chart-b: #f08242;
  --chart-prior: #8d97a3; --chart-ink: #9aa4af; --chart-posterior: var(--chart-a);
  --chart-dense: #6fa0f2; --chart-even: #6a7480; --chart-hole: #ff5c9a;
}

/* the page. Gradio prefixes each selector with its container, and inside @media nothing outside of it is reached. */
.gradio-container { max-width: 1280px !important; font-feature-settings: "tnum", "zero"; }
.gradio-container .main { padding: clamp(10px, 2.4vw, 28px) clamp(10px, (100vw - 765px) * 10, 30px) !important; }
h1 { font-size: clamp(19px, 2.4vw, 23px) !important; line-height: 1.25 !important; margin: 0 0 2px !important; }
h2 { font-size: 16px !important; line-height: 1.3 !important; margin: 8px 0 2px !important; }
h3 { font-size: 14px !important; line-height: 1.3 !important; margin: 4px 0 2px !important; }
.prose p { margin: 2px 0; line-height: 1.5; }
button[role="tab"] { font-size: 14px; }
button[role="tab"][aria-selected="true"] { font-weight: 700; }
:focus-visible { outline: 2px solid var(--body-text-color-subdued); outline-offset: 1px; }
.html-container { padding: 0 !important; }
input { text-overflow: ellipsis; }
input[role="combobox"] { padding-right: 28px !important; }  /* its arrow lies there */
footer .divider { display: none !important; }  /* there is one link */
#sample-again, #interpolate { align-self: flex-end; }  /* on a line with the fields beside them */
.dark input[type="range"] { --neutral-200: #39424c; }  /* the empty part of the track */

/* the two models: a coloured edge on whatever has the class, and --model for what is inside */
.model-a { --model: var(--model-a); --chart-posterior: var(--chart-a); }
.model-b { --model: var(--model-b); --chart-posterior: var(--chart-b); }
.model-a, .model-b { border-left: 3px solid var(--model) !important; padding-left: 10px !important; }
.model-a .model-a, .model-b .model-b { border-left: 0 !important; padding-left: 0 !important; }
.model-a h2, .model-b h2, .model-a h3, .model-b h3 { color: var(--model); }
span.model-a, span.model-b { color: var(--model); font-weight: 700; padding-left: 6px !important; }

/* a sentence that a model wrote, word for word */
.sentence { font-size: 16px; line-height: 1.55; margin: 4px 0; max-width: 68ch; overflow-wrap: anywhere; }
.unknown { color: var(--body-text-color-subdued); text-decoration: underline dotted 1.5px; text-underline-offset: 3px; }

/* numbers and remarks */
.gap { display: inline-block; padding: 0 6px; border: 1px solid var(--border-color-primary); border-radius: 3px;
  background: var(--background-fill-secondary); color: var(--body-text-color-subdued);
  font: 12px/18px var(--font-mono); white-space: nowrap; vertical-align: 1px; }
.hint, .hint p { color: var(--body-text-color-subdued) !important; font-size: 13px !important; line-height: 1.45; }
.status, .status p { color: var(--body-text-color-subdued) !important; font: 12px/1.5 var(--font-mono) !important; }
.status:empty { display: none; }
.readout { min-height: 44px; padding: 8px 12px !important; border: 1px solid var(--border-color-primary);
  border-radius: var(--radius-md); background: var(--block-background-fill); }
.readout .readout { min-height: 0; padding: 0 !important; border: 0; background: none; }
#map-readout { min-height: 108px; }
.readout p { margin: 2px 0; }

/* sentences of both models, side by side */
.comparison { display: grid; grid-template-columns: max-content minmax(0, 1fr) minmax(0, 1fr); gap: 6px 12px; }
.comparison .head { color: var(--body-text-color-subdued); font: 12px/26px var(--font-mono); text-align: right; }
.comparison .name { font-weight: 700; color: var(--model); }
.notice { margin: 4px 0; padding: 6px 10px; border: 1px solid var(--border-color-primary); border-radius: 3px;
  background: var(--background-fill-secondary); overflow-wrap: anywhere; }
.facts { display: grid; grid-template-columns: 1fr max-content; gap: 2px 10px; margin: 6px 0; font-size: 13px; }
.facts dt { color: var(--body-text-color-subdued); cursor: help; }
.facts dd { margin: 0; font-family: var(--font-mono); text-align: right; }

/* all checkpoints' figures; the names stay in view while the table is scrolled sideways */
.measure-scroll { overflow-x: auto; border: 1px solid var(--border-color-primary); border-radius: var(--radius-md);
  background: var(--block-background-fill); }
table.measure { width: 100%; margin: 0 !important; padding: 0 !important; border: 0 !important; font-size: 13px;
  border-collapse: separate; border-spacing: 0;
  font-variant-numeric: tabular-nums; }  /* collapsed borders would not stick */
.measure tr { border: 0 !important; }
.measure th, .measure td { padding: 4px 8px !important; border: 0 !important; text-align: right !important;
  vertical-align: baseline; line-height: 1.35; white-space: nowrap; }
.measure tbody > tr > *, .measure tfoot > tr > * { border-top: 1px solid var(--border-color-primary) !important; }
.measure tr > th:first-child { position: sticky; left: 0; text-align: left !important;
  background: var(--block-background-fill); border-left: 3px solid transparent !important; }
.measure thead th { vertical-align: bottom; }
.measure thead th.long { white-space: normal; }
.measure thead button { padding: 0; border: 0; background: none; color: inherit; font: inherit; font-weight: 700;
  text-align: inherit; cursor: pointer; }
.measure thead button:hover { text-decoration: underline; }
.measure thead th[aria-sort="descending"] button::after { content: " ▾"; }
.measure thead th[aria-sort="ascending"] button::after { content: " ▴"; }
.measure tbody th { font-weight: 400; }
.measure tr.model-a > th, .measure tr.model-b > th { border-left-color: var(--model) !important; color: var(--model);
  font-weight: 700; }
.measure td[title] { color: var(--body-text-color-subdued); cursor: help; }
.measure td:has(.best) { font-weight: 700; }
.measure .best { margin-right: 4px; font-size: 9px; vertical-align: 1px; }
.measure small { display: block; color: var(--body-text-color-subdued); font-size: 11px; line-height: 1.2;
  font-weight: 400; }
.measure tfoot th, .measure tfoot td { color: var(--body-text-color-subdued); font-weight: 400; }
.if-any .vega-place[data-state="empty"] { min-height: 0 !important; }
.definition { min-height: 38px; margin: 4px 0; }
.findings { margin: 4px 0; padding: 0; list-style: none; font-size: 14px; line-height: 1.45; }
.findings li { display: grid; grid-template-columns: 18px 1fr; margin: 4px 0; padding: 0; }
.findings li > span:first-child { font-weight: 700; }
.findings .note span { color: var(--body-text-color-subdued); }

@media (max-width: 640px) {
  .comparison { grid-template-columns: minmax(0, 1fr); gap: 2px; }
  .comparison .head { text-align: left; line-height: 20px; margin-top: 8px; }
  .comparison .corner { display: none; }  /* the names stay: they say which colour is which model */
  .sentence { font-size: 15px; }
  .measure tr > th:first-child { min-width: 112px; max-width: 150px; white-space: normal; }
}
@media (max-width: 767px) { .prose:has(h1) { padding-left: 24px; } }  /* beside the button that opens the sidebar */
@media (prefers-reduced-motion: reduce) { * { transition: none !important; animation: none !important; } }
"""
