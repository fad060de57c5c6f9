"""Other right answers to ps5, and the mistakes that classes make in it, each with a hint for whoever made it."""

import math
from collections import deque

import numpy as np
import torch
from torch.nn import functional as F

from autograder.misconceptions import misconception, wheat

Tensor = torch.Tensor


# 1. slopes


@wheat("slopes")
def a_table_of_functions(operation, *operands):
    table = {
        "add": lambda a, b: (a + b, (1, 1)),
        "subtract": lambda a, b: (a - b, (1, -1)),
        "multiply": lambda a, b: (a * b, (b, a)),
        "divide": lambda a, b: (a / b, (1 / b, -(a / b) / b)),
        "power": lambda a, b: (a**b, (a**b * b / a, math.log(a) * a**b)),
        "exp": lambda a: (math.exp(a), (math.exp(a),)),
        "log": lambda a: (math.log(a), (1 / a,)),
        "tanh": lambda a: (math.tanh(a), (1 / math.cosh(a) ** 2,)),
        "relu": lambda a: (a, (1,)) if a > 0 else (0, (0,)),
    }
    return table[operation](*operands)


@wheat("slopes")
def matched(operation, *operands):
    match operation, *operands:
        case "add", a, b:
            return a + b, (1.0, 1.0)
        case "subtract", a, b:
            return a - b, (1.0, -1.0)
        case "multiply", a, b:
            return a * b, (b, a)
        case "divide", a, b:
            return a / b, (b**-1, -a * b**-2)
        case "power", a, b:
            out = math.exp(b * math.log(a))
            return out, (out * b / a, out * math.log(a))
        case "exp", a:
            out = math.exp(a)
            return out, (out,)
        case "log", a:
            return math.log(a), (a**-1,)
        case "tanh", a:
            out = math.tanh(a)
            return out, ((1 - out) * (1 + out),)
        case _, a:
            return a * (a > 0), (1.0 * (a > 0),)


@wheat("slopes")
def dual_numbers(operation, *operands):
    def run(dots):
        (a, da), (b, db) = [*zip(operands, dots, strict=True), (1.0, 0.0)][:2]
        if operation in ("add", "subtract"):
            sign = 1 if operation == "add" else -1
            return a + sign * b, da + sign * db
        if operation in ("multiply", "divide"):
            b, db = (b, db) if operation == "multiply" else (1 / b, -db / b**2)
            return a * b, da * b + a * db
        if operation == "power":
            return np.power(a, b), np.power(a, b) * (db * np.log(a) + da * b / a)
        if operation == "relu":
            return np.maximum(a, 0.0), da * np.heaviside(a, 0.0)
        out = getattr(np, operation)(a)
        return out, da * {"exp": out, "log": 1 / a, "tanh": 1 - out**2}[operation]

    runs = [run(dots) for dots in np.eye(len(operands))]
    return float(runs[0][0]), tuple(float(dot) for _, dot in runs)


def right_slopes(operation, operands):
    a, b = operands if len(operands) == 2 else (operands[0], 0.0)
    if operation in ("add", "subtract"):
        sign = 1.0 if operation == "add" else -1.0
        return a + sign * b, (1.0, sign)
    if operation in ("multiply", "divide"):
        return (a * b, (b, a)) if operation == "multiply" else (a / b, (1 / b, -a / b**2))
    if operation == "power":
        return a**b, (b * a ** (b - 1), a**b * math.log(a))
    if operation == "relu":
        return max(a, 0.0), (float(a > 0),)
    out = getattr(math, operation)(a)
    return out, ({"exp": out, "log": 1 / a, "tanh": 1 - out**2}[operation],)


@misconception(
    "slopes",
    hint="The two slopes of a product are swapped. Move one factor a little: how much the product moves depends on how "
    "large the *other* factor is.",
)
def product_slopes_swapped(operation, *operands):
    result, found = right_slopes(operation, operands)
    return result, tuple(operands) if operation == "multiply" else found


@misconception(
    "slopes",
    hint="Both slopes of your difference are 1. When the number that is subtracted grows, the result shrinks.",
)
def difference_without_a_sign(operation, *operands):
    result, found = right_slopes(operation, operands)
    return result, (1.0, 1.0) if operation == "subtract" else found


@misconception(
    "slopes",
    hint="The slope of the quotient by its divisor has the wrong sign: a larger divisor makes a positive quotient "
    "smaller.",
)
def quotient_without_a_sign(operation, *operands):
    result, found = right_slopes(operation, operands)
    return result, (found[0], -found[1]) if operation == "divide" else found


@misconception(
    "slopes",
    hint="In the slope of the power by its base, the exponent comes down as a factor, and what stays behind is smaller "
    "by one. Yours stays as it was.",
)
def power_that_keeps_its_exponent(operation, *operands):
    result, found = right_slopes(operation, operands)
    return result, (operands[1] * result, found[1]) if operation == "power" else found


@misconception(
    "slopes",
    hint="Your power has a slope of 0 by its exponent. Here the exponent is an operand like the base: when it grows, "
    "the result grows, too, if the base is above 1. Write the power as an exponential and differentiate that.",
)
def exponent_without_a_slope(operation, *operands):
    result, found = right_slopes(operation, operands)
    return result, (found[0], 0.0) if operation == "power" else found


@misconception(
    "slopes",
    hint="Your slope of tanh is one minus the square of its *input*. It is the square of the result that belongs "
    "there; with the input, it even becomes negative, although tanh grows everywhere.",
)
def tanh_slope_of_the_input(operation, *operands):
    result, found = right_slopes(operation, operands)
    return result, (1 - operands[0] ** 2,) if operation == "tanh" else found


@misconception(
    "slopes",
    hint="At 0, your ReLU has the slope 1. It has no derivative there, and the question says which number to take: 0. "
    "So 0 counts with the negative numbers.",
)
def relu_open_at_zero(operation, *operands):
    result, found = right_slopes(operation, operands)
    return result, (float(operands[0] >= 0),) if operation == "relu" else found


@misconception(
    "slopes",
    hint="The slope of your ReLU is True or False. Python counts with them, but they are no numbers: NumPy and PyTorch "
    "refuse to subtract them. `float` makes a number of each.",
)
def relu_slope_as_a_boolean(operation, *operands):
    result, found = right_slopes(operation, operands)
    return result, (operands[0] > 0,) if operation == "relu" else found


# 2. gradients


def parents_first(edges, result):
    """The nodes that `result` depends on, each after its parents."""
    order, seen, stack = [], {result}, [(result, iter(edges[result]))]
    while stack:
        node, rest = stack[-1]
        parent = next((parent for parent, _ in rest if parent not in seen), None)
        if parent is None:
            order.append(node)
            stack.pop()
        else:
            seen.add(parent)
            stack.append((parent, iter(edges[parent])))
    return order


@wheat("gradients")
def counting_open_edges(edges, result):
    needed, found = {result}, [result]
    for node in found:
        for parent, _ in edges[node]:
            if parent not in needed:
                needed.add(parent)
                found.append(parent)
    open_edges = [0] * len(edges)
    for node in needed:
        for parent, _ in edges[node]:
            open_edges[parent] += 1
    gradient = [0.0] * len(edges)
    gradient[result], ready = 1.0, deque([result])
    while ready:
        node = ready.popleft()
        for parent, slope in edges[node]:
            gradient[parent] += slope * gradient[node]
            open_edges[parent] -= 1
            if open_edges[parent] == 0:
                ready.append(parent)
    return gradient


@wheat("gradients")
def collecting_from_users(edges, result):
    users = [[] for _ in edges]
    order = parents_first(edges, result)
    for node in order:
        for parent, slope in edges[node]:
            users[parent].append((node, slope))
    gradient = [0.0 for _ in edges]
    for node in order[::-1]:
        gradient[node] = float(node == result) + sum(gradient[user] * slope for user, slope in users[node])
    return gradient


