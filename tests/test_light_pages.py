"""What is done to finished pages at the end of a build: once each, and so that little is loaded."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from fontTools.ttLib import TTFont
from matplotlib import get_data_path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import accessible_pages  # noqa: E402
import finished_pages  # noqa: E402
import icon_faces  # noqa: E402
import light_pages  # noqa: E402

HEAD = """<head>
<link href="../_static/styles/theme.css?digest=1" rel="stylesheet" />
    <link rel="stylesheet" type="text/css" href="../_static/house.css?v=2" />
    <link rel="icon" href="../_static/favicon.svg"/>
    <script src="../_static/documentation_options.js?v=9"></script>
    <script src="../_static/doctools.js?v=9"></script>
    <script>let inline = 1;</script>
    <script defer="defer" src="../_static/quiz.js"></script>
    <script src="../_static/searchtools.js"></script>
    <script src="../_static/language_data.js"></script>
    <script src="../searchindex.js"></script>
</head><body><script src="at-the-end.js"></script></body>"""


def built(folder: Path, **pages: str) -> SimpleNamespace:
    for name, text in pages.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return SimpleNamespace(builder=SimpleNamespace(name="html"), outdir=str(folder))


def test_a_page_that_nothing_changes_keeps_its_file(tmp_path: Path) -> None:
    app = built(tmp_path, one="a", two="b")
    app.emit = lambda event, pages: pages.update({"two.html": "c"})
    times = {name: (tmp_path / name).stat().st_mtime_ns for name in ("one.html", "two.html")}
    finished_pages.finish(app, None)
    assert (tmp_path / "one.html").stat().st_mtime_ns == times["one.html"]
    assert (tmp_path / "two.html").read_text() == "c"


def test_of_the_themes_own_templates_no_page_is_made(tmp_path: Path) -> None:
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static" / "macros.html").write_text("{{ x }}")
    built(tmp_path, one="a")
    assert finished_pages.read_pages(tmp_path) == {"one.html": "a"}


def test_scripts_of_a_head_wait_and_the_index_stays_with_the_search() -> None:
    page = light_pages.lightened(HEAD, "const OPTIONS = {};\n", searches=False)
    assert '<script defer="defer" src="../_static/doctools.js?v=9">' in page
    assert "<script>const OPTIONS = {};</script>" in page
    assert "<script>let inline = 1;</script>" in page
    assert page.count("defer=") == 2
    assert '<body><script src="at-the-end.js">' in page
    assert not any(name in page for name in ("searchtools", "language_data", "searchindex"))
    searching = light_pages.lightened(HEAD, "", searches=True)
    order = [searching.index(name) for name in ("searchtools", "language_data", "searchindex")]
    assert order == sorted(order)


@pytest.mark.parametrize(
    ("rules", "left"),
    [
        (".used{a:b}.idle{a:b}", ".used{a:b}"),
        (".used .idle{a:b}p{a:b}", "p{a:b}"),
        (".idle,.used,p>.idle{a:b}", ".used{a:b}"),
        (".used:not(.idle){a:b}", ".used:not(.idle){a:b}"),
        (":is(.idle,.used) p{a:b}", ":is(.idle,.used) p{a:b}"),
        ("a[href='.idle']{a:b}", "a[href='.idle']{a:b}"),
        ("@media print{.idle{a:b}}@media print{.idle{a:b}p{a:b}}", "@media print{p{a:b}}"),
        ("@font-face{src:url(a.idle)}", "@font-face{src:url(a.idle)}"),
        ("@keyframes x{0%{a:b}to{a:c}}", "@keyframes x{0%{a:b}to{a:c}}"),
        ('.used::before{content:"}.idle{"}', '.used::before{content:"}.idle{"}'),
        ("/* .idle, */.used{a:b}", "/* .idle, */.used{a:b}"),
        ("@charset 'a';.idle{a:b}p{a:b}", "@charset 'a';p{a:b}"),
    ],
)
def test_a_rule_stays_if_a_page_or_a_script_may_have_its_class(rules: str, left: str) -> None:
    known = light_pages.words_of(['<p class="a used"><script>other("x")</script>'], [])
    assert light_pages.used_rules(rules, known) == left


def test_the_classes_of_pages_and_all_words_of_scripts_are_known() -> None:
    known = light_pages.words_of(['<p class="a b-c"></p><script>add("d_e")</script>'], ["list.add('f-g')"])
    assert {"a", "b-c", "d_e", "f-g"} <= known


def test_sheets_become_one_with_what_they_import_and_addresses_that_fit(tmp_path: Path) -> None:
    (tmp_path / "styles").mkdir()
    (tmp_path / "basic.css").write_text("p{background:url(file.png)}")
    sheet = '@import "../basic.css";a{background:url("../b.png")}i{background:url(data:x)}u{background:url(c/d.png)}'
    (tmp_path / "styles" / "theme.css").write_text(sheet)
    assert light_pages.in_static(tmp_path, "styles/theme.css") == (
        'p{background:url(file.png)}a{background:url("b.png")}i{background:url(data:x)}u{background:url(styles/c/d.png)}'
    )
    page = light_pages.with_one_sheet(HEAD, "0f")
    assert page.count('rel="stylesheet"') == 1
    assert '<link rel="stylesheet" href="../_static/pages.css?v=0f" />' in page
    assert 'rel="icon"' in page
    assert light_pages.with_one_sheet("<head></head>", "0f") == "<head></head>"


def test_the_lines_of_a_long_signature_are_no_list_of_definitions() -> None:
    page = (
        '<dl>\n<dd><em class="sig-param"><b>x</b></em>,</dd>\n<dd><em class="sig-param">y</em></dd>\n</dl>\n<dl>\n<dt>'
    )
    mended, _ = accessible_pages.mended(page)
    assert mended == (
        '<span class="sig-lines">\n<span class="sig-line"><em class="sig-param"><b>x</b></em>,</span>\n'
        '<span class="sig-line"><em class="sig-param">y</em></span>\n</span>\n<dl>\n<dt>'
    )


def test_icons_that_no_sheet_names_are_left_out_of_their_typeface(tmp_path: Path) -> None:
    whole = tmp_path / icon_faces.WHOLE
    whole.mkdir(parents=True)
    (tmp_path / "fonts").mkdir()
    (whole / "fa-solid-900.woff2").write_bytes(b"")
    shutil.copy(Path(get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"), whole / "fa-solid-900.ttf")
    face = f'@font-face{{font-weight:900;src:url({icon_faces.WHOLE}/fa-solid-900.woff2) format("woff2"),url(b.ttf)}}'
    sheet = icon_faces.with_used_icons(face + 'i::before{content:"\\f400"}u{content:"\uf401"}', tmp_path)
    assert '@font-face{font-weight:900;src:url(fonts/fa-solid-900.woff) format("woff")}' in sheet
    left = TTFont(tmp_path / "fonts" / "fa-solid-900.woff").getBestCmap()
    assert set(left) == {0xF400, 0xF401}
    assert not list(whole.iterdir())
