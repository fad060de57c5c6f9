"""Other right answers to ps4, and the mistakes that classes make in it, each with a hint for whoever made it."""

import numpy as np
import torch
from torch.nn import functional as F

from autograder.misconceptions import misconception, wheat

Tensor = torch.Tensor


# 1. one_hot


@wheat("one_hot")
def rows_of_the_identity(y: Tensor, num_classes: int) -> Tensor:
    return torch.eye(num_classes, dtype=torch.float32)[y]


@wheat("one_hot")
def compared_with_the_classes(y: Tensor, num_classes: int) -> Tensor:
    return (y.unsqueeze(1) == torch.arange(num_classes)).to(torch.float32)


@wheat("one_hot")
def scattered(y: Tensor, num_classes: int) -> Tensor:
    return torch.zeros(y.shape[0], num_classes).scatter_(1, y.reshape(-1, 1), 1.0)


@wheat("one_hot")
def one_label_after_the_other(y: Tensor, num_classes: int) -> Tensor:
    Y = torch.zeros((len(y), num_classes))
    for i, label in enumerate(y):
        Y[i, label] = 1.0
    return Y


@misconception(
    "one_hot",
    hint="The values are right, but they are integers. A one-hot label is multiplied with probabilities and logits "
    "later on, so the result should be float32: look at the dtype with which you create the matrix.",
)
def integers(y: Tensor, num_classes: int) -> Tensor:
    return torch.eye(num_classes, dtype=torch.int64)[y]


@misconception(
    "one_hot",
    hint="The values are right, but they are True and False. A comparison gives booleans; the question asks for "
    "float32, with which one can compute.",
)
def booleans(y: Tensor, num_classes: int) -> Tensor:
    return y[:, None] == torch.arange(num_classes)


@misconception(
    "one_hot",
    hint="Your matrix has as many columns as the largest label in the batch says. A batch need not contain every class "
    "(or any example at all): the number of columns is `num_classes`.",
)
def as_many_classes_as_occur(y: Tensor, num_classes: int) -> Tensor:
    return torch.eye(int(y.max()) + 1)[y]


@misconception(
    "one_hot",
    hint="Your ones stand one column too far to the left, and those of label 0 in the last one: you count classes from "
    "1. Labels run from 0 to `num_classes - 1`, and the label is the column.",
)
def classes_counted_from_one(y: Tensor, num_classes: int) -> Tensor:
    Y = torch.zeros(len(y), num_classes)
    Y[torch.arange(len(y)), y - 1] = 1
    return Y


@misconception(
    "one_hot",
    hint="Your result is transposed: it has a column for each label. Rows are examples and columns are classes, here "
    "and in everything that follows.",
)
def a_column_for_each_label(y: Tensor, num_classes: int) -> Tensor:
    return torch.eye(num_classes)[:, y]


@misconception(
    "one_hot",
    hint="Each of your rows has a 1 for every label of the batch. `Y[:, y]` selects whole columns; you want one entry "
    "from each row, so the row numbers have to be in the index, too.",
)
def whole_columns(y: Tensor, num_classes: int) -> Tensor:
    Y = torch.zeros(len(y), num_classes)
    Y[:, y] = 1
    return Y


@misconception(
    "one_hot",
    hint="The result is right, but PyTorch's own `one_hot` made it, which this question rules out. Build the matrix "
    "yourself: it takes two lines, and you will need this kind of indexing again.",
)
def the_librarys_own_one_hot(y: Tensor, num_classes: int) -> Tensor:
    return F.one_hot(y, num_classes).float()


# 2. log_sum_exp


@wheat("log_sum_exp")
def shifted_by_amax(Z: Tensor) -> Tensor:
    m = torch.amax(Z, dim=1)
    return m + torch.log(torch.sum(torch.exp(Z - m[:, None]), dim=1))