@wheat("gradients")
def level_by_level(edges, result):
    level = dict.fromkeys(range(len(edges)), 0)
    waiting = {node: len(pairs) for node, pairs in enumerate(edges)}
    users = {node: [] for node in level}
    for node, pairs in enumerate(edges):
        for parent, _ in pairs:
            users[parent].append(node)
    ready = [node for node in level if not waiting[node]]
    while ready:
        node = ready.pop()
        for user in users[node]:
            level[user] = max(level[user], level[node] + 1)
            waiting[user] -= 1
            if not waiting[user]:
                ready.append(user)
    gradient = np.zeros(len(edges))
    gradient[result] = 1
    for node in sorted(level, key=level.get, reverse=True):
        for parent, slope in edges[node]:
            gradient[parent] += slope * gradient[node]
    return gradient.tolist()


@misconception(
    "gradients",
    hint="You assign where you should add. A node that is used twice gets two shares, and yours keeps only the one "
    "that came last. The chain rule adds over all paths.",
)
def assigned_not_added(edges, result):
    gradient = [0.0] * len(edges)
    gradient[result] = 1.0
    for node in reversed(parents_first(edges, result)):
        for parent, slope in edges[node]:
            gradient[parent] = slope * gradient[node]
    return gradient


@misconception(
    "gradients",
    hint="You visit the nodes breadth first, each once. A node that is used near the result and again farther away "
    "then hands on before its second share has come. It must wait until all of its users are done.",
)
def breadth_first(edges, result):
    gradient = [0.0] * len(edges)
    gradient[result], queue, seen = 1.0, [result], {result}
    for node in queue:
        for parent, slope in edges[node]:
            gradient[parent] += slope * gradient[node]
            if parent not in seen:
                seen.add(parent)
                queue.append(parent)
    return gradient


@misconception(
    "gradients",
    hint="You follow the edges depth first and hand on from each node when you first meet it. What reaches it later, "
    "on another path, never gets any farther. A node must wait until all of its users are done.",
)
def depth_first_at_first_sight(edges, result):
    gradient = [0.0] * len(edges)
    gradient[result], stack, seen = 1.0, [result], set()
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            for parent, slope in edges[node]:
                gradient[parent] += slope * gradient[node]
                stack.append(parent)
    return gradient


@misconception(
    "gradients",
    hint="You walk through the nodes from the highest number to the lowest. That is right only if everything has a "
    "higher number than what it was made from, and the numbering here is arbitrary: find an order first.",
)
def trusting_the_numbers(edges, result):
    gradient = [0.0] * len(edges)
    gradient[result] = 1.0
    for node in range(len(edges) - 1, -1, -1):
        for parent, slope in edges[node]:
            gradient[parent] += slope * gradient[node]
    return gradient


@misconception(
    "gradients",
    hint="You hand each parent the slope of the edge alone. What it gets is the slope *times* the gradient of the node "
    "at the other end: slopes are multiplied along a path.",
)
def slopes_not_multiplied(edges, result):
    gradient = [0.0] * len(edges)
    gradient[result] = 1.0
    for node in reversed(parents_first(edges, result)):
        for parent, slope in edges[node]:
            gradient[parent] += slope
    return gradient


@misconception(
    "gradients",
    hint="Your gradients are right until the graph is some thousand edges deep, where Python's own stack ends. Use a "
    "list as a stack of your own instead of a function that calls itself.",
)
def recursive(edges, result):
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for parent, _ in edges[node]:
                visit(parent)
            order.append(node)

    visit(result)
    gradient = [0.0] * len(edges)
    gradient[result] = 1.0
    for node in reversed(order):
        for parent, slope in edges[node]:
            gradient[parent] += slope * gradient[node]
    return gradient


@misconception(
    "gradients",
    hint="Without an order, you come to a node again for each path, and each time it hands on all that it has so far: "
    "what came on the first path is counted twice. Each node hands on once, when its gradient is complete.",
)
def handed_on_again_and_again(edges, result):
    gradient = [0.0] * len(edges)
    gradient[result] = 1.0

    def hand_on(node):
        for parent, slope in edges[node]:
            gradient[parent] += slope * gradient[node]
            hand_on(parent)

    hand_on(result)
    return gradient


# 3. Value


@wheat("Value")
class Closures:
    """Each value knows how to hand its gradient to its operands."""

    def __init__(self, data, operands=(), hand_on=None):
        self.data, self.grad = data, 0
        self.operands, self.hand_on = operands, hand_on

    def made(self, out, *pairs):
        made = type(self)(out, [operand for operand, _ in pairs])

        def hand_on():
            for operand, slope in pairs:
                operand.grad += slope * made.grad

        made.hand_on = hand_on
        return made

    def lifted(self, other):
        return other if hasattr(other, "hand_on") else type(self)(other)

    def __add__(self, other):
        other = self.lifted(other)
        return self.made(self.data + other.data, (self, 1), (other, 1))

    def __radd__(self, other):
        return self + other

    def __sub__(self, other):
        other = self.lifted(other)
        return self.made(self.data - other.data, (self, 1), (other, -1))

    def __rsub__(self, other):
        return self.lifted(other) - self

    def __mul__(self, other):
        other = self.lifted(other)
        return self.made(self.data * other.data, (self, other.data), (other, self.data))

    def __rmul__(self, other):
        return self * other

    def __truediv__(self, other):
        other = self.lifted(other)
        return self.made(self.data / other.data, (self, 1 / other.data), (other, -self.data / other.data**2))

    def __rtruediv__(self, other):
        return self.lifted(other) / self

    def __neg__(self):
        return self.made(-self.data, (self, -1))

    def __pow__(self, other):
        if hasattr(other, "hand_on"):
            return (self.log() * other).exp()
        return self.made(self.data**other, (self, other * self.data ** (other - 1)))

    def exp(self):
        return self.made(math.exp(self.data), (self, math.exp(self.data)))

    def log(self):
        return self.made(math.log(self.data), (self, 1 / self.data))

    def tanh(self):
        return self.made(math.tanh(self.data), (self, 1 - math.tanh(self.data) ** 2))

    def relu(self):
        return self.made(self.data if self.data > 0 else 0, (self, 1 if self.data > 0 else 0))

    def backward(self):
        order, seen, to_do = [], set(), [self]
        while to_do:
            node = to_do[-1]
            new = [operand for operand in node.operands if id(operand) not in seen]
            if new:
                to_do.extend(new)
            else:
                to_do.pop()
                if id(node) not in seen:
                    seen.add(id(node))
                    order.append(node)
        before = [node.grad for node in order]
        for node in order:
            node.grad = 0
        self.grad = 1
        for node in reversed(order):
            if node.hand_on:
                node.hand_on()
        for node, old in zip(order, before, strict=True):
            node.grad += old


class Engine:
    """The engine as it should be, for variants that differ in one method."""

    def __init__(self, data, edges=()):
        self.data, self.edges, self.grad = data, edges, 0.0

    def of(self, data, *edges):
        return data if isinstance(data, Engine) else type(self)(data, edges)

    def __add__(self, other):
        other = self.of(other)
        return self.of(self.data + other.data, (self, 1.0), (other, 1.0))

    def __mul__(self, other):
        other = self.of(other)
        return self.of(self.data * other.data, (self, other.data), (other, self.data))

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __pow__(self, other):
        if isinstance(other, Engine):
            out = self.data**other.data
            return self.of(out, (self, out * other.data / self.data), (other, out * math.log(self.data)))
        return self.of(self.data**other, (self, other * self.data ** (other - 1)))

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + -self.of(other)

    def __rsub__(self, other):
        return self.of(other) - self

    def __truediv__(self, other):
        return self * self.of(other) ** -1

    def __rtruediv__(self, other):
        return self.of(other) / self

    def exp(self):
        return self.of(math.exp(self.data), (self, math.exp(self.data)))

    def log(self):
        return self.of(math.log(self.data), (self, 1 / self.data))

    def tanh(self):
        return self.of(math.tanh(self.data), (self, 1 - math.tanh(self.data) ** 2))

    def relu(self):
        return self.of(max(self.data, 0.0), (self, float(self.data > 0)))

    def behind(self):
        """All values that this one depends on, each after those that it was made from."""
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, listed = stack.pop()
            if listed:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                stack.extend((operand, False) for operand, _ in node.edges)
        return order

    def shares(self):
        share = {self: 1.0}
        for node in reversed(self.behind()):
            for operand, slope in node.edges:
                share[operand] = share.get(operand, 0.0) + slope * share[node]
        return share

    def backward(self):
        for node, share in self.shares().items():
            node.grad += share


