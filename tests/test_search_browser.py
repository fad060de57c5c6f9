"""The search shows the sentence in which the words stand, the best first, from a server and from a file."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Locator, expect
from reader import DESK, Reader, reader_with

LARGEST = 400_000  # bytes of all sentences, packed
ADDRESSES = ("http", "file")
# What is asked, the place that comes first, and words of what is shown there.
QUERIES = {
    "softmax": ("01-softmax-regression.html", "softmax"),
    "gradient": ("ps3.html", "gradient"),
    "broadcasting": ("02-tensors.html#broadcasting", "Broadcasting"),
    "log-sum-exp": ("05-softmax-regression-concisely.html#overflow-and-the-log-sum-exp", "log-sum-exp"),
    "dropout": ("06-regularisation.html#dropout", "Dropout"),
    "ps3": ("exercises/ps3/ps3.html", "Problem set 3"),
    "weight decay": ("05-generalisation-and-weight-decay.html", "weight decay"),
    "linear algebra": ("04-linear-algebra.html", "Linear algebra"),
    "stefan van der walt": ("references.html", "Stéfan J. van der Walt"),
    "torch.stack": ("", "torch.stack"),
    "early stopping": ("06-regularisation.html#early-stopping", "Early stopping"),
    "topological order": ("glossary.html#term-topological-order", "an order in which each value comes after"),
    '"learning rate schedules"': ("04-learning-rate-schedules.html", "Learning-rate schedules"),
}


@pytest.fixture(params=ADDRESSES, scope="module")
def reader(request: pytest.FixtureRequest, browser: Browser, site: Path, site_address: str) -> Iterator[Reader]:
    address = site_address if request.param == "http" else site.as_uri() + "/"
    yield from reader_with(browser, address, DESK, "light")


def search(reader: Reader, query: str) -> Locator:
    """The results."""
    reader.open(f"search.html?q={quote(query)}")
    expect(reader.page.locator("#search-results [role=status]")).not_to_be_empty()
    return reader.page.locator(".found > li")


@pytest.mark.parametrize("query", QUERIES)
def test_the_best_place_comes_first_and_its_words_are_marked(reader: Reader, query: str) -> None:
    place, words = QUERIES[query]
    first = search(reader, query).first
    assert place in str(first.locator("a").get_attribute("href"))
    expect(first).to_contain_text(words)
    if query != "ps3":
        marked = " ".join(first.locator("mark").all_inner_texts()).lower()
        assert marked
        assert all(
            part[:5] in marked for part in query.strip('"').replace("stefan", "stéfan").replace("-", " ").split()[:1]
        )
    assert reader.troubles == []


def test_titles_come_before_headings_before_terms_before_text_before_code(reader: Reader) -> None:
    search(reader, "softmax")
    while (more := reader.page.locator(".found-more")).is_visible():
        more.click()
    results = reader.page.locator(".found > li").evaluate_all(
        """(all) => all.map((it) => [
          it.querySelector('h2 mark') !== null
            && /^(Page|Problem set)$/.test(it.querySelector('.found-page').textContent),
          it.querySelector('h2 mark') !== null && it.querySelector('a').href.includes('glossary.html#term-'),
          it.querySelector('h2 mark') !== null && !/^Exercise/.test(it.querySelector('h2').textContent),
          it.querySelector('.found-label') !== null])"""
    )
    ranks = [
        4 if title else 2 if term else 3 if heading else 0 if code else 1 for title, term, heading, code in results
    ]
    assert {4, 3, 2, 1} <= set(ranks)
    named = [rank for rank in ranks if rank >= 2]
    assert named == sorted(named, reverse=True)
    assert ranks[: len(named)] == named


def test_code_says_that_it_is_code(reader: Reader) -> None:
    labels = search(reader, "torch.manual_seed(").locator(".found-label")
    expect(labels.first).to_have_text("Code")


def test_a_misspelt_word_gets_a_suggestion_and_its_results(reader: Reader) -> None:
    results = search(reader, "sofmtax")
    status = reader.page.locator("#search-results [role=status]")
    expect(status).to_have_text("Nothing in the book has “sofmtax”. Did you mean softmax?")
    assert "01-softmax-regression.html" in str(results.first.locator("a").get_attribute("href"))
    status.get_by_role("link", name="softmax").click()
    expect(reader.page.locator("#search-results [role=status]")).to_contain_text("places on")


def test_what_nobody_wrote_is_not_found(reader: Reader) -> None:
    expect(search(reader, "xyzzyplugh qwertyuiop")).to_have_count(0)
    assert reader.page.locator("#search-results a").count() == 0


@pytest.mark.parametrize("query", ["<img src=x onerror=alert(1)>", "((((", '"', "\\", "a b c d e f", ".*", "-"])
def test_no_query_breaks_the_page(reader: Reader, query: str) -> None:
    reader.open(f"search.html?q={quote(query)}")
    assert reader.page.locator("#search-results img").count() == 0
    assert reader.troubles == []


def test_a_result_leads_to_its_section_where_the_words_are_marked(reader: Reader) -> None:
    search(reader, "broadcasting").first.locator("a").click()
    reader.page.wait_for_url("**/02-tensors.html#broadcasting*")
    expect(reader.page.locator("section[id^=broadcasting] span.highlighted").first).to_be_visible()


def test_no_answer_solution_output_or_list_of_contents_is_shown(site: Path) -> None:
    text = (site / "_static" / "sentences.js").read_text(encoding="utf-8")
    for shown in ("The right answer is", "Solution\\n", "Toggle", "\\\\frac", "\\\\mathbf"):
        assert shown not in text


def test_the_sentences_are_small(site: Path) -> None:
    packed = gzip.compress((site / "_static" / "sentences.js").read_bytes())
    print(f"{len(packed):,} bytes")
    assert 50_000 < len(packed) < LARGEST
    assert not (site / "searchindex.js").exists()
    assert not [path for path in site.rglob("*.html") if "searchindex.js" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("keys", ["Control+k", "/"])
def test_the_keyboard_opens_the_search(desk: Reader, keys: str) -> None:
    desk.open("book/appendix/glossary.html")
    desk.page.keyboard.press(keys)
    field = desk.page.locator("input[name=q]:focus")
    expect(field).to_be_visible()
    desk.page.keyboard.type("dropout")
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_url("**/search.html?q=dropout")
    expect(desk.page.locator(".found > li").first).to_be_visible()