@wheat("log_sum_exp")
def row_after_row(Z: Tensor) -> Tensor:
    result = torch.empty(Z.shape[0], dtype=Z.dtype)
    for i in range(Z.shape[0]):
        top = Z[i].max()
        result[i] = top + (Z[i] - top).exp().sum().log()
    return result


@wheat("log_sum_exp")
def through_sorted_rows(Z: Tensor) -> Tensor:
    ordered = Z.sort(dim=1, descending=True).values
    first, rest = ordered[:, :1], ordered[:, 1:]
    return (first + torch.log1p((rest - first).exp().sum(dim=1, keepdim=True)))[:, 0]


@wheat("log_sum_exp")
def in_numpy(Z: Tensor) -> Tensor:
    z = Z.numpy().astype(np.float64)
    top = z.max(axis=1, keepdims=True)
    return torch.from_numpy(top[:, 0] + np.log(np.exp(z - top).sum(axis=1))).to(Z.dtype)


@misconception(
    "log_sum_exp",
    hint="This is right on paper and for ordinary numbers, but exp(1000) is infinite and exp(-1000) is 0 in floating "
    "point. Ask yourself what happens to the result when you subtract one number from all scores of a row.",
)
def overflows(Z: Tensor) -> Tensor:
    return Z.exp().sum(dim=1).log()


@misconception(
    "log_sum_exp",
    hint="You subtract the largest score of the whole matrix. Where another row has much larger scores, all "
    "exponentials of a row still underflow to 0. Each row needs its own largest score.",
)
def one_maximum_for_all_rows(Z: Tensor) -> Tensor:
    top = Z.max()
    return (Z - top).exp().sum(dim=1).log() + top


@misconception(
    "log_sum_exp",
    hint="You subtracted the largest score, and did not add it back after the logarithm. The shift makes the result "
    "smaller by exactly that number: it has to return at the end.",
)
def the_shift_not_added_back(Z: Tensor) -> Tensor:
    return (Z - Z.amax(dim=1, keepdim=True)).exp().sum(dim=1).log()


@misconception(
    "log_sum_exp",
    hint="You sum over the examples (dim 0). There should be one result for each row, so the sum runs along the row: "
    "over the columns.",
)
def over_examples(Z: Tensor) -> Tensor:
    top = Z.amax(dim=0)
    return top + (Z - top).exp().sum(dim=0).log()


@misconception(
    "log_sum_exp",
    hint="The numbers are right, but the shape is (n, 1). Only the maximum needs `keepdim`, so that it can be "
    "subtracted from the matrix; the result has one axis, (n,). The two do not mix well: (n, 1) minus (n,) is (n, n).",
)
def a_dimension_too_many(Z: Tensor) -> Tensor:
    top = Z.amax(dim=1, keepdim=True)
    return top + (Z - top).exp().sum(dim=1, keepdim=True).log()


@misconception(
    "log_sum_exp",
    hint="The result is right, but `Z` is not what it was: `-=` and methods that end in an underscore write into the "
    "tensor that the caller passed in. Make a new one instead.",
)
def written_into_the_argument(Z: Tensor) -> Tensor:
    top = Z.amax(dim=1, keepdim=True)
    Z -= top
    return top.squeeze(1) + Z.exp().sum(dim=1).log()


@misconception(
    "log_sum_exp",
    hint="Your result is always float32. Who passes float64 wants its precision: the result should have the dtype of "
    "`Z`.",
)
def always_float32(Z: Tensor) -> Tensor:
    Z = Z.float()
    top = Z.amax(dim=1)
    return top + (Z - top[:, None]).exp().sum(dim=1).log()


@misconception(
    "log_sum_exp",
    hint="The result is right, but PyTorch's own function computes it, which this question rules out: its point is to "
    "find out how the overflow is avoided.",
)
def the_librarys_own_log_sum_exp(Z: Tensor) -> Tensor:
    return torch.logsumexp(Z, dim=1)


# 3. softmax