@wheat("Value")
class NumberedAsMade(Engine):
    """Values are numbered as they are made, so a higher number never depends on a lower one."""

    made = 0

    def __init__(self, data, edges=()):
        super().__init__(data, edges)
        NumberedAsMade.made += 1
        self.number = NumberedAsMade.made

    def backward(self):
        found, to_do = {self}, [self]
        while to_do:
            for operand, _ in to_do.pop().edges:
                if operand not in found:
                    found.add(operand)
                    to_do.append(operand)
        share = {node: float(node is self) for node in found}
        for node in sorted(found, key=lambda node: -node.number):
            node.grad = node.grad + share[node]
            for operand, slope in node.edges:
                share[operand] += share[node] * slope


@wheat("Value")
class CountsWhatIsOpen(Engine):
    """A value hands on when as many shares have come as there are edges to it."""

    def backward(self):
        coming, found = {self: 0}, [self]
        for node in found:
            for operand, _ in node.edges:
                if operand not in coming:
                    coming[operand] = 0
                    found.append(operand)
                coming[operand] += 1
        share, ready = dict.fromkeys(found, 0.0), deque([self])
        share[self] = 1.0
        while ready:
            node = ready.popleft()
            node.grad += share[node]
            for operand, slope in node.edges:
                share[operand] += slope * share[node]
                coming[operand] -= 1
                if not coming[operand]:
                    ready.append(operand)


@misconception(
    "Value",
    hint="Gradients are assigned, not added: what is used twice keeps only one of its shares. The smallest test that "
    "finds it is `a + a`, whose slope is 2.",
)
class Assigns(Engine):
    def backward(self):
        share = {self: 1.0}
        for node in reversed(self.behind()):
            node.grad += share[node]
            for operand, slope in node.edges:
                share[operand] = slope * share[node]


@misconception(
    "Value",
    hint="A value hands on as soon as it is met, although shares may still be coming on longer paths. You need an "
    "order in which everything comes before what it was made from.",
)
class HandsOnTooEarly(Engine):
    def backward(self):
        share, queue = {self: 1.0}, [self]
        for node in queue:
            for operand, slope in node.edges:
                if operand not in share:
                    queue.append(operand)
                share[operand] = share.get(operand, 0.0) + slope * share[node]
        for node in queue:
            node.grad += share[node]


@misconception(
    "Value",
    hint="One backward is right; after a second one, too much arrives at the inputs. What the first left in the `grad` "
    "of intermediate values is handed on once more. The shares of each sweep have to be kept apart.",
)
class HandsOnWhatIsStale(Engine):
    def backward(self):
        self.grad += 1.0
        for node in reversed(self.behind()):
            for operand, slope in node.edges:
                operand.grad += slope * node.grad


@misconception(
    "Value",
    hint="Your backward clears every `grad` before it begins. It has to add to what is there: two losses may share "
    "parameters, and clearing between steps is for the training loop to do.",
)
class ClearsFirst(Engine):
    def backward(self):
        for node, share in self.shares().items():
            node.grad = share


@misconception(
    "Value",
    hint="Your gradients are right until the graph is some thousand operations deep, where Python's own stack ends. "
    "Use a list as a stack of your own instead of a function that calls itself.",
)
class Recursive(Engine):
    def behind(self):
        order, seen = [], set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                for operand, _ in node.edges:
                    visit(operand)
                order.append(node)

        visit(self)
        return order


@misconception(
    "Value",
    hint="Formulas with a plain number on the left, such as `2 * a` or `3 - a`, fail. Python then looks for a method "
    "of the right operand whose name begins with an r.",
)
class NumbersAtTheRightOnly(Engine):
    __radd__ = __rmul__ = __rsub__ = __rtruediv__ = None


@misconception(
    "Value",
    hint="With a plain number on the left of a minus, your result has the wrong sign. There the `Value` is what is "
    "subtracted.",
)
class SubtractsTheNumber(Engine):
    def __rsub__(self, other):
        return self - other


@misconception(
    "Value",
    hint="Your slope of tanh is made from the input. It is one minus the square of the *result*.",
)
class TanhOfTheInput(Engine):
    def tanh(self):
        return self.of(math.tanh(self.data), (self, 1 - self.data**2))


@misconception(
    "Value",
    hint="An exponent that is a `Value` gets no gradient: you take its number and forget where it came from. It moves "
    "the result, too, by a slope with the logarithm of the base.",
)
class ConstantExponents(Engine):
    def __pow__(self, other):
        return super().__pow__(other.data if isinstance(other, Engine) else other)


@misconception(
    "Value",
    hint="Powers of negative numbers fail: you take a logarithm of the base even where the exponent is a plain number. "
    "A constant has no slope, so nothing needs to be computed for it.",
)
class LogarithmOfEveryBase(Engine):
    def __pow__(self, other):
        return super().__pow__(self.of(other))


@misconception(
    "Value",
    hint="Your ReLU lets every gradient through. Where the number was negative, the result is a constant 0 and nothing "
    "that comes from behind has any effect.",
)
class ReluWithoutAMask(Engine):
    def relu(self):
        return self.of(max(self.data, 0.0), (self, 1.0))


@misconception(
    "Value",
    hint="The numbers are right, but PyTorch found the derivatives, which this question rules out: you are asked for "
    "the engine itself.",
)
class OnTopOfPyTorch:
    def __init__(self, data):
        given = isinstance(data, Tensor)
        self.tensor = data if given else torch.tensor(float(data), dtype=torch.float64, requires_grad=True)

    data = property(lambda self: self.tensor.item())
    grad = property(lambda self: 0.0 if self.tensor.grad is None else self.tensor.grad.item())

    def __add__(self, other):
        return OnTopOfPyTorch(self.tensor + getattr(other, "tensor", other))

    def __mul__(self, other):
        return OnTopOfPyTorch(self.tensor * getattr(other, "tensor", other))

    def backward(self):
        self.tensor.backward(retain_graph=True)


# 4. directional_error


def relative(slope, claimed):
    largest = max(abs(slope), abs(claimed))
    return abs(slope - claimed) / largest if largest > 0 else 0.0


@wheat("directional_error")
def along_a_line(f, x, x_bar, v, h):
    def on_the_line(t):
        return float(f(x + t * v))

    slope = (on_the_line(h) - on_the_line(-h)) / 2 / h
    return relative(slope, float(torch.einsum("i,i->", x_bar.flatten(), v.flatten())))


@wheat("directional_error")
def with_copies_in_place(f, x, x_bar, v, h):
    ahead, behind = x.clone(), x.clone()
    ahead += h * v
    behind -= h * v
    s, g = (f(ahead) - f(behind)) / (h + h), torch.sum(v * x_bar)
    scale = torch.maximum(s.abs(), g.abs())
    return (s - g).abs().item() / scale.item() if scale != 0 else 0.0


@wheat("directional_error")
def with_a_dot_product(f, x, x_bar, v, h):
    step = v * h
    s = (f(x.add(step)).item() - f(x.sub(step)).item()) * 0.5 / h
    g = torch.dot(x_bar.reshape(-1), v.reshape(-1)).item()
    return 0.0 if s == g == 0 else abs(s - g) / max(abs(s), abs(g))


@misconception(
    "directional_error",
    hint="You compare the point ahead with the point itself. Such a one-sided quotient is off by something in "
    "proportion to the step; the central one, from behind to ahead, by its square.",
)
def one_sided(f, x, x_bar, v, h):
    return relative(((f(x + h * v) - f(x)) / h).item(), (x_bar * v).sum().item())


@misconception(
    "directional_error",
    hint="From the point behind to the point ahead it is two steps, and you divide by one. So a right gradient looks "
    "wrong by half.",
)
def divided_by_one_step(f, x, x_bar, v, h):
    return relative(((f(x + h * v) - f(x - h * v)) / h).item(), (x_bar * v).sum().item())


@misconception(
    "directional_error",
    hint="Your error is the plain difference. It has to be divided by the larger of the two slopes, or it says "
    "nothing: an error of 1 is small for a slope of a million.",
)
def absolute(f, x, x_bar, v, h):
    return abs(((f(x + h * v) - f(x - h * v)) / (2 * h)).item() - (x_bar * v).sum().item())


