"""Other right answers to ps1, and the mistakes that classes make in it, each with a hint for whoever made it."""

from itertools import zip_longest

import torch
from torch.nn import functional as F

from autograder.misconceptions import misconception, wheat

Tensor = torch.Tensor
Shape = tuple[int, ...]


# 1. checkerboard


@wheat("checkerboard")
def two_slices(n: int) -> Tensor:
    board = torch.zeros(n, n)
    board[::2, ::2] = 1
    board[1::2, 1::2] = 1
    return board


@wheat("checkerboard")
def field_by_field(n: int) -> Tensor:
    board = torch.empty((n, n), dtype=torch.float32)
    for i in range(n):
        for j in range(n):
            board[i, j] = float((i + j) % 2 == 0)
    return board


@wheat("checkerboard")
def equal_parities(n: int) -> Tensor:
    odd = torch.arange(n).remainder(2)
    return odd.unsqueeze(0).eq(odd.unsqueeze(1)).to(torch.float32)


@misconception(
    "checkerboard",
    hint="Your colours are swapped. Row 0 and column 0 have the sum 0, which is even, so the first corner is 1.",
)
def colours_swapped(n: int) -> Tensor:
    i = torch.arange(n)
    return ((i[:, None] + i) % 2).float()


@misconception(
    "checkerboard",
    hint="The pattern is right, but the entries are True and False: a comparison gives booleans. The board should be "
    "float32.",
)
def a_board_of_booleans(n: int) -> Tensor:
    i = torch.arange(n)
    return (i[:, None] + i) % 2 == 0


@misconception(
    "checkerboard",
    hint="The pattern is right, but the entries are integers, as `torch.arange` and sums of it are. The board should "
    "be float32: networks compute with floating-point numbers.",
)
def a_board_of_integers(n: int) -> Tensor:
    i = torch.arange(n)
    return 1 - (i[:, None] + i) % 2


@misconception(
    "checkerboard",
    hint="You count through the board row by row and take every second field. That works when n is odd; when it is "
    "even, each row begins with the colour of the row above, and the board has stripes. Use row and column.",
)
def every_second_field(n: int) -> Tensor:
    return (torch.arange(n * n) % 2 == 0).float().reshape(n, n)


@misconception(
    "checkerboard",
    hint="Your board has stripes: the value depends on the column alone. It is the *sum* of row and column that has to "
    "be even, so the row numbers must take part, as a column of shape (n, 1).",
)
def stripes(n: int) -> Tensor:
    return (torch.arange(n) % 2 == 0).float().repeat(n, 1)


@misconception(
    "checkerboard",
    hint="You fill only every second row: the fields where row and column are both even. Where both are odd, their sum "
    "is even, too.",
)
def only_even_rows(n: int) -> Tensor:
    board = torch.zeros(n, n)
    board[::2, ::2] = 1
    return board


@misconception(
    "checkerboard",
    hint="Only your diagonal is 1. The sum of row and column is even in many more places than where the two are equal.",
)
def the_diagonal(n: int) -> Tensor:
    return torch.eye(n)


# 2. to_patches


@wheat("to_patches")
def unfolded(images: Tensor, size: int) -> Tensor:
    return images.unfold(1, size, size).unfold(2, size, size).reshape(len(images), -1, size * size)


@wheat("to_patches")
def square_by_square(images: Tensor, size: int) -> Tensor:
    n, h, w = images.shape
    squares = [
        images[:, top : top + size, left : left + size].reshape(n, size * size)
        for top in range(0, h, size)
        for left in range(0, w, size)
    ]
    return torch.stack(squares, dim=1)


