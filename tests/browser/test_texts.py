"""The Sample and Interpolate tabs in a real browser."""

import os

import pytest

if os.environ.get("CI") != "true":  # where a missing package must not pass for a green run
    pytest.importorskip("playwright")
from playwright.sync_api import Locator, Page, expect

from tests.browser.visitor import open_app, sentences, set_number

# ---- samples


def test_samples_follow_the_controls(page: Page, url: str):
    open_app(page, url, "Sample")
    heads, seed = page.locator("#samples .head"), page.get_by_label("Seed")
    expect(heads).to_have_count(12)
    set_number(page.get_by_label("number input for Draws"), "20")
    expect(heads).to_have_count(20)
    first = sentences(page, "#samples")
    assert len(sentences(page, "#samples", "a")) == len(sentences(page, "#samples", "b")) == 20
    samples = page.locator("#samples")
    text = samples.inner_text()
    set_number(seed, "2")
    expect(samples).not_to_have_text(text, use_inner_text=True)
    set_number(seed, "1")
    expect(samples).to_have_text(text, use_inner_text=True)
    assert sentences(page, "#samples") == first
    page.get_by_label("drawn", exact=True).check()
    expect(samples).not_to_have_text(text, use_inner_text=True)
    assert len(sentences(page, "#samples")) == 40
    expect(samples.locator(".notice")).to_have_count(0)


def test_a_number_that_a_slider_cannot_hold_is_no_error(page: Page, url: str):
    open_app(page, url, "Sample")
    set_number(page.get_by_label("number input for Draws"), "")  # Gradio makes it the slider's least, a moment later
    expect(page.locator("#samples .head")).to_have_count(1)
    set_number(page.get_by_label("number input for Draws"), "5")
    expect(page.locator("#samples .head")).to_have_count(5)
    expect(page.locator(".toast-body")).to_have_count(0)


def test_draw_again_takes_another_seed(page: Page, url: str):
    open_app(page, url, "Sample")
    text = page.locator("#samples").inner_text()
    page.get_by_role("button", name="Draw again").click()
    expect(page.get_by_label("Seed")).not_to_have_value("1")
    expect(page.locator("#samples")).not_to_have_text(text, use_inner_text=True)


def test_samples_without_a_seed_say_so(page: Page, url: str):
    open_app(page, url, "Sample")
    set_number(page.get_by_label("Seed"), "")
    expect(page.locator("#samples")).to_have_text("Give a seed: a whole number such as 1.")


# ---- interpolation


def interpolate(page: Page, start: str, end: str) -> Locator:
    page.get_by_label("From").fill(start)
    page.get_by_label("To", exact=True).fill(end)
    page.get_by_role("button", name="Interpolate").click()
    return page.locator("#interpolation")


def test_interpolation_marks_what_the_models_do_not_know(page: Page, url: str):
    open_app(page, url, "Interpolate")
    output = interpolate(page, "the cook likes green zebras.", "my neighbor paints cold bread !")
    expect(output).to_contain_text("A and B read: the cook likes green zebras . → my neighbor paints cold bread !")
    assert output.locator(".unknown").all_inner_texts() == ["zebras"]
    expect(output.locator(".head")).to_have_text(["0%", "14%", "29%", "43%", "57%", "71%", "86%", "100%"])
    assert len(sentences(page, "#interpolation", "a")) == len(sentences(page, "#interpolation", "b")) == 8
    expect(interpolate(page, "the cook " * 20, "our dog")).to_contain_text("words more than the model reads) → our dog")
    interpolate(page, "the cook", "our dog")
    page.get_by_label("along a great circle").check()
    set_number(page.get_by_label("number input for Steps"), "5")
    expect(output.locator(".head")).to_have_text(["0%", "25%", "50%", "75%", "100%"])


@pytest.mark.parametrize(("start", "end"), [("", "the cook paints ."), ("the cook paints .", "   "), ("", "")])
def test_interpolation_needs_two_sentences(page: Page, url: str, start: str, end: str):
    open_app(page, url, "Interpolate")
    expect(interpolate(page, start, end)).to_have_text("Write a sentence in both fields.")
    expect(interpolate(page, "the cook", "our dog").locator(".head")).to_have_count(8)


def test_what_a_visitor_types_stays_text(page: Page, url: str):
    open_app(page, url, "Interpolate")
    output = interpolate(page, "<b>x</b> <img src=x onerror=window.ran=1>", "<script>window.ran=1</script> the cook")
    expect(output).to_contain_text("< b > x <")
    expect(output).to_contain_text("< script > window")
    assert output.locator("b, img, script").count() == 0
    page.locator("#interpolation .unknown").first.wait_for()
    assert page.evaluate("window.ran") is None


def test_two_sentences_at_random_are_interpolated_and_their_code_is_shown(page: Page, url: str):
    open_app(page, url, "Interpolate")
    page.get_by_role("button", name="The code for this view").click()
    before = page.get_by_label("From").input_value()
    page.get_by_role("button", name="Two sentences at random").click()
    expect(page.get_by_label("From")).not_to_have_value(before)
    expect(page.locator("#code")).to_contain_text(page.get_by_label("From").input_value())
    expect(page.locator("#interpolation")).to_contain_text(page.get_by_label("From").input_value())