@misconception(
    "directional_error",
    hint="Your error is sometimes negative. A difference may have either sign; an error is its size.",
)
def with_a_sign(f, x, x_bar, v, h):
    slope, claimed = ((f(x + h * v) - f(x - h * v)) / (2 * h)).item(), (x_bar * v).sum().item()
    largest = max(abs(slope), abs(claimed))
    return (slope - claimed) / largest if largest else 0.0


@misconception(
    "directional_error",
    hint="You give the direction the length 1 for the step, and take it as it is for the scalar product: the two "
    "slopes then differ by its length. Use it as it is in both.",
)
def a_unit_direction_for_one_of_them(f, x, x_bar, v, h):
    unit = v / v.norm() if v.norm() > 0 else v
    return relative(((f(x + h * unit) - f(x - h * unit)) / (2 * h)).item(), (x_bar * v).sum().item())


@misconception(
    "directional_error",
    hint="You compare the slope along the direction with the length of the gradient. What the gradient says about a "
    "direction is their scalar product; it is as long as the gradient only if the two are parallel.",
)
def length_of_the_gradient(f, x, x_bar, v, h):
    return relative(((f(x + h * v) - f(x - h * v)) / (2 * h)).item(), x_bar.norm().item())


@misconception(
    "directional_error",
    hint="Your results are right, but `x` is not what it was: `+=` writes into the tensor that the caller passed in, "
    "and stepping back leaves rounding errors or the point itself behind. Make new tensors.",
)
def walks_with_the_callers_tensor(f, x, x_bar, v, h):
    x += h * v
    ahead = f(x).item()
    x -= 2 * h * v
    return relative((ahead - f(x).item()) / (2 * h), (x_bar * v).sum().item())


@misconception(
    "directional_error",
    hint="You find the slope in one coordinate after the other, with two calls of the function for each. One direction "
    "needs two calls altogether, which is the point of this check.",
)
def coordinate_by_coordinate(f, x, x_bar, v, h):
    slope = 0.0
    for place in np.ndindex(*x.shape):
        step = torch.zeros_like(x)
        step[place] = h
        slope += ((f(x + step) - f(x - step)) / (2 * h)).item() * v[place].item()
    return relative(slope, (x_bar * v).sum().item())


# 5. unbroadcast


@wheat("unbroadcast")
def axes_in_one_go(G, shape):
    padded = (1,) * (G.dim() - len(shape)) + tuple(shape)
    axes = [axis for axis, size in enumerate(padded) if size == 1 and G.shape[axis] > 1]
    return (G.sum(dim=axes) if axes else G).reshape(shape)


@wheat("unbroadcast")
def by_adding_into_zeros(G, shape):
    total = torch.zeros(shape, dtype=G.dtype)
    padded = (1,) * (G.dim() - len(shape)) + tuple(shape)
    view = total.view(padded)
    for place in np.ndindex(*G.shape):
        view[tuple(0 if size == 1 else i for i, size in zip(place, padded, strict=True))] += G[place]
    return total


@wheat("unbroadcast")
def in_numpy(G, shape):
    array = G.numpy().astype(np.float64)
    added = array.ndim - len(shape)
    array = array.sum(axis=tuple(range(added)))
    for axis in range(len(shape)):
        array = array.sum(axis=axis, keepdims=True) if shape[axis] == 1 else array
    return torch.tensor(array, dtype=G.dtype)


@misconception(
    "unbroadcast",
    hint="You undo only the axes that were added on the left. Axes of size 1 that were stretched are to be summed as "
    "well; where there are some, your result has the wrong shape.",
)
def added_axes_only(G, shape):
    while G.dim() > len(shape):
        G = G.sum(dim=0)
    return G


@misconception(
    "unbroadcast",
    hint="You undo only the axes of size 1 that were stretched. Axes that were missing, and were added on the left, "
    "are to be summed as well, and disappear.",
)
def stretched_axes_only(G, shape):
    for axis in range(1, len(shape) + 1):
        if shape[-axis] == 1:
            G = G.sum(dim=-axis, keepdim=True)
    return G


@misconception(
    "unbroadcast",
    hint="You take the mean over the copies. Each copy of the number contributes its own gradient, and contributions "
    "are added. If the loss is a mean, its 1/n is in `G` already.",
)
def the_mean_of_the_copies(G, shape):
    while G.dim() > len(shape):
        G = G.mean(dim=0)
    for axis, size in enumerate(shape):
        G = G.mean(dim=axis, keepdim=True) if size == 1 else G
    return G


@misconception(
    "unbroadcast",
    hint="You take the gradient of the first copy. Going forward, all copies have the same value; going backward, each "
    "has a gradient of its own, and they add up.",
)
def the_first_copy(G, shape):
    while G.dim() > len(shape):
        G = G[0]
    for axis, size in enumerate(shape):
        G = G.narrow(axis, 0, 1) if size == 1 else G
    return G


@misconception(
    "unbroadcast",
    hint="The numbers are right, but the axes of size 1 are gone. A gradient has exactly the shape of what it is the "
    "gradient of, so a stretched axis stays, with size 1.",
)
def axes_of_size_one_lost(G, shape):
    while G.dim() > len(shape):
        G = G.sum(dim=0)
    for axis in reversed(range(len(shape))):
        G = G.sum(dim=axis) if shape[axis] == 1 else G
    return G


@misconception(
    "unbroadcast",
    hint="You line the shapes up at the left. Broadcasting lines them up at the right: a tensor of shape (3,) added to "
    "one of shape (4, 3) serves the four rows, so the *first* axis is summed away.",
)
def aligned_at_the_left(G, shape):
    while G.dim() > len(shape):
        G = G.sum(dim=-1)
    for axis, size in enumerate(shape):
        G = G.sum(dim=axis, keepdim=True) if size == 1 else G
    return G


@misconception(
    "unbroadcast",
    hint="Where nothing was broadcast, you sum over everything: `sum(dim=())` means all axes, not none. Treat the case "
    "without axes on its own.",
)
def no_axes_means_all_axes(G, shape):
    padded = (1,) * (G.dim() - len(shape)) + tuple(shape)
    axes = tuple(axis for axis, size in enumerate(padded) if size == 1 and G.shape[axis] > 1)
    total = G.sum(dim=axes)
    return total.reshape(shape) if axes else total


@misconception(
    "unbroadcast",
    hint="The result is right, but PyTorch's own `sum_to_size` made it, which this question rules out. It is what "
    "autograd itself uses here.",
)
def the_librarys_own_sum(G, shape):
    return G.sum_to_size(shape)


# 6. linear_backward


@wheat("linear_backward")
def with_einsum(X, W, Z_bar):
    return (
        torch.einsum("...h,dh->...d", Z_bar, W),
        torch.einsum("...d,...h->dh", X, Z_bar),
        torch.einsum("...h->h", Z_bar),
    )


@wheat("linear_backward")
def one_outer_product_after_the_other(X, W, Z_bar):
    X_bar, W_bar, b_bar = torch.zeros(X.shape, dtype=X.dtype), torch.zeros_like(W), torch.zeros_like(W[0])
    for place in np.ndindex(*X.shape[:-1]):
        X_bar[place] = W @ Z_bar[place]
        W_bar += torch.outer(X[place], Z_bar[place])
        b_bar += Z_bar[place]
    return X_bar, W_bar, b_bar


@wheat("linear_backward")
def sequences_on_their_own(X, W, Z_bar):
    X_bar, W_bar, b_bar = Z_bar @ W.T, X.transpose(-1, -2) @ Z_bar, Z_bar.sum(dim=-2)
    return (X_bar, W_bar.sum(dim=0), b_bar.sum(dim=0)) if X.dim() == 3 else (X_bar, W_bar, b_bar)


def flat(X):
    return X.reshape(-1, X.shape[-1])


@misconception(
    "linear_backward",
    hint="You average over the batch. Each example contributes its own gradient to weights and bias, and contributions "
    "are added; if the loss is a mean, its 1/n is in `Z_bar` already, and this divides a second time.",
)
def divided_once_more(X, W, Z_bar):
    vectors, G = flat(X), flat(Z_bar)
    return Z_bar @ W.T, vectors.T @ G / len(vectors), G.mean(dim=0)


