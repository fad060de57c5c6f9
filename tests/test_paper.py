"""The course on paper and for readers of EPUB: whole, in order, and every link leads to its place."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import make_epub
import make_pdf
import paper
import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader

pytestmark = pytest.mark.slow("the built site in a browser: half a minute")

ROOT = Path(__file__).resolve().parent.parent
XHTML = "{http://www.w3.org/1999/xhtml}"
# A chapter with a moved figure, formulas, exercises and questions, and a problem set.
SOME = [
    paper.Part("Preliminaries", ["book/01-preliminaries/06-chance"]),
    paper.Part("Problem sets", ["exercises/ps1/ps1"]),
]
COUNTS = """() => {
  const all = (what) => [...document.querySelectorAll(`main ${what}`)];
  return {
    titles: all('section.page').map((page) => page.dataset.name),
    ids: all('[id]').filter((element) => !element.closest('svg')).map((element) => element.id),
    folded: all('details').length,
    solutions: all('section.solution').length,
    asked: all('.to-solution').length,
    exercises: all('.exercise').length,
  };
}"""


@pytest.fixture(scope="module")
def printed(browser: Browser, site: Path, tmp_path_factory: pytest.TempPathFactory) -> PdfReader:
    target = tmp_path_factory.mktemp("paper") / "some.pdf"
    pages, size = make_pdf.make(browser, site, SOME, target)
    content = target.read_bytes()
    reader = PdfReader(io.BytesIO(content))
    assert (len(reader.pages), len(content)) == (pages, size)
    return reader


@pytest.fixture(scope="module")
def texts(printed: PdfReader) -> list[str]:
    return [re.sub(r"\s+", " ", page.extract_text()) for page in printed.pages]


@pytest.fixture(scope="module")
def packed(browser: Browser, site: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    target = tmp_path_factory.mktemp("paper") / "some.epub"
    make_epub.make(browser, site, SOME, target)
    with zipfile.ZipFile(target) as book:
        first = book.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        return {name: book.read(name) for name in book.namelist()}


def test_the_document_holds_every_page_in_order_and_every_link_of_it_leads_somewhere(
    browser: Browser, site: Path
) -> None:
    parts = paper.parts_of(ROOT)
    with paper.document(browser, site, parts, title="Gradus", promise="") as page:  # raises for a broken link
        found = page.evaluate(COUNTS)
    pages = [name for part in parts for name in part.pages]
    left_out = [name for name in pages if name not in found["titles"]]
    assert found["titles"] == [name for name in pages if name not in left_out]
    assert left_out == [name for name in pages if name.endswith(("appendix/your-progress", "appendix/review"))]
    assert [name for name, times in Counter(found["ids"]).items() if times > 1] == []
    assert found["folded"] == 0
    assert found["solutions"] == found["asked"] > found["exercises"] > 100


def test_a_page_that_the_site_lacks_is_named(browser: Browser, site: Path) -> None:
    with (
        pytest.raises(paper.PaperError, match=r"lacks book/no-such-page.html: run `make book` first"),
        paper.document(browser, site, [paper.Part("", ["book/no-such-page"])], title="", promise=""),
    ):
        pass


def test_without_a_site_it_is_said_what_to_run(browser: Browser, tmp_path: Path) -> None:
    with pytest.raises(paper.PaperError, match="run `make book` first"):
        make_pdf.make(browser, tmp_path, SOME, tmp_path / "some.pdf")


def test_the_contents_name_the_pages_on_which_chapters_stand(printed: PdfReader, texts: list[str]) -> None:
    contents = next(page for page, text in zip(printed.pages, texts, strict=True) if "Contents" in text)
    numbers = contents.extract_text(extraction_mode="layout")
    for title in ("Preliminaries", "7. Chance", "Problem sets", "Problem set 1: tensors", "Solutions and answers"):
        named = re.search(rf"{title} +(\d+)", numbers)
        assert named is not None, numbers
        assert title in texts[int(named[1]) - 1]


def test_the_document_has_an_outline_and_links_within_itself(printed: PdfReader) -> None:
    titles = [entry["/Title"] for entry in printed.outline if not isinstance(entry, list)]
    assert {"Preliminaries", "Problem sets", "Solutions and answers"} <= set(titles)
    places, links = set(printed.named_destinations), []
    for page in printed.pages:
        for annotation in page.get("/Annots", []):
            place = annotation.get_object().get("/Dest")
            if place is not None:
                links.append(str(place))
    assert len(links) > 15
    assert {link for link in links if link not in places and link.lstrip("/") not in places} == set()


def test_nothing_on_paper_needs_a_mouse_and_formulas_are_set(texts: list[str]) -> None:
    text = "\n".join(texts)
    assert r"\frac" not in text
    assert r"\(" not in text
    assert "Show what" not in text
    assert "Run it: Colab" not in text


def test_every_file_of_the_epub_is_xml_and_named_in_the_package(packed: dict[str, bytes]) -> None:
    package = ElementTree.fromstring(packed["book/package.opf"])
    named = {
        item.get("href"): item.get("properties") or "" for item in package.iter("{http://www.idpf.org/2007/opf}item")
    }
    assert {f"book/{name}" for name in named} == {name for name in packed if name.startswith("book/")} - {
        "book/package.opf"
    }
    for name, properties in named.items():
        if name.endswith(".xhtml"):
            page = packed[f"book/{name}"].decode()
            ElementTree.fromstring(page)
            assert ("svg" in properties) == ("<svg" in page)
            assert ("mathml" in properties) == ("<math" in page)


def test_every_link_of_the_epub_leads_to_a_place_in_it(packed: dict[str, bytes]) -> None:
    pages = {
        name.removeprefix("book/"): ElementTree.fromstring(text) for name, text in packed.items() if "xhtml" in name
    }
    places = {name: {element.get("id") for element in page.iter()} for name, page in pages.items()}
    broken, links = [], 0
    for name, page in pages.items():
        for link in page.iter(f"{XHTML}a"):
            target = link.get("href", "")
            if "://" in target or target.startswith("mailto:"):
                continue
            file, _, place = target.partition("#")
            links += 1
            if (file or name) not in places or (place and place not in places[file or name]):
                broken.append(target)
    assert broken == []
    assert links > 15


def test_what_only_scripts_can_do_is_not_in_the_epub(packed: dict[str, bytes]) -> None:
    text = b"".join(content for name, content in packed.items() if name.endswith(".xhtml"))
    for element in (b"<script", b"<button", b"<input", b"<details", b"<fieldset", b"onclick"):
        assert element not in text
    assert b"<math" in text
    assert b"mjx-" not in text
