"""Nothing that a student's cells show or say can act on the person who looks at them."""

from __future__ import annotations

import base64

import pytest

from autograder.sanitise import MAX_LINES, clean_bundle, clean_html, clean_outputs, clean_text, sanitise

HOSTILE_HTML = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<iframe src='javascript:alert(1)'></iframe>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=' java\tscript:alert(1)'>x</a>",
    "<svg onload=alert(1)></svg>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<form action=https://evil.example><input name=a></form>",
    "<style>@import url(https://evil.example)</style>",
    "<div style='background:url(https://evil.example)'>x</div>",
    "<img src=https://evil.example/pixel.png>",
    "<object data=https://evil.example></object><embed src=https://evil.example>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href=https://evil.example/>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
)


@pytest.mark.parametrize("hostile", HOSTILE_HTML)
def test_html_keeps_nothing_that_runs_or_loads(hostile: str) -> None:
    clean = clean_html(hostile)
    for sign in (
        "<script",
        "onerror",
        "onload",
        "javascript:",
        "<iframe",
        "evil.example",
        "<style",
        "<form",
        "data:text",
    ):
        assert sign not in clean.lower().replace("\t", "").split("base64,")[0]


def test_a_table_a_link_and_a_picture_of_ones_own_stay() -> None:
    picture = '<img src="data:image/png;base64,iVBORw0K" alt="a curve">'
    html = f'<table><tr><td>1</td></tr></table><a href="https://pytorch.org">docs</a>{picture}'
    clean = clean_html(html)
    assert "<td>1</td>" in clean
    assert 'href="https://pytorch.org"' in clean
    assert picture in clean


def test_a_drawing_becomes_an_image_that_is_only_looked_at() -> None:
    drawing = '<svg width="1"><circle r="1"/><script>alert(1)</script></svg>'
    for clean in (clean_html(f"<p>{drawing}</p>"), clean_bundle({"image/svg+xml": drawing})["text/html"]):
        assert "<svg" not in clean
        kept = base64.b64decode(clean.partition("base64,")[2].partition('"')[0]).decode()
        assert '<svg xmlns="http://www.w3.org/2000/svg"' in kept


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>", "a <b onclick=alert(1)>", "<!-- --!><img src=x>", "<?php",
        "<https://evil.example>", "[x](javascript:alert(1))", "[x]( javascript:alert(1))",
        "[x](&#106;avascript:alert(1))", "[x][y]\n\n[y]: javascript:a", "> [y]: javascript:alert(1)",
        "![x](https://evil.example/pixel.png)", "![x][y]", r"$\href{javascript:alert(1)}{x}$",
        "[x](data:text/html,a)", "[x](//evil.example)",
    ],
)  # fmt: skip
def test_text_cannot_hold_html_pictures_from_elsewhere_or_links_that_run(hostile: str) -> None:
    from nbconvert.filters import markdown2html

    shown = markdown2html(clean_text(hostile))
    for sign in ("<script", "<b ", "<img", 'href="javascript', 'href="data', 'href="//', "\\href{", "<?php", "<!--"):
        assert sign not in shown


def test_ordinary_text_is_not_changed() -> None:
    text = (
        "Because $a < b$ and `x < y`, see [the docs](https://pytorch.org).\n\n> 1. *yes*\n\n![p](attachment:plot.png)"
    )
    assert clean_text(text, attachments=["plot.png"]) == text


def test_text_of_the_release_stays_as_it_is() -> None:
    hint = "<details><summary>Hint</summary>Look at dim.</details>"
    cells = [{"cell_type": "markdown", "source": hint}, {"cell_type": "markdown", "source": hint + "<b>"}]
    sanitise(cells, trusted={hint})
    assert cells[0]["source"] == hint
    assert "<details" not in cells[1]["source"]


def test_kinds_that_run_are_left_out_and_that_is_said() -> None:
    for kind in ("application/javascript", "application/vnd.jupyter.widget-view+json", "text/vnd.mermaid"):
        assert clean_bundle({kind: "alert(1)"}) == {"text/plain": "[an output of a kind that is not shown here]"}


def test_a_picture_that_is_no_base64_cannot_break_out_of_its_attribute() -> None:
    assert "image/png" not in clean_bundle({"image/png": '"><script>alert(1)</script>', "text/plain": "plot"})


def test_endless_lines_are_cut_and_that_is_said() -> None:
    (output,) = clean_outputs([{"output_type": "stream", "name": "stdout", "text": "line\n" * 5 * MAX_LINES}])
    assert output["text"].count("line\n") <= MAX_LINES
    assert "too many lines" in output["text"]


def test_attachments_are_raster_pictures() -> None:
    picture = base64.b64encode(b"png").decode()
    attachments = {
        "a.png": {"image/png": picture},
        "b.svg": {"image/svg+xml": picture},
        'c"x.png': {"image/png": picture},
    }
    cells = [{"cell_type": "markdown", "source": "", "attachments": attachments}]
    sanitise(cells)
    assert cells[0]["attachments"] == {"a.png": {"image/png": picture}}