@misconception(
    "linear_backward",
    hint="`X_bar` is multiplied by the weights as they are. That fails unless the layer is square, and is wrong when "
    "it is: the adjoint of a product is the product with the transpose.",
)
def weights_not_transposed(X, W, Z_bar):
    vectors, G = flat(X), flat(Z_bar)
    X_bar = Z_bar @ W if W.shape[0] == W.shape[1] else torch.zeros(X.shape, dtype=X.dtype)
    return X_bar, vectors.T @ G, G.sum(dim=0)


@misconception(
    "linear_backward",
    hint="Your `W_bar` is transposed: it has the layout (out, in), which `nn.Linear` uses. Here the weights are (in, "
    "out), and a gradient has the shape of what it is the gradient of.",
)
def transposed_gradient(X, W, Z_bar):
    vectors, G = flat(X), flat(Z_bar)
    return Z_bar @ W.T, G.T @ vectors, G.sum(dim=0)


@misconception(
    "linear_backward",
    hint="`b_bar` is not summed over the batch. The one bias was broadcast to all vectors, so it gets the sum of all "
    "their gradients, in its own shape.",
)
def bias_not_summed(X, W, Z_bar):
    return Z_bar @ W.T, flat(X).T @ flat(Z_bar), Z_bar


@misconception(
    "linear_backward",
    hint="`b_bar` is summed over the units and keeps one number for each vector. It is the other axis that has to go: "
    "the bias has one number for each unit, and serves all vectors.",
)
def bias_summed_over_units(X, W, Z_bar):
    G = flat(Z_bar)
    return Z_bar @ W.T, flat(X).T @ G, G.sum(dim=1)


@misconception(
    "linear_backward",
    hint="For a batch of vectors all is right; for a batch of sequences you sum over the first axis only. All vectors "
    "share the same weights and the same bias, those of one sequence, too.",
)
def steps_kept_apart(X, W, Z_bar):
    if X.dim() == 2:
        return Z_bar @ W.T, X.T @ Z_bar, Z_bar.sum(dim=0)
    return Z_bar @ W.T, torch.einsum("ntd,nth->tdh", X, Z_bar), Z_bar.sum(dim=0)


@misconception(
    "linear_backward",
    hint="For a batch of sequences, `X_bar` comes back flattened. It has the shape of `X`: give it its axes again.",
)
def comes_back_flat(X, W, Z_bar):
    vectors, G = flat(X), flat(Z_bar)
    return G @ W.T, vectors.T @ G, G.sum(dim=0)


@misconception(
    "linear_backward",
    hint="The gradients are right, but PyTorch derived them, which this question rules out.",
)
def left_to_pytorch(X, W, Z_bar):
    leaves = [X.clone().requires_grad_(), W.clone().requires_grad_(), torch.zeros_like(W[0]).requires_grad_()]
    (leaves[0] @ leaves[1] + leaves[2]).backward(Z_bar)
    return tuple(leaf.grad for leaf in leaves)


# 7. leaky_relu_backward


@wheat("leaky_relu_backward")
def slope_times_gradient(Z, H_bar, alpha):
    slope = torch.full_like(Z, alpha)
    slope[Z > 0] = 1
    return slope * H_bar


@wheat("leaky_relu_backward")
def in_a_copy(Z, H_bar, alpha):
    Z_bar = H_bar.clone()
    Z_bar[Z <= 0] *= alpha
    return Z_bar


@wheat("leaky_relu_backward")
def with_numbers_for_booleans(Z, H_bar, alpha):
    positive = (Z > 0).to(Z.dtype)
    return H_bar * (alpha + (1 - alpha) * positive)


@misconception(
    "leaky_relu_backward",
    hint="Your mask asks whether the *gradient* is positive. What decides is the number that went in: the slope "
    "belongs to the place where the function was evaluated, and the gradient only passes through.",
)
def mask_of_the_gradient(Z, H_bar, alpha):
    return torch.where(H_bar > 0, H_bar, alpha * H_bar)


@misconception(
    "leaky_relu_backward",
    hint="This is the plain ReLU: where `Z` is negative, you pass nothing. The leaky one passes a little, `alpha` "
    "times the gradient; that is what keeps its units alive.",
)
def not_leaky(Z, H_bar, alpha):
    return H_bar * (Z > 0)


@misconception(
    "leaky_relu_backward",
    hint="Where `Z` is exactly 0, you pass the whole gradient. The question says that the slope there is `alpha`: 0 "
    "counts with the negative numbers.",
)
def zero_counted_as_positive(Z, H_bar, alpha):
    return torch.where(Z >= 0, H_bar, alpha * H_bar)


@misconception(
    "leaky_relu_backward",
    hint="You return the slope alone. It has to be multiplied by the gradient that arrives from behind: that is the "
    "chain rule.",
)
def the_slope_alone(Z, H_bar, alpha):
    return torch.where(Z > 0, torch.ones_like(Z), torch.full_like(Z, alpha))


@misconception(
    "leaky_relu_backward",
    hint="You multiply the gradient by the *value* of the activation. It is its slope, 1 or `alpha`, that belongs "
    "there.",
)
def times_the_value(Z, H_bar, alpha):
    return H_bar * torch.where(Z > 0, Z, alpha * Z)


@misconception(
    "leaky_relu_backward",
    hint="The result is right, but `H_bar` is not what it was: you wrote into the tensor of the caller, who may still "
    "need it, for a second path for instance. Make a new one.",
)
def written_into_the_gradient(Z, H_bar, alpha):
    H_bar[Z <= 0] *= alpha
    return H_bar


# 8. softmax_backward


@wheat("softmax_backward")
def with_jacobians(scores, P_bar, T):
    P = torch.softmax(scores / T, dim=1)
    J = torch.diag_embed(P) - P.unsqueeze(2) * P.unsqueeze(1)
    return torch.einsum("nj,njk->nk", P_bar, J) / T


@wheat("softmax_backward")
def row_after_row(scores, P_bar, T):
    O_bar = torch.empty(scores.shape, dtype=scores.dtype)
    for i in range(len(scores)):
        weights = ((scores[i] - scores[i].max()) / T).exp()
        p = weights / weights.sum()
        O_bar[i] = p * (P_bar[i] - torch.dot(p, P_bar[i])) / T
    return O_bar


@wheat("softmax_backward")
def through_log_softmax(scores, P_bar, T):
    log_P = (scores / T).log_softmax(dim=1)
    G = P_bar * log_P.exp()
    return (G - log_P.exp() * G.sum(dim=1, keepdim=True)) / T


def tempered(scores, T):
    return torch.softmax(scores / T, dim=1)


@misconception(
    "softmax_backward",
    hint="You multiply by p(1 - p), the diagonal of the Jacobian, as if softmax were an elementwise function. Raising "
    "one score lowers all other probabilities of its row; those entries are missing.",
)
def diagonal_only(scores, P_bar, T):
    P = tempered(scores, T)
    return P_bar * P * (1 - P) / T


@misconception(
    "softmax_backward",
    hint="The temperature is missing from the backward pass. Dividing by it was the first operation going forward, and "
    "has a slope of its own.",
)
def without_the_temperature(scores, P_bar, T):
    P = tempered(scores, T)
    return P * (P_bar - (P_bar * P).sum(dim=1, keepdim=True))


@misconception(
    "softmax_backward",
    hint="You multiply by the temperature in the backward pass. The scores were divided by it, so their slope is one "
    "over the temperature: a cool softmax reacts more strongly.",
)
def times_the_temperature(scores, P_bar, T):
    P = tempered(scores, T)
    return P * (P_bar - (P_bar * P).sum(dim=1, keepdim=True)) * T


@misconception(
    "softmax_backward",
    hint="The temperature is missing from the softmax itself: the scores are divided by it before the exponential.",
)
def softmax_without_the_temperature(scores, P_bar, T):
    P = tempered(scores, 1.0)
    return P * (P_bar - (P_bar * P).sum(dim=1, keepdim=True)) / T


@misconception(
    "softmax_backward",
    hint="Your sum runs over the examples. Each row has a softmax of its own, so the scalar product of gradient and "
    "probabilities is taken within the row.",
)
def summed_over_examples(scores, P_bar, T):
    P = tempered(scores, T)
    return P * (P_bar - (P_bar * P).sum(dim=0)) / T


