"""Other right answers to ps3, and the mistakes that classes make in it, each with a hint for whoever made it."""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from autograder.misconceptions import misconception, wheat

Tensor = torch.Tensor
Pair = tuple[Tensor, Tensor]
Scalar = Callable[[Tensor], Tensor]
Method = Callable[[Tensor, Tensor], Callable[[Tensor], Tensor]]


# 1. numerical_gradient


@wheat("numerical_gradient")
def rows_of_a_unit_matrix(f: Scalar, x: Tensor, h: float) -> Tensor:
    steps = h * torch.eye(len(x), dtype=x.dtype)
    return torch.stack([(f(x + step) - f(x - step)) / (2 * h) for step in steps])


@wheat("numerical_gradient")
def one_copy_set_and_reset(f: Scalar, x: Tensor, h: float) -> Tensor:
    moved, result = x.clone(), []
    for i, value in enumerate(x.tolist()):
        moved[i] = value + h
        above = f(moved).item()
        moved[i] = value - h
        below = f(moved).item()
        moved[i] = value
        result.append((above - below) / (2 * h))
    return torch.tensor(result, dtype=torch.float64)


@wheat("numerical_gradient")
def in_numpy(f: Scalar, x: Tensor, h: float) -> Tensor:
    place = x.numpy()
    result = np.zeros(len(place))
    for i in range(len(place)):
        step = np.where(np.arange(len(place)) == i, h, 0.0)
        result[i] = (float(f(torch.from_numpy(place + step))) - float(f(torch.from_numpy(place - step)))) / h / 2
    return torch.from_numpy(result)


@misconception(
    "numerical_gradient",
    hint="You take the forward difference, from x to x + h. Its error shrinks with h, that of the central difference "
    "with h squared, so step to both sides and divide by 2h.",
)
def the_forward_difference(f: Scalar, x: Tensor, h: float) -> Tensor:
    steps = h * torch.eye(len(x), dtype=x.dtype)
    return torch.stack([(f(x + step) - f(x)) / h for step in steps])


@misconception(
    "numerical_gradient",
    hint="Your quotients are twice too large. The two points are 2h apart, so that is what to divide by.",
)
def divided_by_h(f: Scalar, x: Tensor, h: float) -> Tensor:
    steps = h * torch.eye(len(x), dtype=x.dtype)
    return torch.stack([(f(x + step) - f(x - step)) / h for step in steps])


@misconception(
    "numerical_gradient",
    hint="You divide by 2 and multiply by h: Python reads from left to right. The product 2h needs parentheses.",
)
def parentheses_forgotten(f: Scalar, x: Tensor, h: float) -> Tensor:
    steps = h * torch.eye(len(x), dtype=x.dtype)
    return torch.stack([(f(x + step) - f(x - step)) / 2 * h for step in steps])


@misconception(
    "numerical_gradient",
    hint="You move all coordinates at once. The result is the slope in one direction, the same number for each; move "
    "one coordinate at a time.",
)
def all_coordinates_at_once(f: Scalar, x: Tensor, h: float) -> Tensor:
    return ((f(x + h) - f(x - h)) / (2 * h)).repeat(len(x))


@misconception(
    "numerical_gradient",
    hint="Your two points are one: `up = x` gives a second name to the same numbers, and what goes up comes down "
    "again. The difference is zero, and `x` is not what it was. Make copies.",
)
def no_copies(f: Scalar, x: Tensor, h: float) -> Tensor:
    quotients = torch.empty_like(x)
    for i in range(len(x)):
        up = x
        up[i] += h
        down = x
        down[i] -= h
        quotients[i] = (f(up) - f(down)) / (2 * h)
    return quotients


@misconception(
    "numerical_gradient",
    hint="You move `x` itself up, down, and back. In floating point it does not come back to the same bits, so the "
    "caller goes on with other numbers. Move a copy.",
)
def up_and_down_and_back(f: Scalar, x: Tensor, h: float) -> Tensor:
    quotients = torch.empty_like(x)
    for i in range(len(x)):
        x[i] += h
        above = f(x).item()
        x[i] -= 2 * h
        below = f(x).item()
        x[i] += h
        quotients[i] = (above - below) / (2 * h)
    return quotients


@misconception(
    "numerical_gradient",
    hint="A coordinate that was moved stays moved while you go on to the next. Every quotient starts from the same "
    "place: take fresh copies for each coordinate.",
)
def steps_that_pile_up(f: Scalar, x: Tensor, h: float) -> Tensor:
    up, down, quotients = x.clone(), x.clone(), torch.empty_like(x)
    for i in range(len(x)):
        up[i] += h
        down[i] -= h
        quotients[i] = (f(up) - f(down)) / (2 * h)
    return quotients


@misconception(
    "numerical_gradient",
    hint="You let PyTorch differentiate. The point of a difference quotient is to be independent of that, and it "
    "works for functions that PyTorch cannot differentiate.",
)
def by_automatic_differentiation(f: Scalar, x: Tensor, h: float) -> Tensor:
    inputs = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(f(inputs), inputs)
    return gradient


@misconception(
    "numerical_gradient",
    hint="You ignore the step that was given and use a tiny one of your own. The question asks for the quotient with "
    "step h, whatever h is.",
)
def a_step_of_its_own(f: Scalar, x: Tensor, h: float) -> Tensor:
    steps = 1e-5 * torch.eye(len(x), dtype=x.dtype)
    return torch.stack([(f(x + step) - f(x - step)) / 2e-5 for step in steps])


# 2. jacobian


@wheat("jacobian")
def backward_with_unit_vectors(f: Scalar, x: Tensor) -> Tensor:
    inputs = x.clone().requires_grad_()
    y = f(inputs)
    J = torch.zeros(len(y), len(x), dtype=x.dtype)
    for i in range(len(y)):
        inputs.grad = None
        v = torch.zeros_like(y)
        v[i] = 1
        y.backward(v, retain_graph=True)
        J[i] = inputs.grad
    return J


@wheat("jacobian")
def a_fresh_graph_for_each_row(f: Scalar, x: Tensor) -> Tensor:
    rows = []
    i, m = 0, 1
    while i < m:
        inputs = x.detach().clone().requires_grad_(True)
        y = f(inputs)
        m = len(y)
        y[i].backward()
        rows.append(inputs.grad)
        i += 1
    return torch.stack(rows)


@wheat("jacobian")
def one_unit_vector_after_another(f: Scalar, x: Tensor) -> Tensor:
    inputs = x.clone().requires_grad_()
    y = f(inputs)
    unit = torch.eye(len(y), dtype=x.dtype)
    return torch.stack([torch.autograd.grad(y, inputs, v, retain_graph=True)[0].detach() for v in unit])