@wheat("softmax")
def through_logarithms(Z: Tensor) -> Tensor:
    return torch.exp(Z - torch.logsumexp(Z, dim=1, keepdim=True))


@wheat("softmax")
def one_row_at_a_time(Z: Tensor) -> Tensor:
    P = torch.zeros_like(Z)
    for i, z in enumerate(Z):
        weights = torch.exp(z - torch.max(z))
        P[i] = weights / torch.sum(weights)
    return P


@wheat("softmax")
def with_rows_as_columns(Z: Tensor) -> Tensor:
    columns = Z.T
    columns = torch.exp(columns - columns.amax(0))
    return (columns / columns.sum(0)).T


@wheat("softmax")
def with_einsum(Z: Tensor) -> Tensor:
    E = (Z - Z.sort(dim=1).values[:, -1:]).exp()
    return torch.einsum("nk,n->nk", E, 1 / torch.einsum("nk->n", E))


@misconception(
    "softmax",
    hint="This is right on paper and for ordinary scores, but exp(1000) is infinite, exp(-1000) is 0, and infinity "
    "over infinity and 0 over 0 are nan. Subtracting one number from all scores of a row changes nothing in the "
    "fraction.",
)
def softmax_that_overflows(Z: Tensor) -> Tensor:
    return Z.exp() / Z.exp().sum(dim=1, keepdim=True)


@misconception(
    "softmax",
    hint="Each row should sum to one. You normalised over the examples (dim 0), not over the classes (dim 1): in your "
    "result the columns sum to one.",
)
def over_the_examples(Z: Tensor) -> Tensor:
    E = torch.exp(Z - Z.amax(dim=0))
    return E / E.sum(dim=0)


@misconception(
    "softmax",
    hint="Your whole matrix sums to one: a sum without `dim` adds up everything. Each row is an example with "
    "probabilities of its own, so each row sums to one.",
)
def over_everything(Z: Tensor) -> Tensor:
    E = torch.exp(Z - Z.amax(dim=1, keepdim=True))
    return E / E.sum()


@misconception(
    "softmax",
    hint="The sums of the rows have the shape (n,), which broadcasting matches with the columns: this fails for most "
    "shapes, and for a square matrix it divides by the wrong sums. The axis that is summed over should stay, with size "
    "1.",
)
def sums_without_keepdim(Z: Tensor) -> Tensor:
    E = torch.exp(Z - Z.amax(dim=1, keepdim=True))
    return E / E.sum(dim=1)


@misconception(
    "softmax",
    hint="You subtract the largest score of the whole matrix. Where another row has much larger scores, all "
    "exponentials of a row are 0, and 0 / 0 is nan. Each row needs its own largest score.",
)
def one_maximum_for_all(Z: Tensor) -> Tensor:
    E = torch.exp(Z - Z.max())
    return E / E.sum(dim=1, keepdim=True)


@misconception(
    "softmax",
    hint="You divide the scores themselves by their sum. Scores may be negative, and their sum may be 0; the "
    "exponential comes first, which makes every term positive.",
)
def without_exponentials(Z: Tensor) -> Tensor:
    return Z / Z.sum(dim=1, keepdim=True)


@misconception(
    "softmax",
    hint="The probabilities are right, but `Z` is not what it was: `-=` and methods that end in an underscore write "
    "into the tensor that the caller passed in. Make a new one instead.",
)
def softmax_in_place(Z: Tensor) -> Tensor:
    Z -= Z.amax(dim=1, keepdim=True)
    return Z.exp() / Z.exp().sum(dim=1, keepdim=True)


@misconception(
    "softmax",
    hint="The result is right, but PyTorch's own softmax computes it, which this question rules out: write the "
    "formula, and make it survive large scores.",
)
def the_librarys_own_softmax(Z: Tensor) -> Tensor:
    return torch.softmax(Z, dim=1)


# 4. cross_entropy


@wheat("cross_entropy")
def gathered(logits: Tensor, y: Tensor) -> Tensor:
    return (torch.logsumexp(logits, 1) - logits.gather(1, y.view(-1, 1)).squeeze(1)).mean()