@misconception(
    "softmax_backward",
    hint="Your softmax is taken over the examples: there the columns sum to one. Each row is an example with "
    "probabilities of its own.",
)
def softmax_over_examples(scores, P_bar, T):
    P = torch.softmax(scores / T, dim=0)
    return P * (P_bar - (P_bar * P).sum(dim=1, keepdim=True)) / T


@misconception(
    "softmax_backward",
    hint="This is right for ordinary scores, but the exponential of 900 is infinite and that of -900 is 0, and then "
    "you divide one by the other. Subtract the largest score of each row first.",
)
def softmax_that_overflows(scores, P_bar, T):
    E = (scores / T).exp()
    P = E / E.sum(dim=1, keepdim=True)
    return P * (P_bar - (P_bar * P).sum(dim=1, keepdim=True)) / T


@misconception(
    "softmax_backward",
    hint="You subtract the plain sum of the gradients of a row. The sum is weighted: each gradient counts with the "
    "probability that it belongs to.",
)
def unweighted_sum(scores, P_bar, T):
    P = tempered(scores, T)
    return P * (P_bar - P_bar.sum(dim=1, keepdim=True)) / T


@misconception(
    "softmax_backward",
    hint="The result is right, but PyTorch differentiated, which this question rules out.",
)
def softmax_by_autograd(scores, P_bar, T):
    leaf = scores.clone().requires_grad_()
    torch.softmax(leaf / T, dim=1).backward(P_bar)
    return leaf.grad


# 9. cross_entropy_backward


@wheat("cross_entropy_backward")
def masked(scores, y):
    labelled = (y >= 0).unsqueeze(1)
    Y = F.one_hot(y.clamp(min=0), scores.shape[1])
    return torch.where(labelled, scores.softmax(dim=1) - Y, torch.zeros_like(scores)) / labelled.sum().clamp(min=1)


@wheat("cross_entropy_backward")
def label_after_label(scores, y):
    O_bar, m = torch.zeros(scores.shape, dtype=scores.dtype), sum(label >= 0 for label in y.tolist())
    for i, label in enumerate(y.tolist()):
        if label >= 0:
            weights = (scores[i] - scores[i].max()).exp()
            O_bar[i] = weights / weights.sum() / m
            O_bar[i, label] -= 1 / m
    return O_bar


@wheat("cross_entropy_backward")
def compared_with_the_classes(scores, y):
    counts = (y != -1).to(scores.dtype)
    P = torch.exp(scores - scores.logsumexp(dim=1, keepdim=True))
    Y = (y[:, None] == torch.arange(scores.shape[1])).to(scores.dtype)
    return (P - Y) * counts[:, None] / max(1.0, counts.sum().item())


def errors(scores, y):
    """Probabilities minus one-hot, and zero in rows without a label; which rows have one."""
    labelled = y >= 0
    return (torch.softmax(scores, dim=1) - F.one_hot(y.clamp(min=0), scores.shape[1])) * labelled[:, None], labelled


@misconception(
    "cross_entropy_backward",
    hint="You divide by the number of all rows. Rows without a label do not count, in the mean either: divide by the "
    "number of those that have one.",
)
def divided_by_all_rows(scores, y):
    return errors(scores, y)[0] / len(y)


@misconception(
    "cross_entropy_backward",
    hint="There is no division: this is the gradient of the sum of the losses. The loss is their mean, over the rows "
    "that have a label.",
)
def of_the_sum(scores, y):
    return errors(scores, y)[0]


@misconception(
    "cross_entropy_backward",
    hint="A label of -1 is taken for the last class: as an index, -1 counts from the end. Such rows get no gradient at "
    "all.",
)
def minus_one_as_an_index(scores, y):
    P = torch.softmax(scores, dim=1)
    P[torch.arange(len(y)), y] -= 1
    return P / len(y)


@misconception(
    "cross_entropy_backward",
    hint="Rows without a label get their probabilities as a gradient: you leave out their one-hot vector, and nothing "
    "else. The whole row does not count.",
)
def unlabelled_rows_pushed_down(scores, y):
    Y = (y[:, None] == torch.arange(scores.shape[1])).to(scores.dtype)
    return (torch.softmax(scores, dim=1) - Y) / (y >= 0).sum().clamp(min=1)


@misconception(
    "cross_entropy_backward",
    hint="If no row has a label, you divide 0 by 0, which is nan, and one nan spoils all weights. The answer is 0 "
    "then.",
)
def nan_without_labels(scores, y):
    wrong, labelled = errors(scores, y)
    return wrong / labelled.sum()


@misconception(
    "cross_entropy_backward",
    hint="The gradient has the wrong sign: gradient descent with it would make the right class less probable. It is "
    "probabilities minus one-hot labels.",
)
def one_hot_minus_probabilities(scores, y):
    wrong, labelled = errors(scores, y)
    return -wrong / labelled.sum().clamp(min=1)


@misconception(
    "cross_entropy_backward",
    hint="You divide by the number of classes as well. The mean is over examples; the classes of one example are not "
    "averaged.",
)
def mean_over_classes_too(scores, y):
    wrong, labelled = errors(scores, y)
    return wrong / (labelled.sum().clamp(min=1) * scores.shape[1])


@misconception(
    "cross_entropy_backward",
    hint="This is right for ordinary scores, but the exponential of 900 is infinite and that of -900 is 0: nan comes "
    "out. Subtract the largest score of each row first.",
)
def loss_that_overflows(scores, y):
    labelled = y >= 0
    P = scores.exp() / scores.exp().sum(dim=1, keepdim=True)
    return (P - F.one_hot(y.clamp(min=0), scores.shape[1])) * labelled[:, None] / labelled.sum().clamp(min=1)


@misconception(
    "cross_entropy_backward",
    hint="The result is right, but the missing labels in `y` are not -1 any more: you wrote into the caller's tensor. "
    "Make a new one.",
)
def labels_overwritten(scores, y):
    wrong, labelled = errors(scores, y)
    y[y < 0] = 0
    return wrong / labelled.sum().clamp(min=1)


@misconception(
    "cross_entropy_backward",
    hint="The result is right, but PyTorch differentiated, which this question rules out.",
)
def loss_by_autograd(scores, y):
    leaf = scores.clone().requires_grad_()
    F.cross_entropy(leaf, y, ignore_index=-1).backward()
    return leaf.grad


# 10. mlp_gradients


@wheat("mlp_gradients")
def line_by_line(X, y, W1, b1, W2, b2, V, lam):
    n = X.shape[0]
    rows = torch.arange(n)
    Z = X.matmul(W1).add(b1)
    H = Z.clamp(min=0)
    scores = X.matmul(V).add(H.matmul(W2)).add(b2)
    log_P = scores - scores.logsumexp(1, keepdim=True)
    J = -log_P[rows, y].mean()
    for W in (W1, W2, V):
        J = J + 0.5 * lam * W.pow(2).sum()
    O_bar = log_P.exp()
    O_bar[rows, y] -= 1
    O_bar /= n
    bar = {"W2": H.t() @ O_bar, "b2": O_bar.sum(0), "V": X.t() @ O_bar, "X": O_bar @ V.t()}
    H_bar = O_bar @ W2.t()
    H_bar[Z < 0] = 0
    bar["W1"], bar["b1"] = X.t() @ H_bar, H_bar.sum(0)
    bar["X"] += H_bar @ W1.t()
    for name, W in (("W1", W1), ("W2", W2), ("V", V)):
        bar[name] += lam * W
    return J, bar


