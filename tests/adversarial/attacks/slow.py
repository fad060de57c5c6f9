"""What takes the grader's own side long: rows 33 and 34. Each costs its own question, or what it shows."""

from __future__ import annotations

from attacks.attack import Work, attack


@attack(33)
def displays_a_drawing_without_end(work: Work) -> None:
    work.add("from IPython.display import display, HTML\ndisplay(HTML('<svg ' * 100_000))")


@attack(33)
def displays_elements_in_elements(work: Work) -> None:
    work.add(
        "from IPython.display import display, HTML\nfor unit in ('<div>', '<table><tr><td>', '<b><p>', '<ul><li>'):\n"
        "    display(HTML(unit * 20_000))"
    )


@attack(33, problem="too much")
def one_update_of_many_displays(work: Work) -> None:
    work.add(
        "from IPython.display import display, update_display\nfor _ in range(500): display('x', display_id='one')\n"
        "update_display('y' * 200_000, display_id='one')"
    )


@attack(33)
def displays_markdown_that_is_slow_to_draw(work: Work) -> None:
    work.add(
        "from IPython.display import display, Markdown\n"
        "for unit in ('\\\\begin{a}', '[a](http://b ', '*a ', '> ' , '`a ', '[' ):\n"
        "    display(Markdown(unit * 10_000))"
    )


@attack(33)
def displays_what_parsers_are_slow_at(work: Work) -> None:
    work.add(
        "from IPython.display import display, HTML\nfor unit in ('&', '&amp;', '<!--', '</b>', \"<a b='\"):\n"
        "    display(HTML(unit * 40_000))\ndisplay(HTML('<p' + ' a' * 100_000 + '>'))"
    )


@attack(33)
def prints_colours_only(work: Work) -> None:
    work.add("print('\\x1b[31m' * 120_000)")


@attack(33)
def metadata_in_metadata(work: Work) -> None:
    work.add(
        "from IPython.display import display\nnested = 0\nfor _ in range(600): nested = {'a': [nested]}\n"
        "import sys; sys.setrecursionlimit(10_000)\n"
        "display({'text/plain': 'x', 'application/json': nested}, raw=True, metadata=nested)"
    )


@attack(33)
def displays_lists_in_quotes_in_lists(work: Work) -> None:
    work.add(
        "from IPython.display import display, Markdown, Latex\nfor unit in ('- ', '1. > ', '- * + '):\n"
        "    display(Markdown(unit * 3_000 + 'x'))\ndisplay(Latex('$' + '{' * 30_000 + '}' * 30_000 + '$'))"
    )


@attack(33)
def raises_within_itself_for_ever(work: Work) -> None:
    work.add(
        "def again(n):\n    try: again(n + 1)\n    except RecursionError as error: raise ValueError(n) from error\n"
        "try: again(0)\nexcept ValueError: __import__('traceback').print_exc()"
    )


@attack(33)
def an_essay_that_is_slow_to_draw(work: Work) -> None:
    work.answer("why_cross_entropy", "\\begin{a}" * 8_000)
    work.add("[a](http://b " * 8_000, kind="markdown")
    work.add("> " * 20_000 + "x", kind="markdown")


@attack(33)
def a_cell_of_a_million_signs(work: Work) -> None:
    work.add("x = '" + "+-*/" * 250_000 + "'")


@attack(33)
def one_picture_shown_a_thousand_times(work: Work) -> None:
    work.add("![x](attachment:a.png)\n\n" * 1_000, kind="markdown")
    cell = work.notebook["cells"][work.notebook["cells"].index(work.cell("recall_and_precision-prompt")) - 1]
    cell["attachments"] = {"a.png": {"image/png": "iVBORw0K" * 100_000}}


@attack(34, loses=("recall_and_precision", "softmax"))
def answers_whose_keys_collide(work: Work) -> None:
    """Integers that are multiples of 2**61 - 1 have one hash: a dict of them takes a time that grows with the square."""
    for question in ("recall_and_precision", "softmax"):
        work.body(question, "return {n * (2**61 - 1): None for n in range(1, 5_500)}")


@attack(34, loses=("log_sum_exp",))
def answers_of_many_small_arrays(work: Work) -> None:
    work.body("log_sum_exp", "import numpy as np\nreturn [np.broadcast_to(np.uint8(1), (30,))] * 30_000")


@attack(34, loses=("accuracy_gap",))
def answers_of_deep_lists(work: Work) -> None:
    work.body("accuracy_gap", "nested = []\nfor _ in range(900): nested = [nested]\nreturn nested")


@attack(34, loses=("kl_divergence",))
def answers_that_hold_themselves(work: Work) -> None:
    work.body("kl_divergence", "circle = []\ncircle.append(circle)\nreturn {'a': circle, 'b': [circle] * 100}")


@attack(34, loses=("accuracy_gap",))
def frames_that_say_they_are_giant(work: Work) -> None:
    """The bytes of an answer are the submission's own: a length of 100 GB, and lists in lists without an end."""
    work.add(
        "try:\n    from autograder.answers import asking\n"
        "    sound = asking.encode\n    giants = [b'\\x09' + (100 << 30).to_bytes(8, 'little'), "
        "(b'\\x06' + (1).to_bytes(8, 'little')) * 9_000]\n"
        "    asking.encode = lambda value, *more: (giants[len(value) % 2] if type(value) is str else "
        "sound(value, *more))\nexcept ImportError: pass"
    )
    work.body("accuracy_gap", "return 'x' * (len(logits) % 2)")


@attack(16, loses=("recall_and_precision", "softmax"))
def exceptions_that_spell(work: Work) -> None:
    """Which exception ends a call is for the submission to choose, and it has seen what it was asked."""
    for question in ("recall_and_precision", "softmax"):
        names = "names = [n for n, e in vars(__import__('builtins')).items() if isinstance(e, type) and "
        names += "issubclass(e, Exception) and n not in ('UnicodeDecodeError', 'UnicodeEncodeError', "
        names += "'UnicodeTranslateError', 'ExceptionGroup')]\nimport random\n"
        names += "raise getattr(__import__('builtins'), random.choice(sorted(names)))()"
        work.body(question, names)