def rows_of(f: Scalar, x: Tensor) -> list[Tensor]:
    """The rows of the Jacobian, for variants that err elsewhere."""
    inputs = x.clone().requires_grad_()
    y = f(inputs)
    return [torch.autograd.grad(entry, inputs, retain_graph=True)[0] for entry in y]


@misconception(
    "jacobian",
    hint="Your matrix is transposed: row i belongs to output i, column j to input j.",
)
def transposed(f: Scalar, x: Tensor) -> Tensor:
    return torch.stack(rows_of(f, x), dim=1)


@misconception(
    "jacobian",
    hint="You differentiate the sum of the outputs: that is one vector-Jacobian product, with ones, and gives the "
    "sum of all rows. Ask for one output at a time.",
)
def the_sum_of_the_rows(f: Scalar, x: Tensor) -> Tensor:
    inputs = x.clone().requires_grad_()
    f(inputs).sum().backward()
    assert inputs.grad is not None
    return inputs.grad


@misconception(
    "jacobian",
    hint="Each of your rows also contains all rows before it: `backward` adds to `.grad`. Set it to zero, or to "
    "None, before each pass.",
)
def gradients_accumulated(f: Scalar, x: Tensor) -> Tensor:
    inputs = x.clone().requires_grad_()
    y, rows = f(inputs), []
    for entry in y:
        entry.backward(retain_graph=True)
        assert inputs.grad is not None
        rows.append(inputs.grad.clone())
    return torch.stack(rows)


@misconception(
    "jacobian",
    hint="All of your rows are the same: you keep `.grad` itself in the list, and later passes write into the same "
    "tensor. Keep a copy of it.",
)
def one_gradient_kept_under_many_names(f: Scalar, x: Tensor) -> Tensor:
    inputs = x.clone().requires_grad_()
    y, rows = f(inputs), []
    for entry in y:
        if inputs.grad is not None:
            inputs.grad.zero_()
        entry.backward(retain_graph=True)
        rows.append(inputs.grad)
    return torch.stack(rows)  # type: ignore[arg-type]


@misconception(
    "jacobian",
    hint="The matrix is right, but the caller's `x` now requires gradients and has a `.grad`. Differentiate with "
    "respect to a copy.",
)
def the_callers_x_marked(f: Scalar, x: Tensor) -> Tensor:
    x.requires_grad_()
    y, rows = f(x), []
    for entry in y:
        x.grad = None
        entry.backward(retain_graph=True)
        rows.append(x.grad)
    return torch.stack(rows)  # type: ignore[arg-type]


@misconception(
    "jacobian",
    hint="The matrix is right, but it still hangs on a graph and requires gradients. Without `create_graph` it would "
    "not, and `detach` cuts it off.",
)
def still_in_the_graph(f: Scalar, x: Tensor) -> Tensor:
    inputs = x.clone().requires_grad_()
    y = f(inputs)
    rows = [torch.autograd.grad(entry, inputs, create_graph=True)[0] for entry in y]
    return torch.stack(rows).requires_grad_()


@misconception(
    "jacobian",
    hint="You use difference quotients. They are not exact enough for this question: where the function bends "
    "quickly, three digits are left. The chain rule is exact.",
)
def difference_quotients(f: Scalar, x: Tensor) -> Tensor:
    steps = 1e-5 * torch.eye(len(x), dtype=x.dtype)
    return torch.stack([(f(x + step) - f(x - step)) / 2e-5 for step in steps], dim=1)


@misconception(
    "jacobian",
    hint="The matrix is right, but a function of PyTorch made it whole, which this question rules out. The point is "
    "to see that a vector-Jacobian product gives one row.",
)
def ready_made_by_pytorch(f: Scalar, x: Tensor) -> Tensor:
    return torch.autograd.functional.jacobian(f, x)


# 3. linear_vjp