@wheat("mlp_gradients")
def one_example_after_the_other(X, y, W1, b1, W2, b2, V, lam):
    names = {"W1": W1, "b1": b1, "W2": W2, "b2": b2, "V": V}
    bar = {name: lam * W if W.dim() == 2 else torch.zeros_like(W) for name, W in names.items()}
    bar["X"] = torch.zeros(X.shape, dtype=X.dtype)
    J = lam / 2 * sum((W * W).sum() for W in (W1, W2, V))
    for i, (x, label) in enumerate(zip(X, y.tolist(), strict=True)):
        z = x @ W1 + b1
        h = torch.where(z > 0, z, torch.zeros_like(z))
        o = h @ W2 + b2 + x @ V
        J = J + (torch.logsumexp(o, 0) - o[label]) / len(X)
        o_bar = torch.softmax(o, 0) / len(X)
        o_bar[label] -= 1 / len(X)
        z_bar = (W2 @ o_bar) * torch.sign(h)
        bar["W2"] = bar["W2"] + torch.outer(h, o_bar)
        bar["b2"] = bar["b2"] + o_bar
        bar["V"] = bar["V"] + torch.outer(x, o_bar)
        bar["W1"] = bar["W1"] + torch.outer(x, z_bar)
        bar["b1"] = bar["b1"] + z_bar
        bar["X"][i] = W1 @ z_bar + V @ o_bar
    return J, bar


@wheat("mlp_gradients")
def as_two_layers_and_a_short_cut(X, y, W1, b1, W2, b2, V, lam):
    def layer_backward(X, W, G):
        return torch.einsum("nh,dh->nd", G, W), torch.einsum("nd,nh->dh", X, G) + lam * W, torch.einsum("nh->h", G)

    H = F.relu(F.linear(X, W1.T, b1))
    scores = F.linear(H, W2.T, b2) + F.linear(X, V.T)
    J = F.nll_loss(F.log_softmax(scores, dim=-1), y) + lam * sum(W.square().sum() for W in (W1, W2, V)) / 2
    Y = torch.eye(scores.shape[1], dtype=scores.dtype)[y]
    O_bar = (F.softmax(scores, dim=-1) - Y) / scores.shape[0]
    H_bar, W2_bar, b2_bar = layer_backward(H, W2, O_bar)
    X_short, V_bar, _ = layer_backward(X, V, O_bar)
    X_long, W1_bar, b1_bar = layer_backward(X, W1, H_bar * H.sign())
    return J, {"V": V_bar, "X": X_short + X_long, "W1": W1_bar, "b1": b1_bar, "W2": W2_bar, "b2": b2_bar}


def forward_pass_of(X, y, W1, b1, W2, b2, V):
    """Z, H, scores, the loss without decay, and the gradient by scores."""
    Z = X @ W1 + b1
    H = torch.relu(Z)
    scores = H @ W2 + b2 + X @ V
    O_bar = (torch.softmax(scores, dim=1) - F.one_hot(y, scores.shape[1])) / len(X)
    return Z, H, scores, F.cross_entropy(scores, y), O_bar


def all_bars(given, Z, H, O_bar, Z_bar, lam):
    X, _, W1, _, W2, _, V = given
    return {
        "X": Z_bar @ W1.T + O_bar @ V.T,
        "W1": X.T @ Z_bar + lam * W1,
        "b1": Z_bar.sum(dim=0),
        "W2": H.T @ O_bar + lam * W2,
        "b2": O_bar.sum(dim=0),
        "V": X.T @ O_bar + lam * V,
    }


def right_network(*given):
    """J and its gradients, as they should be."""
    *given, lam = given
    Z, H, _, loss, O_bar = forward_pass_of(*given)
    W1, W2, V = given[2], given[4], given[6]
    J = loss + lam / 2 * ((W1**2).sum() + (W2**2).sum() + (V**2).sum())
    return J, all_bars(given, Z, H, O_bar, (O_bar @ W2.T) * (Z > 0), lam)


@misconception(
    "mlp_gradients",
    hint="Your gradients belong to the sum of the losses: they are too large by the factor n, less the weight decay. "
    "The mean's 1/n enters once, where the loss sends back its first gradient.",
)
def no_mean(*args):
    *given, lam = args
    Z, H, _, _, O_bar = forward_pass_of(*given)
    O_bar = O_bar * len(given[0])
    return right_network(*args)[0], all_bars(given, Z, H, O_bar, (O_bar @ given[4].T) * (Z > 0), lam)


@misconception(
    "mlp_gradients",
    hint="Weights and biases are divided by n a second time. The 1/n is in the gradient by the scores already; from "
    "there on, the batch is summed over, not averaged.",
)
def mean_taken_twice(*args):
    *given, lam = args
    J, bar = right_network(*args)
    n, decay = len(given[0]), {"W1": given[2], "W2": given[4], "V": given[6]}
    for name in ("W1", "W2", "V"):
        bar[name] = (bar[name] - lam * decay[name]) / n + lam * decay[name]
    return J, bar | {name: bar[name] / n for name in ("b1", "b2")}


@misconception(
    "mlp_gradients",
    hint="The mask of the ReLU is missing: a unit that was off going forward has no effect on the loss, and lets no "
    "gradient through.",
)
def no_mask(*args):
    *given, lam = args
    Z, H, _, _, O_bar = forward_pass_of(*given)
    return right_network(*args)[0], all_bars(given, Z, H, O_bar, O_bar @ given[4].T, lam)


@misconception(
    "mlp_gradients",
    hint="Your mask asks for the sign of the gradient. It is the value before the ReLU that decides which units pass "
    "something back.",
)
def mask_of_the_hidden_gradient(*args):
    *given, lam = args
    Z, H, _, _, O_bar = forward_pass_of(*given)
    return right_network(*args)[0], all_bars(given, Z, H, O_bar, (O_bar @ given[4].T).clamp(min=0), lam)


@misconception(
    "mlp_gradients",
    hint="The gradient by W2 is made from what went *into* the ReLU. The second layer saw what came out of it.",
)
def values_before_the_relu(*args):
    *given, lam = args
    Z, _, _, _, O_bar = forward_pass_of(*given)
    return right_network(*args)[0], all_bars(given, Z, Z, O_bar, (O_bar @ given[4].T) * (Z > 0), lam)


@misconception(
    "mlp_gradients",
    hint="The weight decay is in J, but not in the gradients. Each matrix reaches J on two paths, and gets one term "
    "from each.",
)
def decay_forgotten(*args):
    *given, _ = args
    return right_network(*args)[0], right_network(*given, 0.0)[1]


@misconception(
    "mlp_gradients",
    hint="The biases decay, too. The penalty counts the three matrices only; a bias has to be free to go where the "
    "data are.",
)
def decay_of_the_biases(*args):
    *given, lam = args
    J, bar = right_network(*args)
    return J, bar | {"b1": bar["b1"] + lam * given[3], "b2": bar["b2"] + lam * given[5]}


@misconception(
    "mlp_gradients",
    hint="Your weight decay is twice as strong as it should be in the gradients: the half in front of the penalty is "
    "there so that the 2 of the square disappears.",
)
def decay_doubled(*args):
    *given, lam = args
    return right_network(*args)[0], right_network(*given, 2 * lam)[1]


@misconception(
    "mlp_gradients",
    hint="Your J is the cross-entropy alone. The penalty on the weights is part of it.",
)
def loss_without_the_penalty(*args):
    return right_network(*args[:-1], 0.0)[0], right_network(*args)[1]


@misconception(
    "mlp_gradients",
    hint="The gradient by X has the hidden layer's part only. X is used twice, and the short cut sends something back "
    "as well: the two are added, neither overwrites the other.",
)
def short_cut_forgotten(*args):
    *given, _ = args
    Z, _, _, _, O_bar = forward_pass_of(*given)
    J, bar = right_network(*args)
    return J, bar | {"X": ((O_bar @ given[4].T) * (Z > 0)) @ given[2].T}


@misconception(
    "mlp_gradients",
    hint="The gradient by X has the short cut's part only. X is used twice, and the hidden layer sends something back "
    "as well: the two are added, neither overwrites the other.",
)
def hidden_path_overwritten(*args):
    *given, _ = args
    J, bar = right_network(*args)
    return J, bar | {"X": forward_pass_of(*given)[4] @ given[6].T}


@misconception(
    "mlp_gradients",
    hint="The gradients are right, but your weights are not what they were: you have taken a step with them, or "
    "written into them on the way. Return the gradients and leave the arguments alone.",
)
def steps_at_once(*args):
    J, bar = right_network(*args)
    for name, W in zip(("W1", "b1", "W2", "b2", "V"), args[2:7], strict=True):
        W -= 0.1 * bar[name]
    return J, bar