@wheat("cross_entropy")
def added_up_in_a_loop(logits: Tensor, y: Tensor) -> Tensor:
    total = torch.zeros((), dtype=logits.dtype)
    for z, label in zip(logits, y, strict=True):
        total = total + torch.logsumexp(z, 0) - z[label]
    return total / len(y)


@wheat("cross_entropy")
def with_one_hot_labels(logits: Tensor, y: Tensor) -> Tensor:
    log_probabilities = logits - logits.logsumexp(dim=1, keepdim=True)
    return -(F.one_hot(y, logits.shape[1]) * log_probabilities).sum() / logits.shape[0]


@misconception(
    "cross_entropy",
    hint="You add up the losses of the examples. The loss of a batch is their mean: otherwise its size, and that of "
    "every gradient, grows with the batch.",
)
def the_sum_of_the_losses(logits: Tensor, y: Tensor) -> Tensor:
    return (logits.logsumexp(1) - logits[torch.arange(len(y)), y]).sum()


@misconception(
    "cross_entropy",
    hint="A probability below about 1e-45 is 0 in float32, and its logarithm is minus infinity: where the classifier "
    "is confident and wrong, your loss is infinite. The second form of the formula never computes a probability.",
)
def the_logarithm_of_softmax(logits: Tensor, y: Tensor) -> Tensor:
    return -torch.softmax(logits, 1)[torch.arange(len(y)), y].log().mean()


@misconception(
    "cross_entropy",
    hint="A small number inside the logarithm hides the infinity, but it also caps the loss: with 1e-9, no example can "
    "cost more than 21, however wrong it is. The second form of the formula needs no such thing.",
)
def a_small_number_in_the_logarithm(logits: Tensor, y: Tensor) -> Tensor:
    return -(torch.softmax(logits, 1)[torch.arange(len(y)), y] + 1e-9).log().mean()


@misconception(
    "cross_entropy",
    hint="The sign is wrong: your loss is negative, and gradient descent would make the classifier as bad as it can "
    "be. The loss is *minus* the logarithm of a probability.",
)
def the_sign_forgotten(logits: Tensor, y: Tensor) -> Tensor:
    return (logits[torch.arange(len(y)), y] - logits.logsumexp(1)).mean()


@misconception(
    "cross_entropy",
    hint="You divide by the number of entries, n × k. After the multiplication with one-hot labels most entries are 0, "
    "yet `mean()` counts them. The mean is over the n examples.",
)
def the_mean_over_all_entries(logits: Tensor, y: Tensor) -> Tensor:
    return -(F.one_hot(y, logits.shape[1]) * (logits - logits.logsumexp(1, keepdim=True))).mean()


@misconception(
    "cross_entropy",
    hint="You return one loss for each example. Training needs a single number, their mean.",
)
def a_loss_for_each_example(logits: Tensor, y: Tensor) -> Tensor:
    return logits.logsumexp(1) - logits[torch.arange(len(y)), y]


@misconception(
    "cross_entropy",
    hint="The number is right, but it is a Python float: `.item()` cuts it off from automatic differentiation, so that "
    "no model could be trained with it. Return the tensor without dimensions.",
)
def a_python_number(logits: Tensor, y: Tensor) -> float:
    return (logits.logsumexp(1) - logits[torch.arange(len(y)), y]).mean().item()


@misconception(
    "cross_entropy",
    hint="The result is right, but PyTorch's own loss computes it, which this question rules out. With `logsumexp` it "
    "is one line of your own.",
)
def the_librarys_own_loss(logits: Tensor, y: Tensor) -> Tensor:
    return F.cross_entropy(logits, y)


# 5. cross_entropy_grad


@wheat("cross_entropy_grad")
def softmax_minus_one_hot(logits: Tensor, y: Tensor) -> Tensor:
    return (torch.softmax(logits, 1) - F.one_hot(y, logits.shape[1])) / logits.shape[0]