@wheat("to_patches")
def split_and_transposed(images: Tensor, size: int) -> Tensor:
    n, h, w = images.shape
    grid = images.contiguous().view(n, h // size, size, w // size, size).transpose(2, 3)
    return grid.flatten(3).flatten(1, 2)


@misconception(
    "to_patches",
    hint="You only reshape. Reshaping never changes the order of the numbers, so your first row holds the beginning of "
    "the image's first rows, not a square. Split the axes first, then reorder them, and only then merge.",
)
def only_reshaped(images: Tensor, size: int) -> Tensor:
    return images.reshape(len(images), -1, size * size)


@misconception(
    "to_patches",
    hint="Your patches come top to bottom first. Reading order goes along a row of patches before it moves to the next "
    "row: of the two axes that count patches, the one for columns has to vary faster.",
)
def patches_column_by_column(images: Tensor, size: int) -> Tensor:
    n, h, w = images.shape
    grid = images.reshape(n, h // size, size, w // size, size)
    return grid.permute(0, 3, 1, 2, 4).reshape(n, -1, size * size)


@misconception(
    "to_patches",
    hint="The patches come in the right order, but the pixels inside each of them run down its columns. They should "
    "come in reading order, too.",
)
def pixels_column_by_column(images: Tensor, size: int) -> Tensor:
    n, h, w = images.shape
    grid = images.reshape(n, h // size, size, w // size, size)
    return grid.permute(0, 1, 3, 4, 2).reshape(n, -1, size * size)


@misconception(
    "to_patches",
    hint="You merged the images with their patches: the result has two axes. Keep the first axis for the images, or "
    "nobody can tell which patch belongs to which.",
)
def images_and_patches_merged(images: Tensor, size: int) -> Tensor:
    n, h, w = images.shape
    grid = images.reshape(n, h // size, size, w // size, size)
    return grid.permute(0, 1, 3, 2, 4).reshape(-1, size * size)


@misconception(
    "to_patches",
    hint="The squares are right, but you left them as squares. Each patch should be one row of size × size numbers, "
    "and all patches of an image should lie along one axis.",
)
def squares_not_laid_out(images: Tensor, size: int) -> Tensor:
    n, h, w = images.shape
    return images.reshape(n, h // size, size, w // size, size).permute(0, 1, 3, 2, 4)


@misconception(
    "to_patches",
    hint="Your patches overlap: the window moves by one pixel. The image is to be cut, so the window moves by `size`.",
)
def overlapping(images: Tensor, size: int) -> Tensor:
    return images.unfold(1, size, 1).unfold(2, size, 1).reshape(len(images), -1, size * size)


@misconception(
    "to_patches",
    hint="The patches are right, but you turned the numbers into float32. Rearranging changes no number: the result "
    "should have the dtype that came in.",
)
def made_float(images: Tensor, size: int) -> Tensor:
    squares = images.float().unfold(1, size, size).unfold(2, size, size)
    return squares.reshape(len(images), -1, size * size)


# 3. with_border


@wheat("with_border")
def interior_copied(images: Tensor, value: float) -> Tensor:
    framed = torch.full(images.shape, value, dtype=images.dtype)
    framed[:, 1:-1, 1:-1] = images[:, 1:-1, 1:-1]
    return framed


@wheat("with_border")
def chosen_by_a_mask(images: Tensor, value: float) -> Tensor:
    _, h, w = images.shape
    i, j = torch.arange(h)[:, None], torch.arange(w)
    border = (i == 0) | (i == h - 1) | (j == 0) | (j == w - 1)
    return torch.where(border, torch.tensor(value, dtype=images.dtype), images)


@wheat("with_border")
def four_edges(images: Tensor, value: float) -> Tensor:
    framed = images.detach().clone(memory_format=torch.contiguous_format)
    framed[:, 0].fill_(value)
    framed[:, -1].fill_(value)
    framed[..., 0].fill_(value)
    framed[..., -1].fill_(value)
    return framed


@misconception(
    "with_border",
    hint="You wrote into the images that you were given: `b = a`, `a[:]` and a view are all the same memory. Whoever "
    "called your function has lost the border of the originals. Work on a copy.",
)
def written_into_the_images(images: Tensor, value: float) -> Tensor:
    framed = images[:]
    framed[:, [0, -1]] = value
    framed[:, :, [0, -1]] = value
    return framed


@misconception(
    "with_border",
    hint="Your frame has a top and a bottom, but no sides: the first and the last column belong to it, too.",
)
def rows_without_columns(images: Tensor, value: float) -> Tensor:
    framed = images.clone()
    framed[:, [0, -1]] = value
    return framed


@misconception(
    "with_border",
    hint="Your frame has only two sides, at the top and on the left. The last row and the last column belong to it, "
    "too; the index of the last one is -1.",
)
def two_of_four_sides(images: Tensor, value: float) -> Tensor:
    framed = images.clone()
    framed[:, 0] = value
    framed[:, :, 0] = value
    return framed


@misconception(
    "with_border",
    hint="You put the frame around the image, which makes it larger. The frame replaces the outermost pixels, and the "
    "shape stays.",
)
def put_around_the_outside(images: Tensor, value: float) -> Tensor:
    return F.pad(images, (1, 1, 1, 1), value=value)


@misconception(
    "with_border",
    hint="Your frame goes around the whole batch: the first axis counts images, and you treated it as rows. Each image "
    "has a frame of its own.",
)
def a_frame_around_the_batch(images: Tensor, value: float) -> Tensor:
    framed = images.clone()
    framed[[0, -1]] = value
    framed[:, [0, -1]] = value
    return framed


@misconception(
    "with_border",
    hint="The frame is right, but the pixels inside it are gone: you started from an empty picture. Start from a copy "
    "of the images.",
)
def the_inside_emptied(images: Tensor, value: float) -> Tensor:
    framed = torch.zeros_like(images)
    framed[:, [0, -1]] = value
    framed[:, :, [0, -1]] = value
    return framed


@misconception(
    "with_border",
    hint="The frame is right, but the result is always float32. It should have the dtype of the images.",
)
def turned_into_float32(images: Tensor, value: float) -> Tensor:
    framed = images.clone().float()
    framed[:, [0, -1]] = value
    framed[:, :, [0, -1]] = value
    return framed


# 4. broadcast_shape


@wheat("broadcast_shape")
def from_the_right(a: Shape, b: Shape) -> Shape:
    sizes = []
    for x, y in zip_longest(reversed(a), reversed(b), fillvalue=1):
        if x != 1 and y != 1 and x != y:
            raise ValueError(f"{x} and {y} do not fit")
        sizes.append(x if y == 1 else y)
    return tuple(sizes[::-1])


@wheat("broadcast_shape")
def by_recursion(a: Shape, b: Shape) -> Shape:
    if not a or not b:
        return a + b
    rest = by_recursion(a[:-1], b[:-1])
    if a[-1] == 1 or a[-1] == b[-1]:
        return (*rest, b[-1])
    if b[-1] == 1:
        return (*rest, a[-1])
    raise ValueError("the shapes do not fit")


@wheat("broadcast_shape")
def by_sets_of_sizes(a: Shape, b: Shape) -> Shape:
    length = max(len(a), len(b))
    result = []
    for axis in range(-length, 0):
        sizes = {shape[axis] for shape in (a, b) if -axis <= len(shape)} - {1}
        if len(sizes) > 1:
            raise ValueError(f"axis {axis}: {sorted(sizes)}")
        result.append(sizes.pop() if sizes else 1)
    return tuple(result)


@misconception(
    "broadcast_shape",
    hint="You align the shapes at the left. Broadcasting aligns them at the right: the shorter one gets its missing "
    "axes in front.",
)
def aligned_at_the_left(a: Shape, b: Shape) -> Shape:
    sizes = []
    for x, y in zip_longest(a, b, fillvalue=1):
        if x != y and 1 not in (x, y):
            raise ValueError
        sizes.append(y if x == 1 else x)
    return tuple(sizes)


@misconception(
    "broadcast_shape",
    hint="You take the larger of the two sizes. That is almost the rule, but 0 against 1 gives 0: an axis of size 1 is "
    "stretched, or here shrunk, to whatever the other has.",
)
def the_larger_size(a: Shape, b: Shape) -> Shape:
    sizes = []
    for x, y in zip_longest(reversed(a), reversed(b), fillvalue=1):
        if x != y and 1 not in (x, y):
            raise ValueError
        sizes.append(max(x, y))
    return tuple(reversed(sizes))


@misconception(
    "broadcast_shape",
    hint="Your function never refuses. Two sizes that differ, of which neither is 1, do not fit: raise ValueError.",
)
def never_refused(a: Shape, b: Shape) -> Shape:
    sizes = [y if x == 1 else x for x, y in zip_longest(reversed(a), reversed(b), fillvalue=1)]
    return tuple(reversed(sizes))


@misconception(
    "broadcast_shape",
    hint="You return None where the shapes do not fit. A function that cannot do what it was asked should raise an "
    "error: here a ValueError. A None is noticed much later, and far away.",
)
def none_for_a_misfit(a: Shape, b: Shape) -> Shape | None:
    sizes = []
    for x, y in zip_longest(reversed(a), reversed(b), fillvalue=1):
        if x != y and 1 not in (x, y):
            return None
        sizes.append(y if x == 1 else x)
    return tuple(reversed(sizes))


@misconception(
    "broadcast_shape",
    hint="You compare the shapes only as far as the shorter one reaches: `zip` stops there, and the longer one loses "
    "its first axes. Where a shape has run out of axes, take 1.",
)
def cut_to_the_shorter(a: Shape, b: Shape) -> Shape:
    sizes = []
    for x, y in zip(reversed(a), reversed(b), strict=False):
        if x != y and 1 not in (x, y):
            raise ValueError
        sizes.append(y if x == 1 else x)
    return tuple(reversed(sizes))


@misconception(
    "broadcast_shape",
    hint="You return a list. A shape is a tuple: it can be compared with other shapes, and nobody can change it.",
)
def a_list_of_sizes(a: Shape, b: Shape) -> list[int]:
    return list(from_the_right_again(a, b))


@misconception(
    "broadcast_shape",
    hint="You stretch only the second shape. Broadcasting is symmetric: an axis of size 1 may be stretched in either, "
    "and either may be the shorter one.",
)
def only_the_second_is_stretched(a: Shape, b: Shape) -> Shape:
    padded = (1,) * (len(a) - len(b)) + b
    if len(padded) != len(a) or any(y not in (1, x) for x, y in zip(a, padded, strict=True)):
        raise ValueError
    return a


@misconception(
    "broadcast_shape",
    hint="The results are right, but the library's own rule made them. This question is about the rule: three cases "
    "for a pair of sizes, and one that is an error.",
)
def the_librarys_own_rule(a: Shape, b: Shape) -> Shape:
    try:
        return tuple(torch.broadcast_shapes(a, b))
    except RuntimeError:
        raise ValueError from None


def from_the_right_again(a: Shape, b: Shape) -> Shape:
    """The rule, for a variant that has it right and errs elsewhere."""
    sizes = []
    for x, y in zip_longest(reversed(a), reversed(b), fillvalue=1):
        if x != y and 1 not in (x, y):
            raise ValueError
        sizes.append(y if x == 1 else x)
    return tuple(reversed(sizes))


# 5. normalise_channels


@wheat("normalise_channels")
def with_four_axes(images: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    return images.sub(mean.view(1, -1, 1, 1)).div(std.view(1, -1, 1, 1))


@wheat("normalise_channels")
def channel_after_channel(images: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    result = images.clone()
    for c in range(images.shape[1]):
        result[:, c] = (images[:, c] - mean[c]) / std[c]
    return result


@wheat("normalise_channels")
def channels_moved_to_the_end(images: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    return ((images.movedim(1, -1) - mean) / std).movedim(-1, 1)


@misconception(
    "normalise_channels",
    hint="Broadcasting aligns at the right, so your means are matched with the columns of the image (its width), not "
    "with its channels. For most images that is an error; when width and number of channels agree, it is silently "
    "wrong.",
)
def along_the_width(images: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    return (images - mean) / std


@misconception(
    "normalise_channels",
    hint="Your means are matched with the rows of the image (its height): with one axis of size 1 at the end, (c, 1) "
    "lines up with height and width. It takes one more to reach the channels.",
)
def along_the_height(images: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    return (images - mean[:, None]) / std[:, None]


@misconception(
    "normalise_channels",
    hint="The numbers are right, but the images are not what they were: `-=`, `/=` and methods that end in an "
    "underscore write into the tensor that was passed in. Make a new one.",
)
def normalised_in_place(images: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    images -= mean[:, None, None]
    images /= std[:, None, None]
    return images


@misconception(
    "normalise_channels",
    hint="You compute mean and standard deviation from the images. They are given: at test time, too, every image is "
    "shifted and scaled by the numbers of the training set.",
)
def statistics_of_the_batch(images: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    centred = images - images.mean(dim=(0, 2, 3), keepdim=True)
    return centred / images.std(dim=(0, 2, 3), keepdim=True, correction=0)


@misconception(
    "normalise_channels",
    hint="You multiply by the standard deviation. Dividing by it is what makes channels with large and with small "
    "variation comparable.",
)
def multiplied_by_std(images: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    return (images - mean[:, None, None]) * std[:, None, None]


@misconception(
    "normalise_channels",
    hint="You subtract the mean after dividing: division comes before subtraction, unless there are parentheses.",
)
def parentheses_forgotten(images: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    return images - mean[:, None, None] / std[:, None, None]


@misconception(
    "normalise_channels",
    hint="You subtract the mean, and leave it at that. The second step is to divide by the standard deviation.",
)
def only_shifted(images: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    return images - mean[:, None, None]


# 6. pick_per_row


@wheat("pick_per_row")
def gathered_entries(X: Tensor, columns: Tensor) -> Tensor:
    return X.gather(1, columns.unsqueeze(1)).squeeze(1)


@wheat("pick_per_row")
def from_one_long_row(X: Tensor, columns: Tensor) -> Tensor:
    n, k = X.shape
    return X.reshape(-1)[torch.arange(n) * k + columns]


@wheat("pick_per_row")
def chosen_with_a_mask(X: Tensor, columns: Tensor) -> Tensor:
    return X[columns[:, None] == torch.arange(X.shape[1])]


@misconception(
    "pick_per_row",
    hint="The result is right, but there is a loop: one call of PyTorch for each row, thousands of times slower than "
    "one for all rows. Indexing with two tensors picks one entry per pair.",
)
def row_after_row_in_a_loop(X: Tensor, columns: Tensor) -> Tensor:
    return torch.stack([X[i, columns[i]] for i in range(len(X))])


@misconception(
    "pick_per_row",
    hint="The result is right, but the numbers leave PyTorch: lists and NumPy are on the CPU, whatever device the "
    "tensor was on, and a loop over lists is slow. Index with tensors.",
)
def through_lists(X: Tensor, columns: Tensor) -> Tensor:
    return X.new_tensor([row[j] for row, j in zip(X.tolist(), columns.tolist(), strict=True)])


@misconception(
    "pick_per_row",
    hint="You take whole columns: `X[:, columns]` has n rows *and* n columns. The colon means all rows for each "
    "column; you want one row for each.",
)
def columns_of_all_rows(X: Tensor, columns: Tensor) -> Tensor:
    return X[:, columns]


@misconception(
    "pick_per_row",
    hint="The entries are right, but the shape is (n, 1). `gather` returns as many axes as its index has: drop the "
    "last one.",
)
def an_axis_too_many(X: Tensor, columns: Tensor) -> Tensor:
    return X.gather(1, columns[:, None])


@misconception(
    "pick_per_row",
    hint="You index the flat numbers with the column alone, and so always stay in the first row. Row i begins at i × "
    "k.",
)
def always_in_the_first_row(X: Tensor, columns: Tensor) -> Tensor:
    return X.reshape(-1)[columns]


@misconception(
    "pick_per_row",
    hint="You give the largest entry of each row. The question asks for the one in column `columns[i]`, whatever it "
    "is.",
)
def the_largest_of_each_row(X: Tensor, columns: Tensor) -> Tensor:
    return X.max(dim=1).values


@misconception(
    "pick_per_row",
    hint="The entries are right, but they are float32 now. Picking changes no number: keep the dtype of `X`.",
)
def picked_as_float32(X: Tensor, columns: Tensor) -> Tensor:
    return X.float()[torch.arange(len(X)), columns]


# 7. drop_incomplete


@wheat("drop_incomplete")
def equal_to_themselves(X: Tensor) -> Tensor:
    return X[(X == X).all(dim=1)].clone()


@wheat("drop_incomplete")
def rows_in_a_loop(X: Tensor) -> Tensor:
    kept = [i for i in range(len(X)) if not any(entry != entry for entry in X[i].tolist())]
    return X[torch.tensor(kept, dtype=torch.int64)]


@wheat("drop_incomplete")
def by_counting(X: Tensor) -> Tensor:
    missing = torch.isnan(X).sum(dim=1)
    return X.index_select(0, torch.nonzero(missing == 0).flatten())


@misconception(
    "drop_incomplete",
    hint="You drop rows with infinities, too. An infinity is a value (a division by zero, a range exceeded), and not a "
    "missing one; ask for nan alone.",
)
def infinities_dropped_too(X: Tensor) -> Tensor:
    return X[X.isfinite().all(dim=1)]


@misconception(
    "drop_incomplete",
    hint="You drop a row only when everything in it is missing. A complete row is one in which nothing is: `any` and "
    "`all` are easily confused after a negation.",
)
def dropped_when_all_is_missing(X: Tensor) -> Tensor:
    return X[~X.isnan().all(dim=1)]


@misconception(
    "drop_incomplete",
    hint="Nothing is dropped: nan is equal to nothing, itself included, so a comparison with nan is False everywhere. "
    "There is a function that asks whether a number is nan.",
)
def compared_with_nan(X: Tensor) -> Tensor:
    return X[~(float("nan") == X).any(dim=1)]


@misconception(
    "drop_incomplete",
    hint="You drop columns, not rows: `any(dim=0)` runs down each column. Rows are the examples, so look along each "
    "row.",
)
def columns_dropped(X: Tensor) -> Tensor:
    return X[:, ~X.isnan().any(dim=0)]


@misconception(
    "drop_incomplete",
    hint="You return exactly the rows in which something is missing: the condition needs to be turned round.",
)
def the_incomplete_kept(X: Tensor) -> Tensor:
    return X[X.isnan().any(dim=1)]


@misconception(
    "drop_incomplete",
    hint="You replace what is missing by 0. That invents measurements; the question asks for the rows that have all of "
    "theirs.",
)
def filled_with_zeros(X: Tensor) -> Tensor:
    return torch.where(X.isnan(), torch.zeros_like(X), X)


@misconception(
    "drop_incomplete",
    hint="You removed single numbers, and the table fell apart into one long row. An index with as many booleans as "
    "there are rows keeps whole rows.",
)
def single_numbers_removed(X: Tensor) -> Tensor:
    return X[~X.isnan()]


@misconception(
    "drop_incomplete",
    hint="You look whether the sum of a row is nan. It is, too, when a row holds both infinities, because infinity "
    "minus infinity is nan, though nothing is missing.",
)
def found_by_the_sum(X: Tensor) -> Tensor:
    return X[~X.sum(dim=1).isnan()]


# 8. distances


@wheat("distances")
def norms_of_differences(A: Tensor, B: Tensor) -> Tensor:
    return torch.linalg.vector_norm(A.unsqueeze(1) - B.unsqueeze(0), dim=-1)


@wheat("distances")
def with_einsum_of_differences(A: Tensor, B: Tensor) -> Tensor:
    D = A[:, None] - B
    return torch.einsum("nmd,nmd->nm", D, D).sqrt()


@wheat("distances")
def expanded_in_double_precision(A: Tensor, B: Tensor) -> Tensor:
    centre = A.mean(dim=0)
    P, Q = (A - centre).double(), (B - centre).double()
    squares = P.square().sum(1, keepdim=True) + Q.square().sum(1) - 2 * P @ Q.T
    return squares.clamp(min=0).sqrt().to(A.dtype)


@misconception(
    "distances",
    hint="Your results are squared: the root is missing.",
)
def the_root_forgotten(A: Tensor, B: Tensor) -> Tensor:
    return (A[:, None] - B).square().sum(dim=2)


@misconception(
    "distances",
    hint="The identity with squares and a product is right on paper, but far from the origin it subtracts huge numbers "
    "that are nearly equal, and in float32 little is left. Subtract the points first, then square.",
)
def squares_expanded(A: Tensor, B: Tensor) -> Tensor:
    return (A.square().sum(1)[:, None] + B.square().sum(1) - 2 * A @ B.T).clamp(min=0).sqrt()


@misconception(
    "distances",
    hint="You move one mean to the origin before you use the identity with squares and a product. That helps when all "
    "points lie near that mean; with two clusters, each is still far from the origin, and the difference is lost.",
)
def squares_expanded_around_the_mean(A: Tensor, B: Tensor) -> Tensor:
    A, B = A - A.mean(0), B - A.mean(0)
    squares = (A**2).sum(1)[:, None] + (B**2).sum(1) - 2 * A @ B.T
    return squares.clamp(min=0).sqrt()


@misconception(
    "distances",
    hint="Your matrix is transposed: rows should belong to the points of `A`, columns to those of `B`. Look at which "
    "of the two gets the new axis in the middle.",
)
def rows_and_columns_swapped(A: Tensor, B: Tensor) -> Tensor:
    return (B[:, None] - A).square().sum(dim=2).sqrt()


@misconception(
    "distances",
    hint="You add up absolute differences: that is the way along the streets of Manhattan. The Euclidean distance is "
    "the root of the sum of squares.",
)
def along_the_streets(A: Tensor, B: Tensor) -> Tensor:
    return (A[:, None] - B).abs().sum(dim=2)


@misconception(
    "distances",
    hint="You take the mean of the squares under the root. The distance has their sum: with your formula, it would "
    "shrink when coordinates that agree are added.",
)
def the_root_of_the_mean(A: Tensor, B: Tensor) -> Tensor:
    return (A[:, None] - B).square().mean(dim=2).sqrt()


@misconception(
    "distances",
    hint="You return a single number, the size of all differences together: without `dim`, a norm or a sum runs over "
    "everything. Only the last axis, the coordinates, should go.",
)
def one_number_for_all(A: Tensor, B: Tensor) -> Tensor:
    return (A[:, None] - B).norm()


@misconception(
    "distances",
    hint="The result is right, but there is a loop over the points of `A`: one call of PyTorch after the other. "
    "Broadcasting can form all differences at once.",
)
def a_loop_over_the_points(A: Tensor, B: Tensor) -> Tensor:
    return torch.stack([(a - B).norm(dim=1) for a in A])


@misconception(
    "distances",
    hint="The result is right, but PyTorch's own function computes it, which this question rules out. The point is to "
    "find the broadcast behind it.",
)
def the_librarys_own_distance(A: Tensor, B: Tensor) -> Tensor:
    return torch.cdist(A, B)


# 9. moving_average


@wheat("moving_average")
def unfolded_windows(x: Tensor, width: int) -> Tensor:
    return x.unfold(0, width, 1).mean(dim=1)


@wheat("moving_average")
def running_sums_in_double_precision(x: Tensor, width: int) -> Tensor:
    sums = F.pad(x.double().cumsum(0), (1, 0))
    return ((sums[width:] - sums[:-width]) / width).to(x.dtype)


@wheat("moving_average")
def as_pooling(x: Tensor, width: int) -> Tensor:
    return F.avg_pool1d(x.reshape(1, 1, -1), width, stride=1).flatten()


@misconception(
    "moving_average",
    hint="The result is right, but there is a loop: one call of PyTorch for each window. An index that is a matrix "
    "makes all windows at once.",
)
def a_loop_over_the_windows(x: Tensor, width: int) -> Tensor:
    return torch.stack([x[i : i + width].mean() for i in range(len(x) - width + 1)])


@misconception(
    "moving_average",
    hint="Differences of running sums are a good idea, but a running sum in float32 cannot forget: after huge "
    "numbers, the digits of small ones are lost. Sum in float64, or form the windows.",
)
def running_sums_that_remember(x: Tensor, width: int) -> Tensor:
    sums = F.pad(x.cumsum(0), (1, 0))
    return (sums[width:] - sums[:-width]) / width


@misconception(
    "moving_average",
    hint="Your first window is missing. Running sums need a zero in front, or the first `width` entries are never "
    "the difference of two of them.",
)
def the_first_window_lost(x: Tensor, width: int) -> Tensor:
    return x.unfold(0, width, 1).mean(dim=1)[1:]


@misconception(
    "moving_average",
    hint="Your last window is missing. From 0 to n - width, both included, there are n - width + 1 places at which a "
    "window can begin.",
)
def the_last_window_lost(x: Tensor, width: int) -> Tensor:
    return x.unfold(0, width, 1).mean(dim=1)[:-1]


@misconception(
    "moving_average",
    hint="You return sums. The mean is the sum divided by the width of the window.",
)
def sums_of_the_windows(x: Tensor, width: int) -> Tensor:
    return x.unfold(0, width, 1).sum(dim=1)


@misconception(
    "moving_average",
    hint="You fill up the ends with zeros, so that there are as many results as entries, and the ones at the ends "
    "are too small. Only full windows count.",
)
def ends_filled_with_zeros(x: Tensor, width: int) -> Tensor:
    padded = F.pad(x, ((width - 1) // 2, width // 2))
    return padded.unfold(0, width, 1).mean(dim=1)


@misconception(
    "moving_average",
    hint="Your windows stand side by side: each begins where the one before ends. A sliding window moves by one entry.",
)
def windows_side_by_side(x: Tensor, width: int) -> Tensor:
    return x.unfold(0, width, width).mean(dim=1)


@misconception(
    "moving_average",
    hint="You take the mean of everything so far. A window forgets: it holds `width` entries, and the oldest one "
    "leaves when a new one comes.",
)
def the_mean_of_everything_so_far(x: Tensor, width: int) -> Tensor:
    means = x.cumsum(0) / torch.arange(1, len(x) + 1, dtype=x.dtype)
    return means[width - 1 :]


# 10. stack_padded


@wheat("stack_padded")
def with_pad_sequence(sequences: list[Tensor], fill: float) -> tuple[Tensor, Tensor]:
    padded = torch.nn.utils.rnn.pad_sequence(sequences, batch_first=True, padding_value=fill)
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    return padded, torch.arange(padded.shape[1]) < lengths[:, None]


@wheat("stack_padded")
def concatenated_and_stacked(sequences: list[Tensor], fill: float) -> tuple[Tensor, Tensor]:
    longest = max(map(len, sequences))
    rows, marks = [], []
    for sequence in sequences:
        rest = longest - len(sequence)
        rows.append(torch.cat([sequence, sequence.new_full((rest,), fill)]))
        marks.append(torch.tensor([True] * len(sequence) + [False] * rest))
    return torch.stack(rows), torch.stack(marks)


@wheat("stack_padded")
def written_through_the_mask(sequences: list[Tensor], fill: float) -> tuple[Tensor, Tensor]:
    lengths = torch.tensor([sequence.numel() for sequence in sequences]).unsqueeze(1)
    mask = torch.arange(int(lengths.max())).unsqueeze(0) < lengths
    padded = torch.empty(mask.shape, dtype=sequences[0].dtype).fill_(fill)
    padded[mask] = torch.cat(sequences)
    return padded, mask


@misconception(
    "stack_padded",
    hint="You find the mask by comparing with `fill`. A real entry may have the same value; only the lengths know "
    "what is real.",
)
def a_mask_by_comparison(sequences: list[Tensor], fill: float) -> tuple[Tensor, Tensor]:
    padded, _ = with_rows_filled(sequences, fill)
    return padded, padded != fill


@misconception(
    "stack_padded",
    hint="Your mask is turned round: it should be True where an entry is real, and False where it was filled up.",
)
def true_where_filled(sequences: list[Tensor], fill: float) -> tuple[Tensor, Tensor]:
    padded, mask = with_rows_filled(sequences, fill)
    return padded, ~mask


@misconception(
    "stack_padded",
    hint="You fill up in front. Here sequences begin in the first column, and the filling comes behind them.",
)
def filled_in_front(sequences: list[Tensor], fill: float) -> tuple[Tensor, Tensor]:
    padded, mask = with_rows_filled([sequence.flip(0) for sequence in sequences], fill)
    return padded.flip(1), mask.flip(1)


@misconception(
    "stack_padded",
    hint="You fill up with 0 whatever `fill` is. Zero may be a word of the vocabulary; the caller says what is not.",
)
def always_filled_with_zeros(sequences: list[Tensor], fill: float) -> tuple[Tensor, Tensor]:
    return with_rows_filled(sequences, 0)


@misconception(
    "stack_padded",
    hint="You cut all sequences to the length of the shortest. The rectangle has to hold the longest; the others are "
    "filled up.",
)
def cut_to_the_shortest(sequences: list[Tensor], fill: float) -> tuple[Tensor, Tensor]:
    shortest = min(len(sequence) for sequence in sequences)
    padded = torch.stack([sequence[:shortest] for sequence in sequences])
    return padded, torch.ones(padded.shape, dtype=torch.bool)


@misconception(
    "stack_padded",
    hint="Your sequences are columns, as `pad_sequence` makes them by default. In this question each one is a row.",
)
def sequences_as_columns(sequences: list[Tensor], fill: float) -> tuple[Tensor, Tensor]:
    padded, mask = with_rows_filled(sequences, fill)
    return padded.T, mask.T


@misconception(
    "stack_padded",
    hint="The pattern of the mask is right, but it holds numbers. It should be of dtype bool: as an index, numbers "
    "would be taken for places.",
)
def a_mask_of_numbers(sequences: list[Tensor], fill: float) -> tuple[Tensor, Tensor]:
    padded, mask = with_rows_filled(sequences, fill)
    return padded, mask.long()


@misconception(
    "stack_padded",
    hint="The numbers are right, but always float32, as tensors without a dtype are. Word numbers, for example, have "
    "to stay int64.",
)
def padded_as_float32(sequences: list[Tensor], fill: float) -> tuple[Tensor, Tensor]:
    padded, mask = with_rows_filled(sequences, fill)
    return padded.float(), mask


def with_rows_filled(sequences: list[Tensor], fill: float) -> tuple[Tensor, Tensor]:
    """The right answer, for variants that err elsewhere."""
    padded = torch.nn.utils.rnn.pad_sequence(sequences, batch_first=True, padding_value=fill)
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    return padded, torch.arange(padded.shape[1]) < lengths[:, None]
