"""How the app looks: a calm instrument. Ink on paper, thin lines, and two colors which mean something.

The prior is orange and the (aggregated) posterior blue, everywhere; a density gap runs from the one to the other, so that
orange is a hole. No control takes these colors, and neither do models: A and B are letters, and their edges a solid and a
dashed line. The two can be told apart with any kind of color blindness, and each has a darker tone for light pages and a
lighter one for dark pages (4.5 : 1 or more for text).

Pass `**look()` to `launch()` (or to `gr.mount_gradio_app`). Fonts are those that Gradio brings along, in
the weights that are whole (400 and 700): no request leaves the page.
"""

from pathlib import Path
from typing import Any

from gradio.themes import Base
from gradio.themes.utils import colors, fonts, sizes

from dgvae.ui.vega.chart import bundle_path

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


# Asked for before the style sheet names them: text that is laid out anew in another font would move the page.
FONT_FILES = ("IBMPlexSans/IBMPlexSans-Regular", "IBMPlexSans/IBMPlexSans-Bold", "IBMPlexMono/IBMPlexMono-Regular")


def look() -> dict[str, Any]:
    """The arguments of `launch()` that make the look."""
    preload = "<link rel='preload' as='font' type='font/woff2' crossorigin href='static/fonts/{}.woff2'>"
    head = "".join(map(preload.format, FONT_FILES))
    if (script := bundle_path()).exists():  # the charts', while Gradio's page begins
        head += f"<script type='module' async src='gradio_api/{script.name}'></script>"
    return {"theme": _theme(), "css": CSS, "head": head}


def _theme() -> Base:
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


CSS = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