@wheat("cross_entropy_grad")
def example_by_example(logits: Tensor, y: Tensor) -> Tensor:
    rows = []
    for z, label in zip(logits, y, strict=True):
        row = torch.softmax(z, dim=0)
        row[label] -= 1
        rows.append(row / len(y))
    return torch.stack(rows)


@wheat("cross_entropy_grad")
def from_log_probabilities(logits: Tensor, y: Tensor) -> Tensor:
    G = torch.exp(F.log_softmax(logits, dim=1))
    G.scatter_add_(1, y[:, None], -torch.ones(len(y), 1, dtype=G.dtype))
    return G.mul_(1 / len(y))


@misconception(
    "cross_entropy_grad",
    hint="Your gradient is that of the sum: n times too large. The loss is a mean over n examples, so each of them "
    "counts with a weight of 1/n, in the gradient too.",
)
def the_mean_forgotten(logits: Tensor, y: Tensor) -> Tensor:
    return torch.softmax(logits, 1) - F.one_hot(y, logits.shape[1])


@misconception(
    "cross_entropy_grad",
    hint="The sign is the wrong way round. A higher score for the label lowers the loss, so the derivative there is "
    "negative; for every other class it is positive.",
)
def the_wrong_sign(logits: Tensor, y: Tensor) -> Tensor:
    return (F.one_hot(y, logits.shape[1]) - torch.softmax(logits, 1)) / len(y)


@misconception(
    "cross_entropy_grad",
    hint="You divide by the number of classes. The mean in the loss is over the examples: divide by the number of "
    "rows.",
)
def the_mean_over_classes(logits: Tensor, y: Tensor) -> Tensor:
    return (torch.softmax(logits, 1) - F.one_hot(y, logits.shape[1])) / logits.shape[1]


@misconception(
    "cross_entropy_grad",
    hint="You return softmax, divided by n. The second term of the loss, minus the score of the label, has a "
    "derivative, too: in one column of each row.",
)
def the_labels_left_out(logits: Tensor, y: Tensor) -> Tensor:
    return torch.softmax(logits, 1) / len(y)


@misconception(
    "cross_entropy_grad",
    hint="You subtract 1 from too many entries: `G[:, y]` selects whole columns. Only the label's column of each row "
    "has the extra term, so the row numbers have to be in the index, too.",
)
def one_subtracted_from_whole_columns(logits: Tensor, y: Tensor) -> Tensor:
    G = torch.softmax(logits, 1)
    G[:, y] -= 1
    return G / len(y)


@misconception(
    "cross_entropy_grad",
    hint="Your softmax normalises over the examples (dim 0). The probabilities of one example are those of its row, so "
    "each row of the gradient sums to 0.",
)
def softmax_over_the_examples(logits: Tensor, y: Tensor) -> Tensor:
    return (torch.softmax(logits, 0) - F.one_hot(y, logits.shape[1])) / len(y)


@misconception(
    "cross_entropy_grad",
    hint="The gradient is right, but `logits` is not what it was: you wrote the result into it. Make a new tensor "
    "instead.",
)
def written_into_the_logits(logits: Tensor, y: Tensor) -> Tensor:
    logits.copy_(torch.softmax(logits, 1))
    logits[torch.arange(len(y)), y] -= 1
    return logits.div_(len(y)).clone()


@misconception(
    "cross_entropy_grad",
    hint="The gradient is right, but PyTorch derived it. This question asks for the formula: it is worth the pencil, "
    "because it says why cross-entropy learns from confident mistakes.",
)
def left_to_pytorch(logits: Tensor, y: Tensor) -> Tensor:
    logits = logits.clone().requires_grad_()
    F.cross_entropy(logits, y).backward()
    return logits.grad


# 6. accuracy


@wheat("accuracy")
def counted(logits: Tensor, y: Tensor) -> float:
    return int((torch.argmax(logits, 1) == y).sum()) / len(y)