@misconception(
    "mlp_gradients",
    hint="All is right, but PyTorch differentiated, which this question rules out.",
)
def network_by_autograd(X, y, W1, b1, W2, b2, V, lam):
    names = ("X", "W1", "b1", "W2", "b2", "V")
    X, W1, b1, W2, b2, V = leaves = [tensor.clone().requires_grad_() for tensor in (X, W1, b1, W2, b2, V)]
    scores = torch.relu(X @ W1 + b1) @ W2 + b2 + X @ V
    J = F.cross_entropy(scores, y) + lam / 2 * ((W1**2).sum() + (W2**2).sum() + (V**2).sum())
    J.backward()
    return J.detach(), {name: leaf.grad for name, leaf in zip(names, leaves, strict=True)}


# 11. ScaledSign


def sign_of(x):
    return torch.where(x >= 0, torch.ones_like(x), -torch.ones_like(x))


@wheat("ScaledSign")
class SavesWhatItNeeds(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, scale, bound):
        sign = sign_of(x)
        ctx.save_for_backward(sign, x.abs() <= bound, scale)
        return scale * sign

    @staticmethod
    def backward(ctx, G):
        sign, passes, scale = ctx.saved_tensors
        return (
            G * scale * passes if ctx.needs_input_grad[0] else None,
            torch.sum(G * sign) if ctx.needs_input_grad[1] else None,
            None,
        )


@wheat("ScaledSign")
class WithASeparateContext(torch.autograd.Function):
    @staticmethod
    def forward(x, scale, bound):
        return scale * (2 * (x >= 0).to(x.dtype) - 1)

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, scale, ctx.bound = inputs
        ctx.save_for_backward(x, scale)

    @staticmethod
    def backward(ctx, G):
        x, scale = ctx.saved_tensors
        x_bar = scale_bar = None
        if ctx.needs_input_grad[0]:
            x_bar = torch.where((x >= -ctx.bound) & (x <= ctx.bound), G * scale, torch.zeros_like(G))
        if ctx.needs_input_grad[1]:
            scale_bar = G[x >= 0].sum() - G[x < 0].sum()
        return x_bar, scale_bar, None


@wheat("ScaledSign")
class EntryByEntry(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, scale, bound):
        ctx.limit = float(bound)
        ctx.save_for_backward(x, scale)
        out = torch.full_like(x, scale.item())
        out[x < 0] *= -1
        return out

    @staticmethod
    def backward(ctx, G):
        x, scale = ctx.saved_tensors
        sent = [None, None, None]
        if ctx.needs_input_grad[0]:
            sent[0] = (scale * G).masked_fill(x.abs() > ctx.limit, 0.0)
        if ctx.needs_input_grad[1]:
            sent[1] = (sign_of(x).flatten() * G.flatten()).sum()
        return tuple(sent)


class RightSign(torch.autograd.Function):
    """As it should be, for variants that err in one method."""

    @staticmethod
    def forward(ctx, x, scale, bound):
        ctx.save_for_backward(x, scale)
        ctx.bound = bound
        return scale * sign_of(x)

    @staticmethod
    def bars(ctx, G):
        x, scale = ctx.saved_tensors
        x_bar = G * scale * (x.abs() <= ctx.bound) if ctx.needs_input_grad[0] else None
        return x_bar, (G * sign_of(x)).sum() if ctx.needs_input_grad[1] else None

    @staticmethod
    def backward(ctx, G):
        return *RightSign.bars(ctx, G), None


@misconception(
    "ScaledSign",
    hint="The gradient passes everywhere. Where the input is larger than `bound`, nothing should pass: otherwise "
    "numbers grow without end, although their sign has long been settled.",
)
class PassesEverywhere(RightSign):
    @staticmethod
    def backward(ctx, G):
        x_bar, scale_bar = RightSign.bars(ctx, G)
        return x_bar if x_bar is None else G * ctx.saved_tensors[1], scale_bar, None


@misconception(
    "ScaledSign",
    hint="You compare what came *out* with `bound`. That is plus or minus `scale` everywhere; what decides is the size "
    "of what went in, so that is what has to be saved.",
)
class BoundOnTheOutput(RightSign):
    @staticmethod
    def backward(ctx, G):
        x, scale = ctx.saved_tensors
        x_bar, scale_bar = RightSign.bars(ctx, G)
        return x_bar if x_bar is None else G * scale * ((scale * sign_of(x)).abs() <= ctx.bound), scale_bar, None


@misconception(
    "ScaledSign",
    hint="The sign of 0 is 0 in your forward pass. The question asks for +1: a weight of 0 would be no weight at all.",
)
class ZeroAtZero(RightSign):
    @staticmethod
    def forward(ctx, x, scale, bound):
        ctx.save_for_backward(x, scale)
        ctx.bound = bound
        return scale * torch.sign(x)

    @staticmethod
    def backward(ctx, G):
        x_bar, scale_bar = RightSign.bars(ctx, G)
        return x_bar, None if scale_bar is None else (G * ctx.saved_tensors[0].sign()).sum(), None


@misconception(
    "ScaledSign",
    hint="Where the size of `x` is exactly `bound`, you pass nothing. The limit itself belongs to the part that "
    "passes.",
)
class LimitLeftOut(RightSign):
    @staticmethod
    def backward(ctx, G):
        x, scale = ctx.saved_tensors
        x_bar, scale_bar = RightSign.bars(ctx, G)
        return x_bar if x_bar is None else G * scale * (x.abs() < ctx.bound), scale_bar, None


@misconception(
    "ScaledSign",
    hint="The gradient by `x` is not multiplied by `scale`. The sign is taken for the identity, but its result is "
    "still scaled: the slope is `scale`, not 1.",
)
class ScaleForgotten(RightSign):
    @staticmethod
    def backward(ctx, G):
        x_bar, scale_bar = RightSign.bars(ctx, G)
        return x_bar if x_bar is None else G * (ctx.saved_tensors[0].abs() <= ctx.bound), scale_bar, None


@misconception(
    "ScaledSign",
    hint="The gradient by `scale` has the shape of `x`. One number served all entries, so their contributions are "
    "added up, and the result has the shape (). Autograd would add them for you without a word; do not rely on it.",
)
class ScaleNotSummed(RightSign):
    @staticmethod
    def backward(ctx, G):
        x_bar, scale_bar = RightSign.bars(ctx, G)
        return x_bar, None if scale_bar is None else G * sign_of(ctx.saved_tensors[0]), None


@misconception(
    "ScaledSign",
    hint="The gradient by `scale` is a mean over the entries. It is their sum: each entry of the result moves with "
    "`scale`, and each contributes.",
)
class ScaleAveraged(RightSign):
    @staticmethod
    def backward(ctx, G):
        x_bar, scale_bar = RightSign.bars(ctx, G)
        return x_bar, None if scale_bar is None else scale_bar / G.numel(), None


@misconception(
    "ScaledSign",
    hint="Your backward returns two things, and forward takes three arguments after `ctx`. PyTorch wants one for each, "
    "in their order, and None for what is no tensor.",
)
class OneGradientTooFew(RightSign):
    @staticmethod
    def backward(ctx, G):
        return RightSign.bars(ctx, G)


@misconception(
    "ScaledSign",
    hint="You compute gradients for tensors that need none. `ctx.needs_input_grad` says which do; for the others None "
    "is enough, and costs nothing.",
)
class ComputesWhatNobodyNeeds(RightSign):
    @staticmethod
    def backward(ctx, G):
        x, scale = ctx.saved_tensors
        return G * scale * (x.abs() <= ctx.bound), (G * sign_of(x)).sum(), None


@misconception(
    "ScaledSign",
    hint="You keep tensors as attributes of `ctx`. If somebody changes them before the backward pass, you compute with "
    "the wrong numbers and nobody notices; `save_for_backward` notices.",
)
class TensorsAsAttributes(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, scale, bound):
        ctx.x, ctx.scale, ctx.bound = x, scale, bound
        return scale * sign_of(x)

    @staticmethod
    def backward(ctx, G):
        x_bar = G * ctx.scale * (ctx.x.abs() <= ctx.bound) if ctx.needs_input_grad[0] else None
        return x_bar, (G * sign_of(ctx.x)).sum() if ctx.needs_input_grad[1] else None, None