@wheat("linear_vjp")
def with_einsum(X: Tensor, W: Tensor, G: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return torch.einsum("nk,dk->nd", G, W), torch.einsum("nd,nk->dk", X, G), torch.einsum("nk->k", G)


@wheat("linear_vjp")
def example_by_example(X: Tensor, W: Tensor, G: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    dX, dW, db = torch.zeros_like(X), torch.zeros_like(W), torch.zeros_like(G[0])
    for i in range(len(X)):
        dX[i] = W @ G[i]
        dW += torch.outer(X[i], G[i])
        db += G[i]
    return dX, dW, db


@wheat("linear_vjp")
def bias_as_a_row_of_weights(X: Tensor, W: Tensor, G: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    extended = torch.cat([X, torch.ones(len(X), 1, dtype=X.dtype)], dim=1)
    d_extended = torch.mm(extended.t(), G)
    return torch.mm(W, G.t()).t(), d_extended[:-1], d_extended[-1]


@misconception(
    "linear_vjp",
    hint="You ignore what comes from behind: your derivatives are those of the sum of all outputs. By the chain "
    "rule, every term is multiplied by an entry of `G`.",
)
def upstream_ignored(X: Tensor, W: Tensor, G: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    ones = torch.ones_like(G)
    return ones @ W.T, X.T @ ones, ones.sum(dim=0)


@misconception(
    "linear_vjp",
    hint="You divide the derivatives of weights and bias by the number of examples. If the loss is a mean, `G` holds "
    "that factor already; the chain rule only adds up.",
)
def divided_by_the_number_of_examples(X: Tensor, W: Tensor, G: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return G @ W.T, X.T @ G / len(X), G.mean(dim=0)


@misconception(
    "linear_vjp",
    hint="dX and dW are right, but db is a mean. Each example adds its part to the derivative of the bias: a sum.",
)
def a_mean_for_the_bias(X: Tensor, W: Tensor, G: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return G @ W.T, X.T @ G, G.mean(dim=0)


@misconception(
    "linear_vjp",
    hint="Your db is `G` itself. The bias was copied to every row of the output, and the way back from a copy is a "
    "sum over the rows: db has the shape of b.",
)
def no_sum_for_the_bias(X: Tensor, W: Tensor, G: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return G @ W.T, X.T @ G, G.clone()


@misconception(
    "linear_vjp",
    hint="You add up `G` along the wrong axis for the bias: over the outputs of an example. The bias has one number "
    "for each output, so the sum runs over the examples.",
)
def bias_summed_over_outputs(X: Tensor, W: Tensor, G: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return G @ W.T, X.T @ G, G.sum(dim=1)


@misconception(
    "linear_vjp",
    hint="Your dW is transposed. A derivative has the shape of what it is the derivative of: (d, k), as W has here.",
)
def weights_transposed(X: Tensor, W: Tensor, G: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return G @ W.T, G.T @ X, G.sum(dim=0)


@misconception(
    "linear_vjp",
    hint="The three derivatives are right, but come in another order. The question asks for dX first, then dW and db.",
)
def another_order(X: Tensor, W: Tensor, G: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return X.T @ G, G @ W.T, G.sum(dim=0)


@misconception(
    "linear_vjp",
    hint="A transpose is missing in dX. When W happens to be square no shape complains, and the numbers are wrong "
    "all the same: write out the sum for one entry.",
)
def a_transpose_forgotten(X: Tensor, W: Tensor, G: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    dX = G @ W if W.shape[0] == W.shape[1] else torch.zeros_like(X)
    return dX, X.T @ G, G.sum(dim=0)


@misconception(
    "linear_vjp",
    hint="The derivatives are right, but PyTorch computed them, which this question rules out. It is about what "
    "PyTorch does there.",
)
def left_to_pytorch(X: Tensor, W: Tensor, G: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    inputs, weights = X.clone().requires_grad_(), W.clone().requires_grad_()
    b = torch.zeros(W.shape[1], dtype=W.dtype, requires_grad=True)
    return torch.autograd.grad(inputs @ weights + b, (inputs, weights, b), G)  # type: ignore[return-value]


# 4. squared_loss


@wheat("squared_loss")
def with_mse_loss(X: Tensor, w: Tensor, b: Tensor, y: Tensor) -> Tensor:
    return nn.functional.mse_loss(X @ w + b, y.reshape(-1, 1)) / 2


@wheat("squared_loss")
def with_vectors_and_a_dot_product(X: Tensor, w: Tensor, b: Tensor, y: Tensor) -> Tensor:
    errors = X @ w[:, 0] + b[0] - y
    return errors.dot(errors) / (2 * len(y))


@wheat("squared_loss")
def added_up_in_a_loop(X: Tensor, w: Tensor, b: Tensor, y: Tensor) -> Tensor:
    total = torch.zeros((), dtype=X.dtype)
    for x, target in zip(X, y, strict=True):
        total = total + 0.5 * ((x * w.flatten()).sum() + b.squeeze() - target) ** 2
    return total / X.shape[0]


@misconception(
    "squared_loss",
    hint="You compare every prediction with every target: (n, 1) minus (n,) is (n, n), without an error. Give both "
    "the same shape before you subtract.",
)
def every_prediction_with_every_target(X: Tensor, w: Tensor, b: Tensor, y: Tensor) -> Tensor:
    return (X @ w + b - y).square().mean() / 2


@misconception(
    "squared_loss",
    hint="Your loss is twice too large: the ½ is missing. PyTorch's `MSELoss` does not have it either.",
)
def the_half_forgotten(X: Tensor, w: Tensor, b: Tensor, y: Tensor) -> Tensor:
    return (X @ w + b - y[:, None]).square().mean()


@misconception(
    "squared_loss",
    hint="You add up the losses. The question asks for their mean, so that the loss does not depend on how many "
    "examples there are.",
)
def a_sum_of_losses(X: Tensor, w: Tensor, b: Tensor, y: Tensor) -> Tensor:
    return (X @ w + b - y[:, None]).square().sum() / 2


@misconception(
    "squared_loss",
    hint="You forgot the bias: the prediction is Xw + b.",
)
def the_bias_forgotten(X: Tensor, w: Tensor, b: Tensor, y: Tensor) -> Tensor:
    return (X @ w - y[:, None]).square().mean() / 2


@misconception(
    "squared_loss",
    hint="You take absolute values of the errors. That is another loss, which minds large errors less; here they are "
    "squared.",
)
def absolute_errors(X: Tensor, w: Tensor, b: Tensor, y: Tensor) -> Tensor:
    return (X @ w + b - y[:, None]).abs().mean() / 2


@misconception(
    "squared_loss",
    hint="You return one loss for each example. A loss to be minimised is one number: take the mean.",
)
def a_loss_for_each_example(X: Tensor, w: Tensor, b: Tensor, y: Tensor) -> Tensor:
    return (X @ w + b - y[:, None]).square().squeeze(1) / 2


@misconception(
    "squared_loss",
    hint="The number is right, but it is a Python float: nothing can be differentiated through it any more. Return "
    "the tensor.",
)
def a_python_number(X: Tensor, w: Tensor, b: Tensor, y: Tensor) -> float:
    return ((X @ w + b - y[:, None]).square().mean() / 2).item()


# 5. squared_loss_grad


@wheat("squared_loss_grad")
def error_by_error(X: Tensor, w: Tensor, b: Tensor, y: Tensor) -> Pair:
    dw, db = torch.zeros_like(w), torch.zeros_like(b)
    for x, target in zip(X, y, strict=True):
        error = x @ w + b - target
        dw += error * x[:, None]
        db += error
    return dw / len(X), db / len(X)


@wheat("squared_loss_grad")
def means_of_products(X: Tensor, w: Tensor, b: Tensor, y: Tensor) -> Pair:
    errors = X @ w + b - y.view(-1, 1) if y.is_contiguous() else X @ w + b - y.unsqueeze(1)
    return (errors * X).mean(dim=0).unsqueeze(1), errors.mean().reshape(1)


@wheat("squared_loss_grad")
def from_the_gram_matrix(X: Tensor, w: Tensor, b: Tensor, y: Tensor) -> Pair:
    A = torch.cat([X, torch.ones(len(X), 1, dtype=X.dtype)], dim=1).double()
    v = torch.cat([w.flatten(), b]).double()
    gradient = ((A.T @ A @ v - A.T @ y.double()) / len(X)).to(X.dtype)
    return gradient[:-1, None], gradient[-1:]


@misconception(
    "squared_loss_grad",
    hint="You add up over the examples. The loss is a mean, so its gradient is one, too: the 1/n is missing.",
)
def sums_instead_of_means(X: Tensor, w: Tensor, b: Tensor, y: Tensor) -> Pair:
    errors = X @ w + b - y[:, None]
    return X.T @ errors, errors.sum(dim=0)


@misconception(
    "squared_loss_grad",
    hint="Your gradient is twice too large. The 2 that comes down from the square cancels the ½ of the loss: that is "
    "what the ½ is for.",
)
def twice_too_large(X: Tensor, w: Tensor, b: Tensor, y: Tensor) -> Pair:
    errors = X @ w + b - y[:, None]
    return 2 * X.T @ errors / len(X), 2 * errors.mean(dim=0)


@misconception(
    "squared_loss_grad",
    hint="Your gradient points downhill: the sign is turned round, because you took target minus prediction. A step "
    "against it would make the loss larger.",
)
def the_sign_turned_round(X: Tensor, w: Tensor, b: Tensor, y: Tensor) -> Pair:
    errors = y[:, None] - X @ w - b
    return X.T @ errors / len(X), errors.mean(dim=0)


@misconception(
    "squared_loss_grad",
    hint="dw is right, but db is a sum. The loss is a mean over the examples, and the factor 1/n stands before both.",
)
def a_sum_for_the_bias_alone(X: Tensor, w: Tensor, b: Tensor, y: Tensor) -> Pair:
    errors = X @ w + b - y[:, None]
    return X.T @ errors / len(X), errors.sum(dim=0)


@misconception(
    "squared_loss_grad",
    hint="You subtract targets of shape (n,) from predictions of shape (n, 1), which gives every pair of the two. "
    "Give both the same shape first.",
)
def errors_of_every_pair(X: Tensor, w: Tensor, b: Tensor, y: Tensor) -> Pair:
    errors = X @ w + b - y
    return (X.T @ errors).mean(dim=1, keepdim=True) / len(X), errors.mean().reshape(1)


@misconception(
    "squared_loss_grad",
    hint="The numbers are right, but the shapes are not: dw and db should have the shapes of w and b, (d, 1) and "
    "(1,), or a step of gradient descent broadcasts.",
)
def flattened(X: Tensor, w: Tensor, b: Tensor, y: Tensor) -> Pair:
    errors = (X @ w + b).squeeze(1) - y
    return X.T @ errors / len(X), errors.mean()


@misconception(
    "squared_loss_grad",
    hint="You multiply the mean error by the mean input. The gradient is the mean of the products: each error "
    "belongs to its own example.",
)
def a_product_of_means(X: Tensor, w: Tensor, b: Tensor, y: Tensor) -> Pair:
    error = (X @ w + b - y[:, None]).mean(dim=0)
    return X.mean(dim=0)[:, None] * error, error


@misconception(
    "squared_loss_grad",
    hint="The gradient is right, but PyTorch derived it, which this question rules out: it is two lines on paper.",
)
def derived_by_pytorch(X: Tensor, w: Tensor, b: Tensor, y: Tensor) -> Pair:
    v, c = w.clone().requires_grad_(), b.clone().requires_grad_()
    ((X @ v + c - y[:, None]).square().mean() / 2).backward()
    return v.grad, c.grad  # type: ignore[return-value]


# 6. least_squares


@wheat("least_squares")
def normal_equations_with_ones(X: Tensor, y: Tensor) -> Pair:
    A = torch.hstack([torch.ones(X.shape[0], 1, dtype=X.dtype), X])
    v = torch.linalg.solve(A.T @ A, A.T @ y)
    return v[1:], v[0]


@wheat("least_squares")
def without_the_means(X: Tensor, y: Tensor) -> Pair:
    Z = X - X.mean(dim=0)
    w = torch.linalg.inv(Z.T @ Z) @ (Z.T @ (y - y.mean()))
    return w, (y - X @ w).mean()


@wheat("least_squares")
def with_a_qr_factorisation(X: Tensor, y: Tensor) -> Pair:
    Q, R = torch.linalg.qr(torch.nn.functional.pad(X, (0, 1), value=1.0))
    v = torch.linalg.solve_triangular(R, (Q.T @ y)[:, None], upper=True).flatten()
    return v[:-1], v[-1].clone()


@misconception(
    "least_squares",
    hint="Your plane goes through the origin: there is no bias in your equations. Give it a column of ones, or "
    "subtract the means first.",
)
def no_bias(X: Tensor, y: Tensor) -> Pair:
    return torch.linalg.solve(X.T @ X, X.T @ y), torch.zeros((), dtype=X.dtype)


@misconception(
    "least_squares",
    hint="You fit the weights as if there were no bias, and then find the bias that suits them. Both have to be "
    "found together: the weights change when a bias may help.",
)
def the_bias_as_an_afterthought(X: Tensor, y: Tensor) -> Pair:
    w = torch.linalg.solve(X.T @ X, X.T @ y)
    return w, (y - X @ w).mean()


@misconception(
    "least_squares",
    hint="Your weights are right, but the bias is the mean of the targets. That holds when the inputs have mean "
    "zero; otherwise what the weights predict at the mean input has to be taken off.",
)
def the_mean_target_as_bias(X: Tensor, y: Tensor) -> Pair:
    Z = X - X.mean(dim=0)
    return torch.linalg.solve(Z.T @ Z, Z.T @ (y - y.mean())), y.mean()


@misconception(
    "least_squares",
    hint="You fit a line to each feature by itself. When features vary together, each such line also takes the "
    "credit of the others; the normal equations sort that out.",
)
def one_feature_at_a_time(X: Tensor, y: Tensor) -> Pair:
    Z = X - X.mean(dim=0)
    w = Z.T @ (y - y.mean()) / Z.square().sum(dim=0)
    return w, y.mean() - X.mean(dim=0) @ w


@misconception(
    "least_squares",
    hint="You took the last weight for the bias, but your column of ones stands first (or the other way round). The "
    "bias is the weight of the ones.",
)
def the_wrong_column_as_bias(X: Tensor, y: Tensor) -> Pair:
    A = torch.cat([torch.ones(len(X), 1, dtype=X.dtype), X], dim=1)
    v = torch.linalg.lstsq(A, y[:, None]).solution.flatten()
    return v[:-1], v[-1]


@misconception(
    "least_squares",
    hint="You walk downhill for some hundred steps. That comes near the solution and not to it, least of all where "
    "columns lie far from zero; here it can be had exactly.",
)
def by_walking_downhill(X: Tensor, y: Tensor) -> Pair:
    w, b = torch.zeros(X.shape[1], dtype=X.dtype), torch.zeros((), dtype=X.dtype)
    for _ in range(300):
        errors = X @ w + b - y
        w, b = w - 0.01 * X.T @ errors / len(X), b - 0.01 * errors.mean()
    return w, b


@misconception(
    "least_squares",
    hint="Your w and b are right, but come with one axis too many: (d, 1) and (1,). The question asks for (d,) and ().",
)
def columns_kept(X: Tensor, y: Tensor) -> Pair:
    A = torch.cat([X, torch.ones(len(X), 1, dtype=X.dtype)], dim=1)
    v = torch.linalg.lstsq(A, y[:, None]).solution
    return v[:-1], v[-1]


# 7. sgd_epoch


@wheat("sgd_epoch")
def with_automatic_differentiation(
    X: Tensor, y: Tensor, w: Tensor, b: Tensor, lr: float, batches: list[Tensor]
) -> Pair:
    w, b = w.clone().requires_grad_(), b.clone().requires_grad_()
    for rows in batches:
        loss = (X[rows] @ w + b - y[rows]).square().mean() / 2
        dw, db = torch.autograd.grad(loss, (w, b))
        with torch.no_grad():
            w -= lr * dw
            b -= lr * db
    return w.detach(), b.detach()


@wheat("sgd_epoch")
def with_an_optimiser(X: Tensor, y: Tensor, w: Tensor, b: Tensor, lr: float, batches: list[Tensor]) -> Pair:
    parameters = [nn.Parameter(w.clone()), nn.Parameter(b.clone())]
    optimizer = torch.optim.SGD(parameters, lr=lr)
    for rows in batches:
        optimizer.zero_grad()
        (0.5 * nn.functional.mse_loss(X[rows] @ parameters[0] + parameters[1], y[rows])).backward()
        optimizer.step()
    return parameters[0].detach(), parameters[1].detach()


@wheat("sgd_epoch")
def new_tensors_at_each_step(X: Tensor, y: Tensor, w: Tensor, b: Tensor, lr: float, batches: list[Tensor]) -> Pair:
    for rows in batches:
        A, t = X.index_select(0, rows), y.index_select(0, rows)
        errors = torch.mv(A, w) + b - t
        step = (errors[:, None] * A).sum(dim=0) / A.shape[0], errors.sum() / A.shape[0]
        w, b = w - lr * step[0], b - lr * step[1]
    return w.clone(), b.clone()


@misconception(
    "sgd_epoch",
    hint="You use all examples at every step. A minibatch step sees only the rows of its minibatch; that is what "
    "makes it cheap.",
)
def all_rows_at_every_step(X: Tensor, y: Tensor, w: Tensor, b: Tensor, lr: float, batches: list[Tensor]) -> Pair:
    for _ in batches:
        errors = X @ w + b - y
        w, b = w - lr * X.T @ errors / len(X), b - lr * errors.mean()
    return w, b


@misconception(
    "sgd_epoch",
    hint="You take the sum over a minibatch, not the mean. Then a larger minibatch takes a larger step, and the "
    "learning rate means something else for each size.",
)
def sums_over_the_minibatch(X: Tensor, y: Tensor, w: Tensor, b: Tensor, lr: float, batches: list[Tensor]) -> Pair:
    for rows in batches:
        errors = X[rows] @ w + b - y[rows]
        w, b = w - lr * X[rows].T @ errors, b - lr * errors.sum()
    return w, b


@misconception(
    "sgd_epoch",
    hint="You divide by the number of all examples. The mean runs over the minibatch alone, so your steps are too "
    "short.",
)
def divided_by_all_examples(X: Tensor, y: Tensor, w: Tensor, b: Tensor, lr: float, batches: list[Tensor]) -> Pair:
    for rows in batches:
        errors = X[rows] @ w + b - y[rows]
        w, b = w - lr * X[rows].T @ errors / len(X), b - lr * errors.sum() / len(X)
    return w, b


@misconception(
    "sgd_epoch",
    hint="You divide by the size of the first minibatch throughout. Others may be smaller or larger: the mean is "
    "over the rows that are there.",
)
def divided_by_the_first_size(X: Tensor, y: Tensor, w: Tensor, b: Tensor, lr: float, batches: list[Tensor]) -> Pair:
    for rows in batches:
        errors, size = X[rows] @ w + b - y[rows], len(batches[0])
        w, b = w - lr * X[rows].T @ errors / size, b - lr * errors.sum() / size
    return w, b


@misconception(
    "sgd_epoch",
    hint="All of your gradients are taken where the epoch began. Each step starts from where the step before it ended.",
)
def always_from_the_start(X: Tensor, y: Tensor, w: Tensor, b: Tensor, lr: float, batches: list[Tensor]) -> Pair:
    new_w, new_b = w.clone(), b.clone()
    for rows in batches:
        errors = X[rows] @ w + b - y[rows]
        new_w -= lr * X[rows].T @ errors / len(rows)
        new_b -= lr * errors.mean()
    return new_w, new_b


@misconception(
    "sgd_epoch",
    hint="You move w, and then compute the errors anew for b. Both gradients belong to the same place: compute the "
    "errors once, then move both.",
)
def the_bias_moved_afterwards(X: Tensor, y: Tensor, w: Tensor, b: Tensor, lr: float, batches: list[Tensor]) -> Pair:
    for rows in batches:
        w = w - lr * X[rows].T @ (X[rows] @ w + b - y[rows]) / len(rows)
        b = b - lr * (X[rows] @ w + b - y[rows]).mean()
    return w, b


@misconception(
    "sgd_epoch",
    hint="The numbers are right, but you wrote into the w and b that were passed in: `-=` changes the caller's "
    "tensors. Start from copies.",
)
def written_into_the_parameters(X: Tensor, y: Tensor, w: Tensor, b: Tensor, lr: float, batches: list[Tensor]) -> Pair:
    for rows in batches:
        errors = X[rows] @ w + b - y[rows]
        w -= lr * X[rows].T @ errors / len(rows)
        b -= lr * errors.mean()
    return w, b


@misconception(
    "sgd_epoch",
    hint="The gradients of earlier minibatches are still in your steps: `backward` adds to `.grad`. Set it to zero "
    "after each step.",
)
def gradients_never_zeroed(X: Tensor, y: Tensor, w: Tensor, b: Tensor, lr: float, batches: list[Tensor]) -> Pair:
    w, b = w.clone().requires_grad_(), b.clone().requires_grad_()
    for rows in batches:
        ((X[rows] @ w + b - y[rows]).square().mean() / 2).backward()
        with torch.no_grad():
            w -= lr * w.grad
            b -= lr * b.grad
    return w.detach(), b.detach()


@misconception(
    "sgd_epoch",
    hint="Your steps are twice too long: the ½ of the loss is missing, as it is in PyTorch's `MSELoss`.",
)
def steps_twice_too_long(X: Tensor, y: Tensor, w: Tensor, b: Tensor, lr: float, batches: list[Tensor]) -> Pair:
    for rows in batches:
        errors = X[rows] @ w + b - y[rows]
        w, b = w - 2 * lr * X[rows].T @ errors / len(rows), b - 2 * lr * errors.mean()
    return w, b


@misconception(
    "sgd_epoch",
    hint="Your w and b still require gradients. Whoever computes with them goes on building a graph: detach them.",
)
def still_requiring_gradients(X: Tensor, y: Tensor, w: Tensor, b: Tensor, lr: float, batches: list[Tensor]) -> Pair:
    w, b = w.clone().requires_grad_(), b.clone().requires_grad_()
    for rows in batches:
        dw, db = torch.autograd.grad((X[rows] @ w + b - y[rows]).square().mean() / 2, (w, b))
        with torch.no_grad():
            w -= lr * dw
            b -= lr * db
    return w, b


# 8. ridge


@wheat("ridge")
def with_a_column_of_ones(X: Tensor, y: Tensor, penalty: float) -> Pair:
    A = torch.cat([X, torch.ones(len(X), 1, dtype=X.dtype)], dim=1)
    price = torch.diag(torch.tensor([penalty] * X.shape[1] + [0.0], dtype=X.dtype))
    v = torch.linalg.solve(A.T @ A / len(X) + price, A.T @ y / len(X))
    return v[:-1], v[-1]


@wheat("ridge")
def rows_added_to_the_data(X: Tensor, y: Tensor, penalty: float) -> Pair:
    n, d = X.shape
    Z = torch.cat([X - X.mean(dim=0), (n * penalty) ** 0.5 * torch.eye(d, dtype=X.dtype)])
    t = torch.cat([y - y.mean(), torch.zeros(d, dtype=X.dtype)])
    w = torch.linalg.lstsq(Z, t[:, None]).solution[:, 0]
    return w, (y - X @ w).mean()


@wheat("ridge")
def through_the_other_gram_matrix(X: Tensor, y: Tensor, penalty: float) -> Pair:
    n = len(X)
    Z, t = X - X.mean(dim=0), y - y.mean()
    w = Z.T @ torch.linalg.solve(Z @ Z.T + n * penalty * torch.eye(n, dtype=X.dtype), t)
    return w, y.mean() - w.dot(X.mean(dim=0))


@misconception(
    "ridge",
    hint="You penalise the bias with the weights. Then the fit depends on where zero happens to lie: in kelvin it "
    "would be another one than in degrees Celsius. Leave the bias free.",
)
def the_bias_penalised_too(X: Tensor, y: Tensor, penalty: float) -> Pair:
    A = torch.cat([X, torch.ones(len(X), 1, dtype=X.dtype)], dim=1)
    v = torch.linalg.solve(A.T @ A / len(X) + penalty * torch.eye(A.shape[1], dtype=X.dtype), A.T @ y / len(X))
    return v[:-1], v[-1]


@misconception(
    "ridge",
    hint="Your penalty is too small by a factor of n: in the formula the squared errors are a mean, so the Gram "
    "matrix is divided by n, and the penalty is not.",
)
def a_mean_taken_for_a_sum(X: Tensor, y: Tensor, penalty: float) -> Pair:
    Z, t = X - X.mean(dim=0), y - y.mean()
    w = torch.linalg.solve(Z.T @ Z + penalty * torch.eye(X.shape[1], dtype=X.dtype), Z.T @ t)
    return w, y.mean() - X.mean(dim=0) @ w


@misconception(
    "ridge",
    hint="Your penalty has no effect: these are the weights of least squares. It adds to the diagonal of the Gram "
    "matrix.",
)
def no_penalty(X: Tensor, y: Tensor, penalty: float) -> Pair:
    w = torch.linalg.pinv(X - X.mean(dim=0)) @ (y - y.mean())
    return w, y.mean() - X.mean(dim=0) @ w


@misconception(
    "ridge",
    hint="You add the penalty to every entry of the Gram matrix. The derivative of the penalty with respect to one "
    "weight holds that weight alone: it belongs on the diagonal.",
)
def added_to_every_entry(X: Tensor, y: Tensor, penalty: float) -> Pair:
    Z, t = X - X.mean(dim=0), y - y.mean()
    w = torch.linalg.pinv(Z.T @ Z / len(X) + penalty) @ (Z.T @ t / len(X))
    return w, y.mean() - X.mean(dim=0) @ w


@misconception(
    "ridge",
    hint="You shrink the weights of least squares, all by the same factor. Ridge regression shrinks most where the "
    "data say least; that is a system of equations of its own.",
)
def least_squares_shrunk(X: Tensor, y: Tensor, penalty: float) -> Pair:
    w = torch.linalg.pinv(X - X.mean(dim=0)) @ (y - y.mean()) / (1 + penalty)
    return w, y.mean() - X.mean(dim=0) @ w


@misconception(
    "ridge",
    hint="Your penalty is twice as large as it should be (or half of it): both terms of the formula have a ½, and "
    "after differentiating neither has a factor of 2.",
)
def twice_the_penalty(X: Tensor, y: Tensor, penalty: float) -> Pair:
    Z, t = X - X.mean(dim=0), y - y.mean()
    gram = Z.T @ Z / len(X) + 2 * penalty * torch.eye(X.shape[1], dtype=X.dtype)
    w = torch.linalg.solve(gram, Z.T @ t / len(X))
    return w, y.mean() - X.mean(dim=0) @ w


@misconception(
    "ridge",
    hint="Your fit has no bias, and the weights bend to make up for it. Subtract the means first, and find the bias "
    "from them at the end.",
)
def through_the_origin(X: Tensor, y: Tensor, penalty: float) -> Pair:
    gram = X.T @ X / len(X) + penalty * torch.eye(X.shape[1], dtype=X.dtype)
    return torch.linalg.solve(gram, X.T @ y / len(X)), torch.zeros((), dtype=X.dtype)


@misconception(
    "ridge",
    hint="You find the bias from the means, but the weights from inputs and targets that still have theirs. With the "
    "means left in, the weights are those of a line through the origin: subtract them before you solve.",
)
def means_left_in(X: Tensor, y: Tensor, penalty: float) -> Pair:
    gram = X.T @ X / len(X) + penalty * torch.eye(X.shape[1], dtype=X.dtype)
    w = torch.linalg.solve(gram, X.T @ y / len(X))
    return w, y.mean() - X.mean(dim=0) @ w


@misconception(
    "ridge",
    hint="You subtract the mean from the targets, but not from the inputs. Both lose their means when the bias is put "
    "into the formula.",
)
def only_the_targets_centred(X: Tensor, y: Tensor, penalty: float) -> Pair:
    gram = X.T @ X / len(X) + penalty * torch.eye(X.shape[1], dtype=X.dtype)
    w = torch.linalg.solve(gram, X.T @ (y - y.mean()) / len(X))
    return w, y.mean() - X.mean(dim=0) @ w


@misconception(
    "ridge",
    hint="Your weights are right, but the bias is the mean of the targets. That holds for inputs with mean zero; "
    "what the weights predict at the mean input has to be taken off.",
)
def the_mean_target_as_the_bias(X: Tensor, y: Tensor, penalty: float) -> Pair:
    Z, t = X - X.mean(dim=0), y - y.mean()
    gram = Z.T @ Z / len(X) + penalty * torch.eye(X.shape[1], dtype=X.dtype)
    return torch.linalg.solve(gram, Z.T @ t / len(X)), y.mean()


# 9. RidgeRegression


@wheat("RidgeRegression")
class Registered(nn.Module):
    def __init__(self, num_inputs, weight_decay):
        super().__init__()
        self.penalty = weight_decay
        self.register_parameter("w", nn.Parameter(torch.empty(num_inputs, 1)))
        self.register_parameter("b", nn.Parameter(torch.empty(1)))
        nn.init.normal_(self.w, std=0.01)
        nn.init.zeros_(self.b)

    def forward(self, X):
        return torch.addmm(self.b, X, self.w)

    def loss(self, y_hat, y):
        return 0.5 * nn.functional.mse_loss(y_hat, y) + 0.5 * self.penalty * torch.sum(self.w**2)

    def configure_optimizers(self, lr):
        return torch.optim.SGD([self.w, self.b], lr)


@wheat("RidgeRegression")
class NormalNumbers(nn.Module):
    def __init__(self, num_inputs, weight_decay):
        nn.Module.__init__(self)
        self.decay = weight_decay
        self.w = nn.Parameter(torch.normal(0.0, 0.01, size=(num_inputs, 1)))
        self.b = nn.Parameter(torch.tensor([0.0]))

    def forward(self, X):
        return (X * self.w.T).sum(dim=1, keepdim=True) + self.b

    def loss(self, y_hat, y):
        squares = (y - y_hat) ** 2
        penalty = self.decay * self.w.norm() ** 2
        return squares.sum() / (2 * len(y)) + penalty / 2

    def configure_optimizers(self, lr):
        return torch.optim.SGD([{"params": [self.w]}, {"params": [self.b]}], lr=lr)


@wheat("RidgeRegression")
class WithALossOfPyTorch(nn.Module):
    def __init__(self, num_inputs, weight_decay):
        super().__init__()
        self.w = nn.Parameter(torch.randn((num_inputs, 1)).mul_(0.01))
        self.b = nn.Parameter(torch.zeros(1))
        self.weight_decay, self.squares = weight_decay, nn.MSELoss(reduction="mean")

    def forward(self, X):
        return nn.functional.linear(X, self.w.T, self.b)

    def loss(self, y_hat, y):
        return (self.squares(y_hat, y) + self.weight_decay * (self.w.T @ self.w).squeeze()) / 2

    def configure_optimizers(self, lr):
        return torch.optim.SGD(self.parameters(), lr=lr, momentum=0.0, weight_decay=0.0)


class Right(nn.Module):
    """The model as it should be, for variants that err in one method."""

    def __init__(self, num_inputs, weight_decay):
        super().__init__()
        self.weight_decay = weight_decay
        self.w = nn.Parameter(0.01 * torch.randn(num_inputs, 1))
        self.b = nn.Parameter(torch.zeros(1))

    def forward(self, X):
        return X @ self.w + self.b

    def squares(self, y_hat, y):
        return (y_hat - y).square().mean() / 2

    def loss(self, y_hat, y):
        return self.squares(y_hat, y) + self.weight_decay / 2 * self.w.square().sum()

    def configure_optimizers(self, lr):
        return torch.optim.SGD(self.parameters(), lr=lr)


@misconception(
    "RidgeRegression",
    hint="Your w and b are plain tensors, so that the module does not know them: it lists no parameters, and moves "
    "and saves none. Make each of them an `nn.Parameter`.",
)
class PlainTensors(nn.Module):
    def __init__(self, num_inputs, weight_decay):
        super().__init__()
        self.weight_decay = weight_decay
        self.w = 0.01 * torch.randn(num_inputs, 1)
        self.b = torch.zeros(1)
        self.w.requires_grad_()
        self.b.requires_grad_()

    def forward(self, X):
        return X @ self.w + self.b

    def loss(self, y_hat, y):
        return (y_hat - y).square().mean() / 2 + self.weight_decay / 2 * self.w.square().sum()

    def configure_optimizers(self, lr):
        return torch.optim.SGD([self.w, self.b], lr=lr)


@misconception(
    "RidgeRegression",
    hint="Your weights start too large: with a standard deviation of 1. The question asks for 0.01.",
)
class LargeAtFirst(Right):
    def __init__(self, num_inputs, weight_decay):
        super().__init__(num_inputs, weight_decay)
        self.w = nn.Parameter(torch.randn(num_inputs, 1))


@misconception(
    "RidgeRegression",
    hint="Your weights start at zero. Linear regression survives that, deeper networks do not; the question asks for "
    "small random numbers.",
)
class ZeroAtFirst(Right):
    def __init__(self, num_inputs, weight_decay):
        super().__init__(num_inputs, weight_decay)
        self.w = nn.Parameter(torch.zeros(num_inputs, 1))


@misconception(
    "RidgeRegression",
    hint="Your penalty counts the bias, too. Only the weights cost something; the bias has to be free to go wherever "
    "the targets are.",
)
class BiasPenalised(Right):
    def loss(self, y_hat, y):
        return super().loss(y_hat, y) + self.weight_decay / 2 * self.b.square().sum()


@misconception(
    "RidgeRegression",
    hint="There is no penalty in your loss: `weight_decay` has no effect on it.",
)
class NoPenalty(Right):
    def loss(self, y_hat, y):
        return self.squares(y_hat, y)


@misconception(
    "RidgeRegression",
    hint="The penalty has the right value and no gradient: `.item()`, `.data` or `.detach()` made a plain number of "
    "it. Leave it in the graph, or nothing pulls the weights towards zero.",
)
class PenaltyOutOfTheGraph(Right):
    def loss(self, y_hat, y):
        return self.squares(y_hat, y) + self.weight_decay / 2 * self.w.detach().square().sum()


@misconception(
    "RidgeRegression",
    hint="The penalty is charged twice: once in the loss, and once more by the optimiser's own `weight_decay`.",
)
class PenaltyInTheOptimiserToo(Right):
    def configure_optimizers(self, lr):
        return torch.optim.SGD([{"params": [self.w], "weight_decay": self.weight_decay}, {"params": [self.b]}], lr=lr)


@misconception(
    "RidgeRegression",
    hint="You penalise the norm itself. The formula has its square: without the root, and smooth at zero.",
)
class NormNotSquared(Right):
    def loss(self, y_hat, y):
        return self.squares(y_hat, y) + self.weight_decay / 2 * self.w.norm()


@misconception(
    "RidgeRegression",
    hint="The ½ before the squared errors is missing: `nn.MSELoss` is the mean of the squares, without it.",
)
class HalfForgotten(Right):
    def loss(self, y_hat, y):
        return nn.functional.mse_loss(y_hat, y) + self.weight_decay / 2 * self.w.square().sum()


@misconception(
    "RidgeRegression",
    hint="The ½ before the penalty is missing, so that your penalty is twice as strong.",
)
class HalfOfThePenaltyForgotten(Right):
    def loss(self, y_hat, y):
        return self.squares(y_hat, y) + self.weight_decay * self.w.square().sum()


@misconception(
    "RidgeRegression",
    hint="Your optimiser moves only the weights; the bias stays where it is. Give it all parameters of the model.",
)
class BiasNeverMoved(Right):
    def configure_optimizers(self, lr):
        return torch.optim.SGD([self.w], lr=lr)


@misconception(
    "RidgeRegression",
    hint="Your predictions have the shape (n,). The targets of this question have the shape (n, 1), and (n,) against "
    "(n, 1) broadcasts to every pair of the two, without an error.",
)
class PredictionsFlattened(Right):
    def forward(self, X):
        return (X @ self.w).squeeze(1) + self.b


@misconception(
    "RidgeRegression",
    hint="Your optimiser is Adam. It is often the faster one, but the question asks for plain gradient descent.",
)
class AdamInstead(Right):
    def configure_optimizers(self, lr):
        return torch.optim.Adam(self.parameters(), lr=lr)


# 10. k_fold_loss


@wheat("k_fold_loss")
def predictions_collected(fit: Method, X: Tensor, y: Tensor, k: int) -> float:
    predicted = torch.empty_like(y)
    for j in range(k):
        rest = [i for i in range(len(X)) if i % k != j]
        predicted[j::k] = fit(X[rest], y[rest])(X[j::k])
    return ((predicted - y) ** 2).mean().item()


@wheat("k_fold_loss")
def folds_by_number(fit: Method, X: Tensor, y: Tensor, k: int) -> float:
    n, errors = len(y), []
    for j in range(k):
        held = torch.tensor(range(j, n, k))
        kept = torch.tensor(sorted(set(range(n)) - set(range(j, n, k))))
        errors.append(fit(X[kept], y[kept])(X[held]) - y[held])
    return float(torch.cat(errors).square().mean())


@wheat("k_fold_loss")
def means_weighted_by_size(fit: Method, X: Tensor, y: Tensor, k: int) -> float:
    result = 0.0
    for j in range(k):
        mask = torch.zeros(len(X), dtype=torch.bool)
        mask[j::k] = True
        loss = nn.functional.mse_loss(fit(X[~mask], y[~mask])(X[mask]), y[mask])
        result += float(loss) * int(mask.sum()) / len(X)
    return result


@misconception(
    "k_fold_loss",
    hint="You fit on all rows, those included that are to be predicted. Then the estimate is as flattering as the "
    "training error; the fold has to be left out of the fit.",
)
def fitted_on_everything(fit: Method, X: Tensor, y: Tensor, k: int) -> float:
    return (fit(X, y)(X) - y).square().mean().item()


@misconception(
    "k_fold_loss",
    hint="You fit on one fold and predict the others. It is the other way round: fit on k - 1 folds, predict the one "
    "that was left out.",
)
def fitted_on_one_fold(fit: Method, X: Tensor, y: Tensor, k: int) -> float:
    fold, total = torch.arange(len(X)) % k, 0.0
    for j in range(k):
        total += (fit(X[fold == j], y[fold == j])(X[fold != j]) - y[fold != j]).square().sum().item()
    return total / (len(X) * (k - 1))


@misconception(
    "k_fold_loss",
    hint="You average the folds' means. When folds are not equally large, rows of small folds count for more; every "
    "row should count the same.",
)
def the_mean_of_the_means(fit: Method, X: Tensor, y: Tensor, k: int) -> float:
    fold, means = torch.arange(len(X)) % k, []
    for j in range(k):
        means.append((fit(X[fold != j], y[fold != j])(X[fold == j]) - y[fold == j]).square().mean().item())
    return sum(means) / k


@misconception(
    "k_fold_loss",
    hint="Your folds are blocks of neighbouring rows. The question deals the rows out like cards: fold j holds the "
    "rows j, j + k, j + 2k and so on.",
)
def blocks_of_neighbours(fit: Method, X: Tensor, y: Tensor, k: int) -> float:
    fold, total = torch.arange(len(X)) * k // len(X), 0.0
    for j in range(k):
        total += (fit(X[fold != j], y[fold != j])(X[fold == j]) - y[fold == j]).square().sum().item()
    return total / len(X)


@misconception(
    "k_fold_loss",
    hint="You measure the error on the rows that the method was fitted to. What counts is the fold that it has not "
    "seen.",
)
def measured_on_the_training_rows(fit: Method, X: Tensor, y: Tensor, k: int) -> float:
    fold, total = torch.arange(len(X)) % k, 0.0
    for j in range(k):
        total += (fit(X[fold != j], y[fold != j])(X[fold != j]) - y[fold != j]).square().sum().item()
    return total / (len(X) * (k - 1))


@misconception(
    "k_fold_loss",
    hint="You leave one fold out once, and stop. Every fold takes its turn, so that every row is predicted.",
)
def a_single_fold(fit: Method, X: Tensor, y: Tensor, k: int) -> float:
    fold = torch.arange(len(X)) % k
    return (fit(X[fold != 0], y[fold != 0])(X[fold == 0]) - y[fold == 0]).square().mean().item()


@misconception(
    "k_fold_loss",
    hint="You divide by the number of folds: that is a sum over the rows of a fold. The mean runs over all rows.",
)
def divided_by_the_number_of_folds(fit: Method, X: Tensor, y: Tensor, k: int) -> float:
    fold, total = torch.arange(len(X)) % k, 0.0
    for j in range(k):
        total += (fit(X[fold != j], y[fold != j])(X[fold == j]) - y[fold == j]).square().sum().item()
    return total / k


@misconception(
    "k_fold_loss",
    hint="Your result has a ½. The losses of this set have one; this question asks for the plain mean of the squares.",
)
def with_a_half(fit: Method, X: Tensor, y: Tensor, k: int) -> float:
    fold, total = torch.arange(len(X)) % k, 0.0
    for j in range(k):
        total += (fit(X[fold != j], y[fold != j])(X[fold == j]) - y[fold == j]).square().sum().item()
    return total / len(X) / 2