@wheat("accuracy")
def a_list_of_hits(logits: Tensor, y: Tensor) -> float:
    hits = [row.index(max(row)) == label for row, label in zip(logits.tolist(), y.tolist(), strict=True)]
    return sum(hits) / len(hits)


@wheat("accuracy")
def by_the_scores(logits: Tensor, y: Tensor) -> float:
    return (logits.gather(1, y[:, None]) >= logits).all(dim=1).double().mean().item()


@misconception(
    "accuracy",
    hint="The value is right, but it is a tensor. Accuracy is something to print and compare, so return a Python "
    "float; there is a method that makes one out of a tensor with a single entry.",
)
def a_tensor(logits: Tensor, y: Tensor) -> Tensor:
    return (logits.argmax(1) == y).float().mean()


@misconception(
    "accuracy",
    hint="You return how many predictions are right. A share is what was asked for: divide by the number of examples.",
)
def a_count(logits: Tensor, y: Tensor) -> float:
    return float((logits.argmax(1) == y).sum())


@misconception(
    "accuracy",
    hint="You return per cent. The result should lie between 0 and 1.",
)
def per_cent(logits: Tensor, y: Tensor) -> float:
    return 100 * (logits.argmax(1) == y).float().mean().item()


@misconception(
    "accuracy",
    hint="You look for the highest score of each column (dim 0), which gives one answer for each class. There should "
    "be one prediction for each example: look along the row.",
)
def argmax_over_the_examples(logits: Tensor, y: Tensor) -> float:
    return (logits.argmax(0) == y).float().mean().item()


@misconception(
    "accuracy",
    hint="You return the share of wrong predictions, the error rate. Accuracy is the share of right ones.",
)
def the_error_rate(logits: Tensor, y: Tensor) -> float:
    return (logits.argmax(1) != y).float().mean().item()


@misconception(
    "accuracy",
    hint="You compare the highest *scores* with the labels. `max` gives values and positions; the label is a position, "
    "a column number.",
)
def scores_compared_with_labels(logits: Tensor, y: Tensor) -> float:
    return (logits.max(1).values == y).float().mean().item()


@misconception(
    "accuracy",
    hint="You take a score above 0 for a prediction. Scores have no fixed scale, all of a row may be negative: the "
    "prediction is the column of the highest one.",
)
def scores_above_zero(logits: Tensor, y: Tensor) -> float:
    return (logits[torch.arange(len(y)), y] > 0).float().mean().item()


@misconception(
    "accuracy",
    hint="You round. Two classifiers that differ by a tenth of a per cent are not the same: round where you print, not "
    "where you compute.",
)
def rounded(logits: Tensor, y: Tensor) -> float:
    return round((logits.argmax(1) == y).float().mean().item(), 1)


# 7. fit_softmax


@wheat("fit_softmax")
def with_an_optimizer(
    X: Tensor, y: Tensor, num_classes: int, lr: float, num_epochs: int, batch_size: int
) -> tuple[Tensor, Tensor]:
    W = torch.zeros(X.shape[1], num_classes, dtype=X.dtype, requires_grad=True)
    b = torch.zeros(num_classes, dtype=X.dtype, requires_grad=True)
    optimizer = torch.optim.SGD([W, b], lr=lr)
    for _ in range(num_epochs):
        for rows in torch.randperm(len(X)).split(batch_size):
            optimizer.zero_grad()
            F.cross_entropy(X[rows] @ W + b, y[rows]).backward()
            optimizer.step()
    return W.detach(), b.detach()


