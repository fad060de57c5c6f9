"""Charts as inline SVG, in the page's own colours: beside each stands a table with the same numbers."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

_WIDTH, _HEIGHT, _FOOT, _HEAD = 520, 190, 34, 20


def histogram(counts: Sequence[int], labels: Sequence[str], says: str) -> Markup:
    """Bars with their numbers above, and what each is of below.

    Args:
        says: what there is to see, for who cannot see it.
    """
    wide, most = _WIDTH / len(counts), max(max(counts), 1)
    bars = []
    for place, (count, label) in enumerate(zip(counts, labels, strict=True)):
        tall = (_HEIGHT - _FOOT - _HEAD) * count / most
        top, middle = _HEIGHT - _FOOT - tall, wide * (place + 0.5)
        bars.append(
            f'<rect class="bar" x="{wide * place + 3:.1f}" y="{top:.1f}" width="{wide - 6:.1f}" height="{tall:.1f}"/>'
            f'<text x="{middle:.1f}" y="{top - 5:.1f}">{count or ""}</text>'
            f'<text x="{middle:.1f}" y="{_HEIGHT - _FOOT + 18}">{escape(label)}</text>'
        )
    axis = f'<line class="axis" x1="0" x2="{_WIDTH}" y1="{_HEIGHT - _FOOT}" y2="{_HEIGHT - _FOOT}"/>'
    return Markup(
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(says)}">{"".join(bars)}{axis}</svg>'
    )


def bar(share: float | None) -> Markup:
    """A short bar for a share in [0, 1], beside its number."""
    if share is None:
        return Markup("")
    wide = 100 * min(max(share, 0.0), 1.0)
    return Markup(
        '<svg class="short" viewBox="0 0 100 10" aria-hidden="true"><rect class="ground" width="100" height="10"/>'
        f'<rect class="bar" width="{wide:.1f}" height="10"/></svg>'
    )
