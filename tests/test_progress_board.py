"""The board: one artist per line, one redraw per epoch, silent where nobody watches, and one picture per cell."""

from __future__ import annotations

import subprocess
import sys

import nbformat
import pytest
import torch
from nbclient import NotebookClient

from gradus import Penguins, ProgressBoard, Trainer, d2l


def test_points_are_means_of_every_n() -> None:
    points = ProgressBoard(display=False)
    for x in range(6):
        points.draw(x, torch.tensor(2.0 * x, requires_grad=True), "loss", every_n=3)
    assert points.data == {"loss": [(1.0, 2.0), (4.0, 8.0)]}


def test_the_figure_has_one_line_per_label_and_the_axes_that_were_asked() -> None:
    points = ProgressBoard(xlabel="step", ylabel="loss", yscale="log", xlim=(0, 9), ls=["-"], colors=["C3"])
    for label in ("train_loss", "val_loss"):
        for x in (1, 2, 3):
            points.add(x, 10.0**-x, label)
            fig = points.figure()
    (axes,) = fig.axes
    assert [line.get_label() for line in axes.lines] == ["train_loss", "val_loss"]
    assert list(axes.lines[1].get_ydata()) == pytest.approx([0.1, 0.01, 0.001])
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_yscale(), axes.get_xlim()) == ("step", "loss", "log", (0, 9))
    assert points.figure() is fig
    points.clear()
    assert points.figure().axes[0].lines[:] == []


@pytest.mark.slow("a Python")
def test_nothing_is_drawn_where_nobody_watches() -> None:
    code = (
        "import sys; from gradus.board import ProgressBoard; import matplotlib.figure as m\n"
        "def stop(*a, **k): raise SystemExit('drawn')\n"
        "m.Figure.__init__ = stop\n"
        "b = ProgressBoard()\n"
        "for x in range(9): b.draw(x, x, 'loss')\n"
        "b.show(); print(len(b.data['loss']))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.stdout, run.stderr, run.returncode) == ("9\n", "", 0)


def test_an_epoch_is_one_redraw(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = []
    monkeypatch.setattr(ProgressBoard, "show", lambda self: shown.append(len(self.data["train_loss"])))
    Trainer(4, num_gpus=0, board=ProgressBoard()).fit(d2l.SoftmaxRegression(3, lr=0.1), Penguins(device="cpu"))
    assert shown == [1, 2, 3, 4]
    shown.clear()
    by_hand = ProgressBoard()
    for step in range(40):
        by_hand.draw(step / 10, 1.0, "train_loss")
    assert len(shown) == 4


def test_a_second_run_does_not_go_on_with_the_first_ones_lines() -> None:
    points = ProgressBoard()
    trainer = Trainer(2, num_gpus=0, board=points)
    for _ in range(2):
        trainer.fit(d2l.SoftmaxRegression(3, lr=0.1), Penguins(device="cpu"))
    assert [x for x, _ in points.data["val_acc"]] == [1, 2]


@pytest.mark.slow("a kernel")
def test_in_a_notebook_each_cell_has_one_picture_that_is_updated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRADUS_QUIET", raising=False)
    draw = "for x in range(3):\n    b.draw(x, x, 'loss')\n    b.draw(x, 2 * x, 'acc')"
    sources = ["from gradus import ProgressBoard\nb = ProgressBoard()", draw, draw]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    NotebookClient(notebook, timeout=120, extra_arguments=["--IPKernelApp.log_level=ERROR"]).execute()
    outputs = [[output["output_type"] for output in cell.outputs] for cell in notebook.cells]
    assert outputs == [[], ["display_data"], ["display_data"]]
    picture = notebook.cells[1].outputs[0]["data"]
    assert picture["text/plain"].endswith("loss 2, acc 4.]")  # the last points are there, though no epoch followed
    assert 'role="img"' in picture["text/html"]