@wheat("fit_softmax")
def with_gradients_by_hand(
    X: Tensor, y: Tensor, num_classes: int, lr: float, num_epochs: int, batch_size: int
) -> tuple[Tensor, Tensor]:
    W, b = X.new_zeros(X.shape[1], num_classes), X.new_zeros(num_classes)
    targets = torch.eye(num_classes, dtype=X.dtype)[y]
    for _ in range(num_epochs):
        order = np.random.permutation(len(X))
        for start in range(0, len(X), batch_size):
            rows = torch.from_numpy(order[start : start + batch_size])
            G = (torch.softmax(X[rows] @ W + b, dim=1) - targets[rows]) / len(rows)
            W, b = W - lr * X[rows].T @ G, b - lr * G.sum(0)
    return W, b


@wheat("fit_softmax")
def with_a_linear_layer(
    X: Tensor, y: Tensor, num_classes: int, lr: float, num_epochs: int, batch_size: int
) -> tuple[Tensor, Tensor]:
    layer = torch.nn.Linear(X.shape[1], num_classes, dtype=X.dtype)
    torch.nn.init.zeros_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    for _ in range(num_epochs):
        order = torch.rand(len(X)).argsort()
        X_new, y_new = X[order], y[order]
        for X_batch, y_batch in zip(X_new.split(batch_size), y_new.split(batch_size), strict=True):
            gradients = torch.autograd.grad(F.cross_entropy(layer(X_batch), y_batch), list(layer.parameters()))
            with torch.no_grad():
                for parameter, gradient in zip(layer.parameters(), gradients, strict=True):
                    parameter.sub_(lr * gradient)
    return layer.weight.detach().T, layer.bias.detach()


def trained(X, y, num_classes, lr, epochs, reduction="mean", divisor=None):
    """Steps by hand over the given minibatches of each epoch."""
    W, b = X.new_zeros(X.shape[1], num_classes), X.new_zeros(num_classes)
    for epoch in epochs:
        for rows in epoch:
            G = torch.softmax(X[rows] @ W + b, dim=1) - F.one_hot(y[rows], num_classes)
            if reduction == "mean":
                G = G / (divisor or len(rows))
            W, b = W - lr * X[rows].T @ G, b - lr * G.sum(0)
    return W, b


@misconception(
    "fit_softmax",
    hint="You visit the examples in the order in which they come. Where they come class by class, the last minibatches "
    "hold a single class, and the model forgets the others: draw a new random order in every epoch.",
)
def never_shuffled(
    X: Tensor, y: Tensor, num_classes: int, lr: float, num_epochs: int, batch_size: int
) -> tuple[Tensor, Tensor]:
    epochs = (torch.arange(len(X)).split(batch_size) for _ in range(num_epochs))
    return trained(X, y, num_classes, lr, epochs)


@misconception(
    "fit_softmax",
    hint="You shuffle once, before the first epoch, and then repeat that order. Each epoch should have an order of its "
    "own, or the same examples always share a minibatch.",
)
def shuffled_once(
    X: Tensor, y: Tensor, num_classes: int, lr: float, num_epochs: int, batch_size: int
) -> tuple[Tensor, Tensor]:
    order = torch.randperm(len(X))
    return trained(X, y, num_classes, lr, (order.split(batch_size) for _ in range(num_epochs)))


@misconception(
    "fit_softmax",
    hint="You draw each minibatch anew from all examples, so that in one epoch some examples come twice and others not "
    "at all. An epoch visits each example once: cut one random order into pieces.",
)
def drawn_with_replacement(
    X: Tensor, y: Tensor, num_classes: int, lr: float, num_epochs: int, batch_size: int
) -> tuple[Tensor, Tensor]:
    sizes = [len(rows) for rows in torch.arange(len(X)).split(batch_size)]
    epochs = ([torch.randint(len(X), (size,)) for size in sizes] for _ in range(num_epochs))
    return trained(X, y, num_classes, lr, epochs)


@misconception(
    "fit_softmax",
    hint="Your steps use the gradient of the sum over the minibatch: they are as many times too large as the minibatch "
    "has examples. The loss is a mean, and so is its gradient.",
)
def the_sum_over_the_minibatch(
    X: Tensor, y: Tensor, num_classes: int, lr: float, num_epochs: int, batch_size: int
) -> tuple[Tensor, Tensor]:
    epochs = (torch.randperm(len(X)).split(batch_size) for _ in range(num_epochs))
    return trained(X, y, num_classes, lr, epochs, reduction="sum")


