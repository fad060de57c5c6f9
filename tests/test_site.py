"""The site is whole, fetches nothing from elsewhere, and its buttons lead where they say."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import outside_addresses
import pytest
import yaml
from book_pages import executed_pages, pages

from gradus.notebook.form import read, source_of

ROOT = Path(__file__).resolve().parent.parent
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
PAGES = pages(ROOT)
CHAPTERS = executed_pages(ROOT)
OF_PARTS = [page for page in CHAPTERS if page.parent.name != "appendix"]
EXERCISES = [page for page in PAGES if page.is_relative_to(ROOT / "exercises")]
NOTEBOOKS = [*CHAPTERS, *EXERCISES]


def name(page: Path) -> str:
    return page.relative_to(ROOT).with_suffix("").as_posix()


def html_of(site: Path, page: Path) -> str:
    return (site / f"{name(page)}.html").read_text(encoding="utf-8")


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.addresses.append(dict(attributes).get("href") or "")


def links(html: str) -> list[str]:
    parser = _Links()
    parser.feed(html)
    return parser.addresses


def test_every_page_of_the_book_is_in_the_table_of_contents() -> None:
    written = {path for suffix in ("md", "ipynb") for path in (ROOT / "book").rglob(f"*.{suffix}")}
    assert {path for path in written if ".ipynb_checkpoints" not in path.parts} == set(PAGES) - set(EXERCISES)
    assert set((ROOT / "exercises").glob("*/*.ipynb")) == set(EXERCISES)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_page_is_published_under_its_title(site: Path, page: Path) -> None:
    text = page.read_text(encoding="utf-8") if page.suffix == ".md" else source_of(read(page)["cells"][0])
    title = re.search(r"^# (.+)$", text, flags=re.MULTILINE)
    assert title is not None
    shown = re.escape(title[1]).replace("'", "(?:'|’|&#39;|&#8217;)")  # Sphinx sets the apostrophes of a title
    assert re.search(rf"<title>[^<]*{shown}[^<]*</title>", html_of(site, page))


def test_the_front_page_leads_to_the_book(site: Path) -> None:
    front = (site / "index.html").read_text(encoding="utf-8")
    assert '<html lang="en">' in front
    assert "<title>Gradus</title>" in front
    assert 'name="viewport"' in front
    assert 'href="_static/favicon.svg"' in front
    assert set(links(front)) == {"book/index.html"}
    assert (site / "_static" / "favicon.svg").is_file()
    assert (site / "_static" / "logo.svg").is_file()


def test_nothing_is_published_but_the_book_and_the_exercises(site: Path) -> None:
    sources = {path.relative_to(site / "_sources").as_posix() for path in (site / "_sources").rglob("*.*")}
    assert sources == {page.relative_to(ROOT).as_posix() for page in PAGES}
    assert not (ROOT / "_static").exists(), (
        "Jupyter Book loads every file of a _static folder at the root on every page"
    )


def test_no_page_fetches_anything_from_outside_the_site(site: Path) -> None:
    found = {}
    for path in site.rglob("*.html"):
        found[path.name] = outside_addresses.in_page(path.read_text(encoding="utf-8"))
    for path in site.rglob("*.css"):
        found[path.name] = outside_addresses.in_style(path.read_text(encoding="utf-8"))
    assert len(found) > len(PAGES)
    assert {file: addresses for file, addresses in found.items() if addresses} == {}
    assert not list(site.rglob("*thebe*"))


@pytest.mark.parametrize(
    "planted",
    [
        '<script src="https://cdn.example/a.js"></script>',
        '<script async src=" //cdn.example/a"></script>',
        '<script>const url = "https://cdn.example/lib/index.js";</script>',
        '<link rel="stylesheet" href="https://fonts.example/css?family=A">',
        '<link rel="preconnect" href="https://fonts.example">',
        '<img src="http://pictures.example/a.png">',
        '<iframe src="https://videos.example/v"></iframe>',
        "<style>@import 'https://fonts.example/a.css';</style>",
        '<p style="background: url(//pictures.example/a.png)">',
        '<svg><image xlink:href="https://pictures.example/a.png"/></svg>',
    ],
)
def test_a_planted_outside_address_is_found(planted: str) -> None:
    assert len(outside_addresses.in_page(f"<html><body>{planted}</body></html>")) == 1


def test_links_to_follow_and_files_of_the_site_are_not_outside_addresses() -> None:
    page = (
        '<a href="https://a.example"></a><link rel="canonical" href="https://a.example/"><script src="a.js"></script>'
        '<svg xmlns="http://www.w3.org/2000/svg"><use href="#a"/></svg><img src="data:image/png;base64,AAAA">'
    )
    assert outside_addresses.in_page(page) == []


@pytest.mark.parametrize("page", NOTEBOOKS, ids=name)
def test_the_launch_buttons_open_this_notebook_in_jupyterlab_and_colab(site: Path, page: Path) -> None:
    repository = CONFIG["repository"]["url"].removeprefix("https://github.com/")
    branch, path = CONFIG["repository"]["branch"], page.relative_to(ROOT).as_posix()
    found = links(html_of(site, page))
    assert f"https://mybinder.org/v2/gh/{repository}/{branch}?urlpath=lab/tree/{path}" in found
    assert f"https://colab.research.google.com/github/{repository}/blob/{branch}/{path}" in found
    assert CONFIG["repository"]["url"] in found
    in_words = html_of(site, page).partition('<p class="run-links">')[2].partition("</p>")[0]
    assert len(links(in_words)) == 3
    assert set(links(in_words)) <= set(links(html_of(site, page).replace(in_words, "")))


@pytest.mark.parametrize("page", NOTEBOOKS, ids=name)
def test_the_download_button_gives_the_notebook_as_it_is_committed(site: Path, page: Path) -> None:
    (address,) = {link for link in links(html_of(site, page)) if link.endswith(".ipynb") and "_sources/" in link}
    downloaded = (site / f"{name(page)}.html").parent / address
    assert downloaded.resolve().read_text(encoding="utf-8") == page.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", OF_PARTS, ids=name)
def test_every_figure_of_a_chapter_is_numbered_and_says_what_it_shows(site: Path, page: Path) -> None:
    html = html_of(site, page)
    figures = [cell["metadata"].get("mystnb", {}).get("figure", {}) for cell in read(page)["cells"]]
    names = [figure["name"] for figure in figures if figure]
    assert names
    for figure in names:
        shown = re.search(rf'<figure class="[^"]*" id="{figure}">(.*?)</figure>', html, flags=re.DOTALL)
        assert shown is not None, figure
        assert re.search(r'<svg role="img" aria-label="[^"]{20,}', shown[1]), figure
        assert re.search(r'<span class="caption-number">Fig\. \d+\.\d+ </span>', shown[1]), figure


@pytest.mark.parametrize("page", CHAPTERS, ids=name)
def test_every_chapter_was_executed(site: Path, page: Path) -> None:
    shows = sum(cell["cell_type"] == "code" and "print(" in source_of(cell) for cell in read(page)["cells"])
    assert html_of(site, page).count('class="cell_output') >= (5 if page in OF_PARTS else max(1, shows))


@pytest.mark.parametrize("page", EXERCISES, ids=name)
def test_no_exercise_was_executed(site: Path, page: Path) -> None:
    html = html_of(site, page)
    assert "YOUR CODE HERE" in html
    assert "cell_output" not in html


def test_works_that_a_chapter_cites_are_listed(site: Path) -> None:
    cited = {
        key for page in CHAPTERS for key in re.findall(r'href="[^"]*references\.html#([^"]+)"', html_of(site, page))
    }
    references = (site / "book" / "references.html").read_text(encoding="utf-8")
    assert cited
    assert [key for key in cited if f'id="{key}"' not in references] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_whoever_is_sent_the_address_of_a_page_sees_what_it_is(site: Path, page: Path) -> None:
    html, address = html_of(site, page), CONFIG["html"]["baseurl"]
    assert f'<link rel="canonical" href="{address}{name(page)}.html"' in html
    (description,) = re.findall(r'<meta name="description" content="([^"]*)"', html)
    assert 40 <= len(description) <= 203, description
    (card,) = re.findall(r'<meta property="og:image" content="([^"]*)"', html)
    assert (site / card.removeprefix(address)).stat().st_size < 60_000
    assert html.count('name="viewport"') == 1


def test_search_engines_are_told_of_every_page(site: Path) -> None:
    address = CONFIG["html"]["baseurl"]
    listed = set(re.findall(r"<loc>([^<]*)</loc>", (site / "sitemap.xml").read_text(encoding="utf-8")))
    assert {f"{address}{name(page)}.html" for page in PAGES} <= listed
    assert f"Sitemap: {address}sitemap.xml" in (site / "robots.txt").read_text(encoding="utf-8")


def test_an_address_that_does_not_exist_has_a_page_whose_links_work_from_anywhere(site: Path) -> None:
    html = (site / "404.html").read_text(encoding="utf-8")
    own = [link for link in links(html) if not link.startswith(("http", "#"))]
    assert len(own) > len(PAGES) / 2
    folder = "/" + CONFIG["html"]["baseurl"].split("/", 3)[3]
    assert [link for link in own if not link.startswith(folder)] == []


def test_no_page_loads_a_script_for_its_icons(site: Path) -> None:
    loading = [path.name for path in site.rglob("*.html") if "fontawesome" in path.read_text(encoding="utf-8")]
    assert loading == []
    assert not list(site.rglob("fontawesome*.js"))
    assert html_of(site, OF_PARTS[0]).count('class="svg-inline--fa') > 10


@pytest.mark.parametrize("page", OF_PARTS, ids=name)
def test_a_chapter_begins_with_a_strip_and_its_figures_stand_before_their_code(site: Path, page: Path) -> None:
    html = html_of(site, page)
    assert len(re.findall(r'class="chapter-head [^"]*"', html)) == 1
    folded = html.count("Show the code of this figure")
    drawn = sum(figure in source_of(cell) for cell in read(page)["cells"] for figure in ("\nfigure(", "\nstepper("))
    assert folded >= min(drawn, 1)
    assert "Show what is imported and set" in html or "import" not in source_of(read(page)["cells"][1])


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_screen_reader_finds_its_way(site: Path, page: Path) -> None:
    html = html_of(site, page)
    assert '<html lang="en"' in html
    assert '<div id="pst-primary-sidebar" role="navigation" aria-label="Book" ' in html
    assert not re.search(r"<th[^>]*>\s*</th>", html)
    assert not re.search(r"<img(?![^>]* alt=)", html)
    ids = re.findall(r'<[a-z][^>]* id="([^"]+)"', html)
    assert sorted({each for each in ids if ids.count(each) > 1}) == []
