"""Under a notebook's title, in words: where it can be run, and the file to take away.

The theme has the same links behind an icon's menu, where a reader who does not know that they are there finds none.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

LINE = '<p class="run-links">Run it: {links}</p>'


def links_of(theme: dict[str, Any], source: str) -> dict[str, str]:
    """By their words, the addresses that open a notebook, for the repository in the theme's options."""
    address, branch = theme["repository_url"].rstrip("/"), theme["repository_branch"]
    repository = address.removeprefix("https://github.com/")
    buttons = theme["launch_buttons"]
    return {
        "Colab": f"{buttons['colab_url']}/github/{repository}/blob/{branch}/{source}",
        "JupyterLab on Binder": f"{buttons['binderhub_url']}/v2/gh/{repository}/{branch}?urlpath=lab/tree/{source}",
    }


def add_links(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    source = context.get("sourcename", "")
    if not source.endswith(".ipynb") or "body" not in context:
        return
    found = links_of(app.config.html_theme_options, source)
    written = [f'<a href="{escape(address)}">{words}</a>' for words, address in found.items()]
    written.append(f'<a href="{escape(context["pathto"](f"_sources/{source}", 1))}" download>download the notebook</a>')
    before, end, after = context["body"].partition("</h1>")
    context["body"] = before + end + LINE.format(links=" · ".join(written)) + after


def setup(app: Sphinx) -> dict[str, object]:
    app.connect("html-page-context", add_links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