@misconception(
    "fit_softmax",
    hint="You divide by `batch_size`, also where the minibatch is smaller: the last one of an epoch, or the only one. "
    "The mean is over the examples that are in it.",
)
def divided_by_batch_size(
    X: Tensor, y: Tensor, num_classes: int, lr: float, num_epochs: int, batch_size: int
) -> tuple[Tensor, Tensor]:
    epochs = (torch.randperm(len(X)).split(batch_size) for _ in range(num_epochs))
    return trained(X, y, num_classes, lr, epochs, divisor=batch_size)


@misconception(
    "fit_softmax",
    hint="You leave out the last, smaller minibatch. Each epoch visits every example once, also where `batch_size` "
    "does not divide their number, or is larger than it.",
)
def the_last_minibatch_dropped(
    X: Tensor, y: Tensor, num_classes: int, lr: float, num_epochs: int, batch_size: int
) -> tuple[Tensor, Tensor]:
    epochs = (
        [rows for rows in torch.randperm(len(X)).split(batch_size) if len(rows) == batch_size]
        for _ in range(num_epochs)
    )
    return trained(X, y, num_classes, lr, epochs)


@misconception(
    "fit_softmax",
    hint="You go through the data once, whatever `num_epochs` says.",
)
def a_single_epoch(
    X: Tensor, y: Tensor, num_classes: int, lr: float, num_epochs: int, batch_size: int
) -> tuple[Tensor, Tensor]:
    return trained(X, y, num_classes, lr, [torch.randperm(len(X)).split(batch_size)])


@misconception(
    "fit_softmax",
    hint="You step up the gradient: the loss grows. The gradient points to where the loss rises, so the step is "
    "*minus* the learning rate times the gradient.",
)
def uphill(
    X: Tensor, y: Tensor, num_classes: int, lr: float, num_epochs: int, batch_size: int
) -> tuple[Tensor, Tensor]:
    epochs = (torch.randperm(len(X)).split(batch_size) for _ in range(num_epochs))
    return trained(X, y, num_classes, -lr, epochs)


@misconception(
    "fit_softmax",
    hint="The weights learn, the biases stay at zero. `b` is a parameter like `W`: its gradient is the sum of the rows "
    "of the gradient with respect to the logits.",
)
def the_bias_never_moves(
    X: Tensor, y: Tensor, num_classes: int, lr: float, num_epochs: int, batch_size: int
) -> tuple[Tensor, Tensor]:
    W, b = X.new_zeros(X.shape[1], num_classes), X.new_zeros(num_classes)
    for _ in range(num_epochs):
        for rows in torch.randperm(len(X)).split(batch_size):
            G = (torch.softmax(X[rows] @ W + b, dim=1) - F.one_hot(y[rows], num_classes)) / len(rows)
            W -= lr * X[rows].T @ G
    return W, b


@misconception(
    "fit_softmax",
    hint="The numbers are right, but `W` and `b` still require gradients: whoever uses them drags the whole history of "
    "the training along. Detach them before you return them.",
)
def still_attached(
    X: Tensor, y: Tensor, num_classes: int, lr: float, num_epochs: int, batch_size: int
) -> tuple[Tensor, Tensor]:
    W = torch.zeros(X.shape[1], num_classes, dtype=X.dtype, requires_grad=True)
    b = torch.zeros(num_classes, dtype=X.dtype, requires_grad=True)
    for _ in range(num_epochs):
        for rows in torch.randperm(len(X)).split(batch_size):
            gradients = torch.autograd.grad(F.cross_entropy(X[rows] @ W + b, y[rows]), [W, b])
            with torch.no_grad():
                W -= lr * gradients[0]
                b -= lr * gradients[1]
    return W, b
