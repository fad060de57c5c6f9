"""Other right answers to ps6, and the mistakes that classes make in it, each with a hint for whoever made it.

`Linear` and `ReLU` in the models are the notebook's own.
"""

import functools
import math
from itertools import pairwise

import numpy as np

from autograder.misconceptions import misconception, wheat

# 1. Linear


@wheat("Linear")
class WithEinsum:
    def __init__(self, in_features, out_features, debug=False):
        self.W, self.b, self.debug = np.zeros([out_features, in_features]), np.zeros([out_features, 1]), debug

    def forward(self, A):
        self.kept = A
        return np.einsum("ni,oi->no", A, self.W) + self.b.reshape(1, -1)

    def backward(self, dLdZ):
        self.dLdW = np.einsum("no,ni->oi", dLdZ, self.kept)
        self.dLdb = np.einsum("no->o", dLdZ).reshape(-1, 1)
        self.dLdA = np.einsum("no,oi->ni", dLdZ, self.W)
        return self.dLdA


@wheat("Linear")
class WithAColumnOfOnes:
    def __init__(self, in_features, out_features, debug=False):
        self.W, self.b = np.zeros((out_features, in_features)), np.zeros((out_features, 1))
        self.debug = debug

    def forward(self, A):
        self.A, self.N, self.Ones = A, A.shape[0], np.ones((A.shape[0], 1))
        return np.dot(A, self.W.T) + np.dot(self.Ones, self.b.T)

    def backward(self, dLdZ):
        dLdA = np.dot(dLdZ, self.W)
        self.dLdW = np.dot(dLdZ.T, self.A)
        self.dLdb = np.dot(dLdZ.T, self.Ones)
        if self.debug:
            self.dLdA = dLdA
        return dLdA


@wheat("Linear")
class ExampleByExample:
    def __init__(self, in_features, out_features, debug=False):
        self.W, self.b, self.debug = np.zeros((out_features, in_features)), np.zeros((out_features, 1)), debug

    def forward(self, A):
        self.rows = A.copy()
        return np.stack([self.W @ a + self.b[:, 0] for a in A])

    def backward(self, dLdZ):
        self.dLdW, self.dLdb = np.zeros_like(self.W), np.zeros_like(self.b)
        for a, g in zip(self.rows, dLdZ, strict=True):
            self.dLdW += np.outer(g, a)
            self.dLdb += g[:, None]
        dLdA = np.stack([self.W.T @ g for g in dLdZ])
        if self.debug:
            self.dLdA = dLdA.copy()
        return dLdA


class RightLinear:
    """The layer as it should be, for variants that err in one place."""

    def __init__(self, in_features, out_features, debug=False):
        self.W, self.b = np.zeros((out_features, in_features)), np.zeros((out_features, 1))

    def forward(self, A):
        self.A = A
        return A @ self.W.T + self.b.T

    def backward(self, dLdZ):
        self.dLdW, self.dLdb = dLdZ.T @ self.A, dLdZ.sum(axis=0)[:, None]
        self.dLdA = dLdZ @ self.W
        return self.dLdA


@misconception(
    "Linear",
    hint="Your dLdW and dLdb are divided by the number of examples. The mean belongs to the loss: its gradient brings "
    "the 1/N along, and here it would be taken twice. A layer sums.",
)
class DividedByN(RightLinear):
    def backward(self, dLdZ):
        dLdA = super().backward(dLdZ)
        self.dLdW, self.dLdb = self.dLdW / len(dLdZ), self.dLdb / len(dLdZ)
        return dLdA


@misconception(
    "Linear",
    hint="Only your dLdb is a mean; it should be a sum over the examples, as dLdW is. The 1/N comes with the gradient "
    "of the loss.",
)
class MeanForTheBias(RightLinear):
    def backward(self, dLdZ):
        dLdA = super().backward(dLdZ)
        self.dLdb = dLdZ.mean(axis=0)[:, None]
        return dLdA


@misconception(
    "Linear",
    hint="Your weights have the shape (in, out). In this interface W is (out, in): a row for each output. The product "
    "with the inputs then needs a transpose.",
)
class WeightsTransposed(RightLinear):
    def __init__(self, in_features, out_features, debug=False):
        self.W, self.b = np.zeros((in_features, out_features)), np.zeros((out_features, 1))

    def forward(self, A):
        self.A = A
        return A @ self.W + self.b.T

    def backward(self, dLdZ):
        self.dLdW, self.dLdb = self.A.T @ dLdZ, dLdZ.sum(axis=0)[:, None]
        self.dLdA = dLdZ @ self.W.T
        return self.dLdA


@misconception(
    "Linear",
    hint="Your dLdW is transposed: (in, out). A gradient always has the shape of what it is the gradient of, here "
    "(out, in), or no optimiser can subtract the one from the other.",
)
class GradientTransposed(RightLinear):
    def backward(self, dLdZ):
        dLdA = super().backward(dLdZ)
        self.dLdW = self.dLdW.T
        return dLdA


@misconception(
    "Linear",
    hint="Your dLdb has the shape (out,); b is a column, (out, 1). The two subtracted broadcast to a square, without "
    "an error.",
)
class BiasGradientFlat(RightLinear):
    def backward(self, dLdZ):
        dLdA = super().backward(dLdZ)
        self.dLdb = dLdZ.sum(axis=0)
        return dLdA


@misconception(
    "Linear",
    hint="b is a column, and you add it as it is: it meets the examples rather than the outputs, which fails for most "
    "shapes, and for as many examples as outputs is silently wrong. Transpose it first.",
)
class BiasDownTheRows(RightLinear):
    def forward(self, A):
        self.A = A
        return A @ self.W.T + self.b


@misconception(
    "Linear",
    hint="Your forward leaves the bias out: every output should be shifted by its own entry of b.",
)
class WithoutItsBias(RightLinear):
    def forward(self, A):
        self.A = A
        return A @ self.W.T


@misconception(
    "Linear",
    hint="Your gradients add up from one backward to the next, as PyTorch's do. Here each backward replaces them: "
    "nobody sets them to zero in between.",
)
class GradientsAccumulate(RightLinear):
    def backward(self, dLdZ):
        before = getattr(self, "dLdW", 0), getattr(self, "dLdb", 0)
        dLdA = super().backward(dLdZ)
        self.dLdW, self.dLdb = self.dLdW + before[0], self.dLdb + before[1]
        return dLdA


@misconception(
    "Linear",
    hint="Your backward works with the inputs of the first forward, for ever. A layer is used with one batch after the "
    "other: each forward has to replace what it keeps.",
)
class FirstInputForEver(RightLinear):
    def forward(self, A):
        self.A = getattr(self, "A", A)
        return A @ self.W.T + self.b.T


@misconception(
    "Linear",
    hint="Your weights are random at first. That is wise for training, but this interface starts at zero and leaves "
    "the choice to whoever builds the model.",
)
class RandomAtFirst(RightLinear):
    def __init__(self, in_features, out_features, debug=False):
        super().__init__(in_features, out_features)
        self.W = np.random.default_rng(3).standard_normal((out_features, in_features))


@misconception(
    "Linear",
    hint="Only your dLdW is a mean; it should be a sum over the examples, as dLdb is. The 1/N comes with the gradient "
    "of the loss.",
)
class MeanForTheWeights(RightLinear):
    def backward(self, dLdZ):
        dLdA = super().backward(dLdZ)
        self.dLdW = self.dLdW / len(dLdZ)
        return dLdA


@misconception(
    "Linear",
    hint="Your dLdW is replaced by each backward, and your dLdb adds up from one to the next. Both are those of the "
    "latest batch alone.",
)
class OnlyTheBiasAccumulates(RightLinear):
    def backward(self, dLdZ):
        before = getattr(self, "dLdb", 0)
        dLdA = super().backward(dLdZ)
        self.dLdb = self.dLdb + before
        return dLdA


# 2. Sigmoid; its cell holds Identity too, which these need not replace.


class Identity:
    def forward(self, Z):
        return Z

    def backward(self, dLdA):
        return dLdA.copy()


@wheat("Sigmoid")
class BySign:
    def forward(self, Z):
        self.A = np.empty_like(Z)
        right = Z >= 0
        self.A[right] = 1 / (1 + np.exp(-Z[right]))
        e = np.exp(Z[~right])
        self.A[~right] = e / (1 + e)
        return self.A

    def backward(self, dLdA):
        return dLdA * (self.A - self.A**2)


@wheat("Sigmoid")
class OverflowsToTheRightLimit:
    def forward(self, Z):
        with np.errstate(over="ignore"):
            self.A = 1 / (1 + np.exp(-Z))
        return self.A

    def backward(self, dLdA):
        return np.multiply(dLdA, self.A * (1.0 - self.A))


@wheat("Sigmoid")
class ThroughTanh:
    def forward(self, Z):
        self.t = np.tanh(Z / 2)
        return (1 + self.t) / 2

    def backward(self, dLdA):
        return dLdA * (1 - self.t**2) / 4


@wheat("Sigmoid")
class NumberByNumber:
    def forward(self, Z):
        self.A = np.array([[1 / (1 + math.exp(-max(z, -700.0))) for z in row] for row in Z])
        return self.A

    def backward(self, dLdA):
        rows = zip(dLdA, self.A, strict=True)
        return np.array([[g * a * (1 - a) for g, a in zip(*pair, strict=True)] for pair in rows])


class RightSigmoid:
    def forward(self, Z):
        e = np.exp(-np.abs(Z))
        self.A = np.where(Z >= 0, 1, e) / (1 + e)
        return self.A

    def backward(self, dLdA):
        return dLdA * self.A * (1 - self.A)


@misconception(
    "Sigmoid",
    hint="This is right for ordinary numbers, but exp of a large positive number is infinite, and infinity over "
    "infinity is nan. Write the fraction so that only exponentials of negative numbers are left.",
)
class InfinityOverInfinity(RightSigmoid):
    def forward(self, Z):
        with np.errstate(all="ignore"):
            self.A = np.exp(Z) / (1 + np.exp(Z))
        return self.A


@misconception(
    "Sigmoid",
    hint="The sign in the exponent is missing: your curve falls from 1 to 0, and should rise from 0 to 1.",
)
class Falling(RightSigmoid):
    def forward(self, Z):
        return super().forward(-Z)


@misconception(
    "Sigmoid",
    hint="Your backward returns the slope alone. By the chain rule it is to be multiplied by the gradient that "
    "arrives, entry by entry.",
)
class SlopeAlone(RightSigmoid):
    def backward(self, dLdA):
        return self.A * (1 - self.A)


@misconception(
    "Sigmoid",
    hint="You put the output through the sigmoid once more to compute the slope. What forward returned is σ(z) "
    "already: the slope is that, times one minus that.",
)
class SigmoidTwice(RightSigmoid):
    def backward(self, dLdA):
        again = 1 / (1 + np.exp(-self.A))
        return dLdA * again * (1 - again)


@misconception(
    "Sigmoid",
    hint="Your slope is computed from the input: z (1 - z). The formula with σ(1 - σ) wants the output of forward.",
)
class SlopeOfTheInput(RightSigmoid):
    def forward(self, Z):
        self.Z = Z
        return super().forward(Z)

    def backward(self, dLdA):
        return dLdA * self.Z * (1 - self.Z)


@misconception(
    "Sigmoid",
    hint="The slope is σ (1 - σ); the second factor is missing in yours, so that gradients pass where the unit is "
    "saturated at 1.",
)
class HalfOfTheSlope(RightSigmoid):
    def backward(self, dLdA):
        return dLdA * self.A


@misconception(
    "Sigmoid",
    hint="Your backward works with the output of the first forward, for ever. Each forward has to replace what it "
    "keeps.",
)
class FirstOutputForEver(RightSigmoid):
    def forward(self, Z):
        first = getattr(self, "A", None)
        A = super().forward(Z)
        self.A = A if first is None else first
        return A


@misconception(
    "Sigmoid",
    hint="The values are right, but the input is not what it was: you compute in the caller's array. Make a new one.",
)
class ComputedInPlace(RightSigmoid):
    def forward(self, Z):
        A = super().forward(Z.copy())
        Z[:] = A
        return A


@misconception(
    "Sigmoid",
    hint="The sigmoid is right, but the backward of your Identity returns ones. Its slope is 1, and the chain rule "
    "multiplies it by the gradient that arrives.",
)
class OnesForTheIdentity(RightSigmoid):
    global Identity  # the other name of this cell

    class Identity:
        def forward(self, Z):
            return Z

        def backward(self, dLdA):
            return np.ones_like(dLdA)


# 3. Tanh


@wheat("Tanh")
class OnBothSides:
    def forward(self, Z):
        left, right = np.exp(2 * np.minimum(Z, 0)), np.exp(-2 * np.maximum(Z, 0))
        self.A = (left - right) / (left + right)
        return self.A

    def backward(self, dLdA):
        return dLdA - dLdA * self.A**2


@wheat("Tanh")
class FromASigmoid:
    def forward(self, Z):
        with np.errstate(over="ignore"):
            self.A = 2 / (1 + np.exp(-2 * Z)) - 1
        return self.A

    def backward(self, dLdA):
        return dLdA * (1 + self.A) * (1 - self.A)


@wheat("Tanh")
class ClippedFirst:
    def forward(self, Z):
        z = np.clip(Z, -30, 30)
        up, down = np.exp(z), np.exp(-z)
        self.A = (up - down) / (up + down)
        return self.A

    def backward(self, dLdA):
        return dLdA * (1 - np.square(self.A))


@wheat("Tanh")
class WithExpm1:
    def forward(self, Z):
        e = np.expm1(-2 * abs(Z))
        self.A = np.copysign(-e / (e + 2), Z)
        return self.A

    def backward(self, dLdA):
        return (1 - self.A * self.A) * dLdA


class RightTanh:
    def forward(self, Z):
        e = np.exp(-2 * np.abs(Z))
        self.A = np.sign(Z) * (1 - e) / (1 + e)
        return self.A

    def backward(self, dLdA):
        return dLdA * (1 - self.A**2)


@misconception(
    "Tanh",
    hint="This is the formula as it stands, and exp(1000) is infinite: infinity over infinity is nan. Multiply both "
    "parts of the fraction by a factor that leaves only small exponentials.",
)
class TheFormulaAsItStands(RightTanh):
    def forward(self, Z):
        with np.errstate(all="ignore"):
            self.A = (np.exp(Z) - np.exp(-Z)) / (np.exp(Z) + np.exp(-Z))
        return self.A


@misconception(
    "Tanh",
    hint="The values are right, but a library's own tanh computes them, which this question rules out.",
)
class TheLibrarysOwn(RightTanh):
    def forward(self, Z):
        self.A = np.tanh(Z)
        return self.A


@misconception(
    "Tanh",
    hint="tanh z is 2σ(2z) - 1; yours is 2σ(z) - 1, which rises half as steeply.",
)
class HalfAsSteep(RightTanh):
    def forward(self, Z):
        return super().forward(Z / 2)


@misconception(
    "Tanh",
    hint="Your result is never negative: you compute tanh of |z| and do not give it the sign of z.",
)
class SignLost(RightTanh):
    def forward(self, Z):
        self.A = np.abs(super().forward(Z))
        return self.A


@misconception(
    "Tanh",
    hint="Your backward returns the slope alone. It is to be multiplied by the gradient that arrives.",
)
class TanhSlopeAlone(RightTanh):
    def backward(self, dLdA):
        return 1 - self.A**2


@misconception(
    "Tanh",
    hint="The slope is one minus the square of the output; in yours the square is missing.",
)
class SquareMissing(RightTanh):
    def backward(self, dLdA):
        return dLdA * (1 - self.A)


@misconception(
    "Tanh",
    hint="You square the input. The slope is one minus the square of the *output* of forward.",
)
class SquareOfTheInput(RightTanh):
    def forward(self, Z):
        self.Z = Z
        return super().forward(Z)

    def backward(self, dLdA):
        return dLdA * (1 - self.Z**2)


@misconception(
    "Tanh",
    hint="Your slope is that of the sigmoid, σ(1 - σ). Each activation has its own.",
)
class SlopeOfTheSigmoid(RightTanh):
    def backward(self, dLdA):
        return dLdA * self.A * (1 - self.A)


# 4. ReLU


@wheat("ReLU")
class TimesAMask:
    def forward(self, Z):
        self.mask = (Z > 0).astype(Z.dtype)
        return Z * self.mask

    def backward(self, dLdA):
        return dLdA * self.mask


@wheat("ReLU")
class WithWhere:
    def forward(self, Z):
        self.Z = Z.copy()
        return np.where(Z > 0, Z, 0.0)

    def backward(self, dLdA):
        return np.where(self.Z <= 0, 0.0, dLdA)


@wheat("ReLU")
class OnCopies:
    def forward(self, Z):
        self.off = Z <= 0
        A = Z.copy()
        A[self.off] = 0
        return A

    def backward(self, dLdA):
        dLdZ = np.array(dLdA)
        dLdZ[self.off] = 0
        return dLdZ


class RightReLU:
    def forward(self, Z):
        self.mask = Z > 0
        return np.maximum(Z, 0)

    def backward(self, dLdA):
        return dLdA * self.mask


@misconception(
    "ReLU",
    hint="Your mask is made of the gradient: negative gradients are stopped, whatever the input was. What decides is "
    "the sign of what went into forward.",
)
class MaskOfTheGradient(RightReLU):
    def backward(self, dLdA):
        return np.maximum(dLdA, 0)


@misconception(
    "ReLU",
    hint="Your forward sets the negative entries of the caller's own array to zero. The layer before may still need "
    "it; make a new array.",
)
class WrittenIntoTheInput(RightReLU):
    def forward(self, Z):
        self.mask = Z > 0
        Z[Z < 0] = 0
        return Z


@misconception(
    "ReLU",
    hint="Your backward writes zeros into the gradient that it was given. That array is the caller's; make a new one.",
)
class WrittenIntoTheGradient(RightReLU):
    def backward(self, dLdA):
        dLdA *= self.mask
        return dLdA


@misconception(
    "ReLU",
    hint="At z = 0 your slope is 1. Any number between 0 and 1 could be defended; the question asks for 0, as PyTorch "
    "does.",
)
class OpenAtTheKink(RightReLU):
    def forward(self, Z):
        self.mask = Z >= 0
        return np.maximum(Z, 0)


@misconception(
    "ReLU",
    hint="Your backward returns the mask alone. It is to be multiplied by the gradient that arrives.",
)
class MaskAlone(RightReLU):
    def backward(self, dLdA):
        return self.mask.astype(float)


@misconception(
    "ReLU",
    hint="Your backward lets everything through, also where forward returned zero.",
)
class NothingStopped(RightReLU):
    def backward(self, dLdA):
        return dLdA.copy()


@misconception(
    "ReLU",
    hint="Yours is a leaky ReLU: negative numbers come out as small negative ones. Here they become 0, with slope 0.",
)
class Leaky(RightReLU):
    def forward(self, Z):
        self.mask = np.where(Z > 0, 1.0, 0.01)
        return Z * self.mask


@misconception(
    "ReLU",
    hint="Your backward works with the mask of the first forward, for ever. Each forward has to replace what it keeps.",
)
class FirstMaskForEver(RightReLU):
    def forward(self, Z):
        self.mask = getattr(self, "mask", Z > 0)
        return np.maximum(Z, 0)


# 5. GELU


@wheat("GELU")
class InALoop:
    def forward(self, Z):
        self.Z, self.Phi = Z, np.zeros_like(Z)
        for place in np.ndindex(Z.shape):
            self.Phi[place] = 0.5 * (1 + math.erf(Z[place] / 2**0.5))
        return Z * self.Phi

    def backward(self, dLdA):
        density = np.exp(-0.5 * self.Z * self.Z) / np.sqrt(2 * np.pi)
        return dLdA * self.Phi + dLdA * self.Z * density


@wheat("GELU")
class WithErfc:
    def forward(self, Z):
        half = np.frompyfunc(lambda z: 0.5 * math.erfc(-z / math.sqrt(2)), 1, 1)
        self.Phi = half(Z).astype(float)
        self.slope = self.Phi + Z * np.exp(-(Z**2) / 2) * 0.3989422804014327
        return Z * self.Phi

    def backward(self, dLdA):
        return dLdA * self.slope


@wheat("GELU")
class WithTheNormalDistribution:
    def forward(self, Z):
        from statistics import NormalDist

        normal = NormalDist()
        self.Phi = np.array([[normal.cdf(z) for z in row] for row in Z.tolist()])
        self.z_phi = np.array([[z * normal.pdf(z) for z in row] for row in Z.tolist()])
        return Z * self.Phi

    def backward(self, dLdA):
        return dLdA * (self.Phi + self.z_phi)


class RightGELU:
    def forward(self, Z):
        self.Z, self.Phi = Z, (1 + np.vectorize(math.erf, otypes=[float])(Z / math.sqrt(2))) / 2
        return Z * self.Phi

    def backward(self, dLdA):
        return dLdA * (self.Phi + self.Z * self.phi())

    def phi(self):
        return np.exp(-(self.Z**2) / 2) / math.sqrt(2 * math.pi)


@misconception(
    "GELU",
    hint="This is the approximation by tanh, which is off by up to 0.0005. The question asks for the exact form, with "
    "erf.",
)
class TanhApproximation:
    def forward(self, Z):
        self.Z = Z
        self.t = np.tanh(math.sqrt(2 / math.pi) * (Z + 0.044715 * Z**3))
        return Z * (1 + self.t) / 2

    def backward(self, dLdA):
        inner = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * self.Z**2)
        return dLdA * ((1 + self.t) / 2 + self.Z * (1 - self.t**2) * inner / 2)


@misconception(
    "GELU",
    hint="This is the approximation by a sigmoid, z σ(1.702 z), which is off by up to 0.02. The question asks for the "
    "exact form, with erf.",
)
class SigmoidApproximation:
    def forward(self, Z):
        with np.errstate(over="ignore"):
            self.Z, self.s = Z, 1 / (1 + np.exp(-1.702 * Z))
        return Z * self.s

    def backward(self, dLdA):
        return dLdA * (self.s + 1.702 * self.Z * self.s * (1 - self.s))


@misconception(
    "GELU",
    hint="Your slope is Φ(z) alone. z Φ(z) is a product, and its derivative has a second term: z times the derivative "
    "of Φ.",
)
class SecondTermMissing(RightGELU):
    def backward(self, dLdA):
        return dLdA * self.Phi


@misconception(
    "GELU",
    hint="In the second term of your slope the factor z is missing: it is z times the density, not the density alone.",
)
class FactorMissing(RightGELU):
    def backward(self, dLdA):
        return dLdA * (self.Phi + self.phi())


@misconception(
    "GELU",
    hint="Your density lacks its constant: it should have the area 1 under it, for which it is divided by the root of "
    "2π.",
)
class DensityWithoutItsConstant(RightGELU):
    def phi(self):
        return np.exp(-(self.Z**2) / 2)


@misconception(
    "GELU",
    hint="The argument of erf is z divided by the root of 2; you pass z itself, so that your curve is too steep.",
)
class RootOfTwoMissing(RightGELU):
    def forward(self, Z):
        self.Z, self.Phi = Z, (1 + np.vectorize(math.erf, otypes=[float])(Z)) / 2
        return Z * self.Phi


@misconception(
    "GELU",
    hint="Your forward returns Φ(z), the share that passes. GELU is z times that share.",
)
class TheShareAlone(RightGELU):
    def forward(self, Z):
        super().forward(Z)
        return self.Phi


@misconception(
    "GELU",
    hint="Your backward returns the slope alone. It is to be multiplied by the gradient that arrives.",
)
class GeluSlopeAlone(RightGELU):
    def backward(self, dLdA):
        return self.Phi + self.Z * self.phi()


@misconception(
    "GELU",
    hint="The values are right, but PyTorch computes them. This library needs NumPy and Python alone: there is an erf "
    "for single numbers in the standard library.",
)
class TheErfOfPyTorch(RightGELU):
    def forward(self, Z):
        import torch

        self.Z, self.Phi = Z, (1 + torch.erf(torch.tensor(Z / math.sqrt(2))).numpy()) / 2
        return Z * self.Phi


# 6. Softmax


@wheat("Softmax")
class MultipliedOut:
    def forward(self, Z):
        E = np.exp(Z - np.max(Z, axis=1)[:, None])
        self.A = E / np.sum(E, axis=1)[:, None]
        return self.A

    def backward(self, dLdA):
        return self.A * (dLdA - (dLdA * self.A).sum(axis=1, keepdims=True))


@wheat("Softmax")
class RowByRow:
    def forward(self, Z):
        self.A = np.zeros_like(Z)
        for i, z in enumerate(Z):
            e = np.exp(z - z.max())
            self.A[i] = e / e.sum()
        return self.A

    def backward(self, dLdA):
        N, C = dLdA.shape
        dLdZ = np.zeros((N, C))
        for i in range(N):
            J = np.zeros((C, C))
            for m in range(C):
                for n in range(C):
                    J[m, n] = self.A[i, m] * (1 - self.A[i, m]) if m == n else -self.A[i, m] * self.A[i, n]
            dLdZ[i] = dLdA[i] @ J
        return dLdZ


@wheat("Softmax")
class ThroughLogarithms:
    def forward(self, Z):
        top = Z.max(axis=-1, keepdims=True)
        self.A = np.exp(Z - top - np.log(np.exp(Z - top).sum(axis=-1, keepdims=True)))
        return self.A.copy()

    def backward(self, dLdA):
        return np.stack([(np.diag(a) - np.outer(a, a)) @ g for a, g in zip(self.A, dLdA, strict=True)])


class RightSoftmax:
    def forward(self, Z):
        E = np.exp(Z - Z.max(axis=1, keepdims=True))
        self.A = E / E.sum(axis=1, keepdims=True)
        return self.A

    def backward(self, dLdA):
        return self.A * (dLdA - (dLdA * self.A).sum(axis=1, keepdims=True))


@misconception(
    "Softmax",
    hint="This is right on paper and for ordinary scores, but exp(1000) is infinite and exp(-1000) is 0, and their "
    "fractions are nan. Subtracting one number from all scores of a row changes nothing in the fraction.",
)
class Overflows(RightSoftmax):
    def forward(self, Z):
        with np.errstate(all="ignore"):
            self.A = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
        return self.A


@misconception(
    "Softmax",
    hint="You subtract the largest score of the whole batch. Where another row has much larger scores, all "
    "exponentials of a row are 0, and 0 / 0 is nan. Each row needs its own largest score.",
)
class OneMaximumForAll(RightSoftmax):
    def forward(self, Z):
        with np.errstate(all="ignore"):
            E = np.exp(Z - Z.max())
            self.A = E / E.sum(axis=1, keepdims=True)
        return self.A


@misconception(
    "Softmax",
    hint="Each row should sum to one. You normalise over the examples (axis 0), not over the classes (axis 1): in your "
    "result the columns sum to one.",
)
class OverTheExamples(RightSoftmax):
    def forward(self, Z):
        E = np.exp(Z - Z.max(axis=0))
        self.A = E / E.sum(axis=0)
        return self.A


@misconception(
    "Softmax",
    hint="Your whole matrix sums to one: a sum without an axis adds up everything. Each row is an example with "
    "probabilities of its own.",
)
class OverEverything(RightSoftmax):
    def forward(self, Z):
        E = np.exp(Z - Z.max(axis=1, keepdims=True))
        self.A = E / E.sum()
        return self.A


@misconception(
    "Softmax",
    hint="Your backward treats softmax as if each output depended on its own input only: that is the diagonal of the "
    "Jacobian. Raising one score lowers all other probabilities of the row, and these entries are missing.",
)
class DiagonalOnly(RightSoftmax):
    def backward(self, dLdA):
        return dLdA * self.A * (1 - self.A)


@misconception(
    "Softmax",
    hint="In your Jacobian the entries beside the diagonal have the wrong sign: raising one score lowers the other "
    "probabilities, so these derivatives are negative.",
)
class WrongSignBesideTheDiagonal(RightSoftmax):
    def backward(self, dLdA):
        along = (dLdA * self.A).sum(axis=1, keepdims=True)
        return self.A * (dLdA + along - 2 * dLdA * self.A)


@misconception(
    "Softmax",
    hint="Your Jacobian lacks the product of the probabilities: what is left is its first part, the diagonal matrix of "
    "the probabilities themselves.",
)
class TimesTheProbabilities(RightSoftmax):
    def backward(self, dLdA):
        return dLdA * self.A


@misconception(
    "Softmax",
    hint="Your backward divides by the number of examples. Rows do not mix here, and the mean belongs to the loss.",
)
class JacobianOverN(RightSoftmax):
    def backward(self, dLdA):
        return super().backward(dLdA) / len(dLdA)


@misconception(
    "Softmax",
    hint="In your backward the rows mix: the sum of products runs over the whole batch. Each row has a Jacobian of its "
    "own, and a sum of its own.",
)
class RowsMixed(RightSoftmax):
    def backward(self, dLdA):
        return self.A * (dLdA - (dLdA * self.A).sum())


@misconception(
    "Softmax",
    hint="The probabilities are right, but the scores are not what they were: `-=` writes into the caller's array. "
    "Make a new one.",
)
class WrittenIntoTheScores(RightSoftmax):
    def forward(self, Z):
        Z -= Z.max(axis=1, keepdims=True)
        return super().forward(Z)


# 7. MSELoss


@wheat("MSELoss")
class SumsOfSquares:
    def forward(self, A, Y):
        self.E, (self.N, self.C) = A - Y, A.shape
        return np.sum(self.E * self.E) / (self.N * self.C)

    def backward(self):
        return 2 * self.E / (self.N * self.C)


@wheat("MSELoss")
class ThroughTheNorm:
    def forward(self, A, Y):
        self.E = np.subtract(A, Y)
        return np.linalg.norm(self.E) ** 2 / self.E.size

    def backward(self):
        return self.E * (2.0 / self.E.size)


@wheat("MSELoss")
class WithVectorsOfOnes:
    def forward(self, A, Y):
        self.A, self.Y, (self.N, self.C) = A, Y, A.shape
        se = (A - Y) * (A - Y)
        sse = np.ones((1, self.N)) @ se @ np.ones((self.C, 1))
        return sse[0, 0] / (self.N * self.C)

    def backward(self):
        return 2 * (self.A - self.Y) / self.N / self.C


class RightMSE:
    def forward(self, A, Y):
        self.E = A - Y
        return np.mean(self.E**2)

    def backward(self):
        return 2 * self.E / self.E.size


@misconception(
    "MSELoss",
    hint="You add up the squares. The loss is their mean: otherwise its size, and that of every gradient, grows with "
    "the batch.",
)
class TheSum(RightMSE):
    def forward(self, A, Y):
        self.E = A - Y
        return np.sum(self.E**2)

    def backward(self):
        return 2 * self.E


@misconception(
    "MSELoss",
    hint="The loss is right and its gradient is that of the sum: the division by the number of entries is missing in "
    "backward.",
)
class GradientOfTheSum(RightMSE):
    def backward(self):
        return 2 * self.E


@misconception(
    "MSELoss",
    hint="You divide by the number of examples. The mean of this loss runs over all N · C entries.",
)
class MeanOverExamples(RightMSE):
    def forward(self, A, Y):
        self.E = A - Y
        return np.sum(self.E**2) / len(A)

    def backward(self):
        return 2 * self.E / len(self.E)


@misconception(
    "MSELoss",
    hint="There is a ½ in your loss. It is handy in derivations, but this loss, as PyTorch's, goes without.",
)
class WithAHalf(RightMSE):
    def forward(self, A, Y):
        self.E = A - Y
        return np.mean(self.E**2) / 2

    def backward(self):
        return self.E / self.E.size


@misconception(
    "MSELoss",
    hint="The loss is right, and in its gradient the 2 is missing, which comes down from the exponent.",
)
class TwoMissing(RightMSE):
    def backward(self):
        return self.E / self.E.size


@misconception(
    "MSELoss",
    hint="The sign of your gradient is wrong: it is that with respect to the targets. Descending it would take the "
    "predictions away from them.",
)
class SignOfTheGradient(RightMSE):
    def backward(self):
        return -2 * self.E / self.E.size


@misconception(
    "MSELoss",
    hint="The number is right, but it is a Python float; the question asks for a NumPy scalar, which is what NumPy's "
    "mean gives without further ado.",
)
class APythonFloat(RightMSE):
    def forward(self, A, Y):
        return float(super().forward(A, Y))


@misconception(
    "MSELoss",
    hint="The number is right, but it comes in an array without dimensions. A NumPy scalar is what `np.mean` returns; "
    "do not wrap it.",
)
class AnArrayWithoutDimensions(RightMSE):
    def forward(self, A, Y):
        return np.array(super().forward(A, Y))


# 8. CrossEntropyLoss


@wheat("CrossEntropyLoss")
class ByTheLabels:
    def forward(self, A, Y):
        label = Y.argmax(axis=1)
        top = A.max(axis=1)
        lse = top + np.log(np.exp(A - top[:, None]).sum(axis=1))
        self.G = np.exp(A - lse[:, None])
        self.G[np.arange(len(A)), label] -= 1
        self.G /= len(A)
        return np.mean(lse - A[np.arange(len(A)), label])

    def backward(self):
        return self.G


@wheat("CrossEntropyLoss")
class OneExampleAfterTheOther:
    def forward(self, A, Y):
        total, rows = np.float64(0), []
        for a, y in zip(A, Y, strict=True):
            log_p = a - a.max()
            log_p = log_p - np.log(np.sum(np.exp(log_p)))
            total = total - np.dot(y, log_p)
            rows.append((np.exp(log_p) - y) / len(A))
        self.rows = np.array(rows)
        return total / A.shape[0]

    def backward(self):
        return self.rows


@wheat("CrossEntropyLoss")
class WithLogaddexp:
    def forward(self, A, Y):
        self.Y, self.N = Y, A.shape[0]
        log_p = A - np.logaddexp.reduce(A, axis=1)[:, np.newaxis]
        self.softmax = np.exp(log_p)
        return np.sum(-Y * log_p, axis=1).mean()

    def backward(self):
        return self.softmax / self.N - self.Y / self.N


class RightCrossEntropy:
    def forward(self, A, Y):
        shifted = A - A.max(axis=1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        self.p, self.Y = np.exp(log_p), Y
        return self.loss(log_p)

    def loss(self, log_p):
        return -np.sum(self.Y * log_p) / len(self.Y)

    def backward(self):
        return (self.p - self.Y) / len(self.Y)


@misconception(
    "CrossEntropyLoss",
    hint="The row's largest logit is not subtracted: exp(1000) is infinite, and what follows is nan. Take one number "
    "off all logits of a row before the exponential.",
)
class MaximumNotSubtracted(RightCrossEntropy):
    def forward(self, A, Y):
        with np.errstate(all="ignore"):
            log_p = A - np.log(np.exp(A).sum(axis=1, keepdims=True))
            self.p, self.Y = np.exp(A) / np.exp(A).sum(axis=1, keepdims=True), Y
            return self.loss(log_p)


@misconception(
    "CrossEntropyLoss",
    hint="The softmax is stable, but then you take its logarithm: a probability that is too small is 0, and its "
    "logarithm is minus infinity. Simplify log softmax on paper first; no probability is needed.",
)
class LogarithmOfZero(RightCrossEntropy):
    def loss(self, log_p):
        with np.errstate(all="ignore"):
            return -np.sum(self.Y * np.log(self.p)) / len(self.Y)


@misconception(
    "CrossEntropyLoss",
    hint="A small number inside the logarithm hides the infinity, but it also caps the loss: with 1e-12, no example "
    "can cost more than 28, however wrong it is. Simplify log softmax on paper instead.",
)
class SmallNumberInTheLogarithm(RightCrossEntropy):
    def loss(self, log_p):
        return -np.sum(self.Y * np.log(self.p + 1e-12)) / len(self.Y)


@misconception(
    "CrossEntropyLoss",
    hint="You add up the losses of the examples, and the gradient is that of the sum. The loss of a batch is their "
    "mean.",
)
class SumOfTheLosses(RightCrossEntropy):
    def loss(self, log_p):
        return -np.sum(self.Y * log_p)

    def backward(self):
        return self.p - self.Y


@misconception(
    "CrossEntropyLoss",
    hint="The loss is right, and its gradient is that of the sum: N times too large. The 1/N of the mean is in the "
    "gradient, too.",
)
class GradientWithoutTheMean(RightCrossEntropy):
    def backward(self):
        return self.p - self.Y


@misconception(
    "CrossEntropyLoss",
    hint="You take the mean over all N · C entries, most of which are 0. The mean is over the N examples.",
)
class MeanOverAllEntries(RightCrossEntropy):
    def loss(self, log_p):
        return -np.mean(self.Y * log_p)

    def backward(self):
        return (self.p - self.Y) / self.Y.size


@misconception(
    "CrossEntropyLoss",
    hint="Your softmax runs over the examples (axis 0). Each row holds the logits of one example, and is normalised by "
    "itself (axis 1).",
)
class SoftmaxOverTheExamples(RightCrossEntropy):
    def forward(self, A, Y):
        shifted = A - A.max(axis=0)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=0))
        self.p, self.Y = np.exp(log_p), Y
        return self.loss(log_p)


@misconception(
    "CrossEntropyLoss",
    hint="You return a loss for each example. Training needs one number, their mean.",
)
class LossForEachExample(RightCrossEntropy):
    def loss(self, log_p):
        return -np.sum(self.Y * log_p, axis=1)


@misconception(
    "CrossEntropyLoss",
    hint="The sign of your gradient is wrong: it is softmax minus one-hot, not the reverse.",
)
class GradientReversed(RightCrossEntropy):
    def backward(self):
        return (self.Y - self.p) / len(self.Y)


@misconception(
    "CrossEntropyLoss",
    hint="Your gradient is that with respect to the probabilities, minus y over p. The loss takes logits, so the chain "
    "goes on through the softmax, and the result becomes simpler.",
)
class GradientByTheProbabilities(RightCrossEntropy):
    def backward(self):
        with np.errstate(all="ignore"):
            return -self.Y / self.p / len(self.Y)


@misconception(
    "CrossEntropyLoss",
    hint="The number is right, but it is a Python float; the question asks for a NumPy scalar. NumPy's sums and means "
    "give one by themselves.",
)
class LossAsAPythonFloat(RightCrossEntropy):
    def loss(self, log_p):
        return float(super().loss(log_p))


@misconception(
    "CrossEntropyLoss",
    hint="You pick the label's probability and take its logarithm: where it is too small it is 0, and the loss "
    "infinite. Simplify log softmax on paper first; no probability is needed.",
)
class LogarithmOfZeroAtTheLabel(RightCrossEntropy):
    def loss(self, log_p):
        with np.errstate(all="ignore"):
            return -np.mean(np.log(self.p[self.Y == 1]))


@misconception(
    "CrossEntropyLoss",
    hint="The gradient is right, but the loss is a mean over all N · C entries, most of which are 0. The mean is over "
    "the N examples.",
)
class LossOverAllEntries(RightCrossEntropy):
    def loss(self, log_p):
        return -np.mean(self.Y * log_p)


@misconception(
    "CrossEntropyLoss",
    hint="The loss is right, but its gradient is divided by the number of all entries, N · C. The mean is over the N "
    "examples.",
)
class GradientOverAllEntries(RightCrossEntropy):
    def backward(self):
        return (self.p - self.Y) / self.Y.size


# 9. BatchNorm1d


class RightBatchNorm:
    """The layer as it should be, one method for each thing that can go wrong."""

    eps = 1e-8

    def __init__(self, num_features, alpha=0.9):
        self.alpha = alpha
        self.BW, self.Bb = np.ones((1, num_features)), np.zeros((1, num_features))
        self.running_M, self.running_V = np.zeros((1, num_features)), np.ones((1, num_features))

    def variance(self, Z):
        return Z.var(axis=0, keepdims=True)

    def spread(self, V):
        return np.sqrt(V + self.eps)

    def remember(self, M, V, N):
        self.running_M = self.alpha * self.running_M + (1 - self.alpha) * M
        self.running_V = self.alpha * self.running_V + (1 - self.alpha) * V

    def forward(self, Z, eval=False):
        if eval:
            return self.BW * (Z - self.running_M) / self.spread(self.running_V) + self.Bb
        M, V = Z.mean(axis=0, keepdims=True), self.variance(Z)
        self.remember(M, V, len(Z))
        self.Z, self.s = Z, self.spread(V)
        with np.errstate(all="ignore"):
            self.NZ = (Z - M) / self.s
        return self.BW * self.NZ + self.Bb

    def backward(self, dLdBZ):
        self.dLdBW, self.dLdBb = (dLdBZ * self.NZ).sum(axis=0, keepdims=True), dLdBZ.sum(axis=0, keepdims=True)
        with np.errstate(all="ignore"):
            return self.through(dLdBZ * self.BW)

    def through(self, g):
        return (g - g.mean(axis=0) - self.NZ * (g * self.NZ).mean(axis=0)) / self.s


@wheat("BatchNorm1d")
class StepByStep:
    def __init__(self, num_features, alpha=0.9):
        self.alpha, self.eps = alpha, 1e-8
        self.BW, self.Bb = np.ones((1, num_features)), np.zeros((1, num_features))
        self.running_M, self.running_V = np.zeros((1, num_features)), np.ones((1, num_features))

    def forward(self, Z, eval=False):
        if eval is False:
            self.Z, self.N = Z, Z.shape[0]
            self.M = np.sum(Z, axis=0, keepdims=True) / self.N
            self.V = np.sum((Z - self.M) ** 2, axis=0, keepdims=True) / self.N
            self.NZ = (Z - self.M) / np.sqrt(self.V + self.eps)
            self.running_M = self.alpha * self.running_M + (1 - self.alpha) * self.M
            self.running_V = self.alpha * self.running_V + (1 - self.alpha) * self.V
            return self.BW * self.NZ + self.Bb
        NZ = (Z - self.running_M) / np.sqrt(self.running_V + self.eps)
        return self.BW * NZ + self.Bb

    def backward(self, dLdBZ):
        self.dLdBW = np.sum(dLdBZ * self.NZ, axis=0, keepdims=True)
        self.dLdBb = np.sum(dLdBZ, axis=0, keepdims=True)
        dLdNZ = dLdBZ * self.BW
        root = np.sqrt(self.V + self.eps)
        dLdV = -0.5 * np.sum(dLdNZ * (self.Z - self.M) / root**3, axis=0)
        dLdM = -np.sum(dLdNZ / root, axis=0) - 2 / self.N * dLdV * np.sum(self.Z - self.M, axis=0)
        return dLdNZ / root + dLdV * 2 / self.N * (self.Z - self.M) + dLdM / self.N


@wheat("BatchNorm1d")
class SumsTimesN(RightBatchNorm):
    def through(self, g):
        N = len(g)
        return (N * g - g.sum(0, keepdims=True) - self.NZ * (g * self.NZ).sum(0, keepdims=True)) / (N * self.s)


@wheat("BatchNorm1d")
class WithJacobians(RightBatchNorm):
    def variance(self, Z):
        centred = Z - np.mean(Z, axis=0)
        return np.mean(centred * centred, axis=0).reshape(1, -1)

    def remember(self, M, V, N):
        self.running_M = M + self.alpha * (self.running_M - M)
        self.running_V = V + self.alpha * (self.running_V - V)

    def through(self, g):
        N, columns = len(g), []
        for c in range(g.shape[1]):
            z = self.NZ[:, c]
            J = (np.eye(N) - 1 / N - np.outer(z, z) / N) / self.s[0, c]
            columns.append(J @ g[:, c])
        return np.stack(columns, axis=1)


@wheat("BatchNorm1d")
class StatisticsInPlace(RightBatchNorm):
    def remember(self, M, V, N):
        self.running_M *= self.alpha
        self.running_M += (1 - self.alpha) * M
        self.running_V *= self.alpha
        self.running_V += (1 - self.alpha) * V


@misconception(
    "BatchNorm1d",
    hint="Your variance is the unbiased one, divided by N - 1 (`ddof=1`, and `std` in some libraries). Batch "
    "normalisation divides by N, and a batch of one shows why.",
)
class UnbiasedVariance(RightBatchNorm):
    def variance(self, Z):
        with np.errstate(all="ignore"):
            return np.sum((Z - Z.mean(axis=0)) ** 2, axis=0, keepdims=True) / np.float64(len(Z) - 1)


@misconception(
    "BatchNorm1d",
    hint="Your running variance is fed with the unbiased estimate, as PyTorch's is. This interface keeps the biased "
    "one, the same that normalises the batch.",
)
class UnbiasedWhenRunning(RightBatchNorm):
    def remember(self, M, V, N):
        with np.errstate(all="ignore"):
            super().remember(M, V * (N / np.float64(N - 1)), N)


@misconception(
    "BatchNorm1d",
    hint="With eval=True you still normalise with the batch's own mean and variance, so that an answer depends on what "
    "else is in the batch. In use, the running statistics take their place.",
)
class EvalWithTheBatch(RightBatchNorm):
    def forward(self, Z, eval=False):
        if eval:
            return self.BW * (Z - Z.mean(axis=0)) / np.sqrt(Z.var(axis=0) + self.eps) + self.Bb
        return super().forward(Z)


@misconception(
    "BatchNorm1d",
    hint="In training you normalise with the running statistics. They are for later; in training the batch's own mean "
    "and variance are used.",
)
class TrainingWithTheRunning(RightBatchNorm):
    def forward(self, Z, eval=False):
        out = super().forward(Z, eval)
        return out if eval else super().forward(Z, eval=True)


@misconception(
    "BatchNorm1d",
    hint="forward with eval=True moves the running statistics, too: whoever evaluates changes the model. They learn "
    "from training batches only.",
)
class EvalLearns(RightBatchNorm):
    def forward(self, Z, eval=False):
        out = super().forward(Z, eval)
        if eval:
            self.remember(Z.mean(axis=0, keepdims=True), self.variance(Z), len(Z))
        return out


@misconception(
    "BatchNorm1d",
    hint="Your alpha stands at the wrong term: it is the share of the *old* statistics that is kept, so that with 0.9 "
    "one batch moves them by a tenth; PyTorch's `momentum` is the other way round.",
)
class AlphaTheWrongWay(RightBatchNorm):
    def remember(self, M, V, N):
        self.running_M = (1 - self.alpha) * self.running_M + self.alpha * M
        self.running_V = (1 - self.alpha) * self.running_V + self.alpha * V


@misconception(
    "BatchNorm1d",
    hint="Your running statistics are those of the latest batch alone. They are an average over many: alpha times what "
    "was, plus a little of what is new.",
)
class OnlyTheLatestBatch(RightBatchNorm):
    def remember(self, M, V, N):
        self.running_M, self.running_V = M, V


@misconception(
    "BatchNorm1d",
    hint="There is no ε under your root. A feature that is constant in the batch has the variance 0, and 0 / 0 is nan.",
)
class WithoutEpsilon(RightBatchNorm):
    eps = 0.0


@misconception(
    "BatchNorm1d",
    hint="Your ε is added to the root. It belongs under it, to the variance; for features that hardly vary this makes "
    "a difference.",
)
class EpsilonOutside(RightBatchNorm):
    def spread(self, V):
        return np.sqrt(V) + self.eps


@misconception(
    "BatchNorm1d",
    hint="Your ε is 1e-5, which is PyTorch's; the question asks for 1e-8.",
)
class LargerEpsilon(RightBatchNorm):
    eps = 1e-5


@misconception(
    "BatchNorm1d",
    hint="Your gradient takes the batch's mean and variance for constants. They depend on every entry of the batch: "
    "two more paths lead from the input to the loss.",
)
class StatisticsAsConstants(RightBatchNorm):
    def through(self, g):
        return g / self.s


@misconception(
    "BatchNorm1d",
    hint="Your gradient goes through the mean, but not through the variance, which also depends on every entry of the "
    "batch.",
)
class VarianceAsAConstant(RightBatchNorm):
    def through(self, g):
        return (g - g.mean(axis=0)) / self.s


@misconception(
    "BatchNorm1d",
    hint="Your gradient with respect to the input leaves out `BW`: the output is the normalised input times it, so the "
    "gradient is multiplied by it first.",
)
class ScaleLeftOut(RightBatchNorm):
    def backward(self, dLdBZ):
        super().backward(dLdBZ)
        return self.through(dLdBZ)


@misconception(
    "BatchNorm1d",
    hint="Your dLdBW and dLdBb are means over the examples. A layer sums; the 1/N comes with the loss.",
)
class MeansForTheParameters(RightBatchNorm):
    def backward(self, dLdBZ):
        dLdZ = super().backward(dLdBZ)
        self.dLdBW, self.dLdBb = self.dLdBW / len(dLdBZ), self.dLdBb / len(dLdBZ)
        return dLdZ


@misconception(
    "BatchNorm1d",
    hint="Your dLdBW is computed with the input. What `BW` multiplies is the *normalised* input.",
)
class ScaleGradientOfTheInput(RightBatchNorm):
    def backward(self, dLdBZ):
        dLdZ = super().backward(dLdBZ)
        self.dLdBW = (dLdBZ * self.Z).sum(axis=0, keepdims=True)
        return dLdZ


@misconception(
    "BatchNorm1d",
    hint="forward with eval=True overwrites what your backward needs. It changes nothing in the layer: backward still "
    "belongs to the latest forward in training.",
)
class EvalOverwritesWhatIsKept(RightBatchNorm):
    def forward(self, Z, eval=False):
        out = super().forward(Z, eval)
        if eval:
            self.Z, self.s = Z, self.spread(self.running_V)
            self.NZ = (Z - self.running_M) / self.s
        return out


# 10. SGD


@wheat("SGD")
class VelocitiesInADictionary:
    def __init__(self, model, lr=0.1, momentum=0):
        self.model, self.lr, self.momentum, self.v = model, lr, momentum, {}

    def step(self):
        for i, layer in enumerate(self.model.layers):
            if not (hasattr(layer, "W") and hasattr(layer, "b")):
                continue
            for name in ("W", "b"):
                v = self.momentum * self.v.get((i, name), 0.0) + getattr(layer, f"dLd{name}")
                self.v[i, name] = v
                setattr(layer, name, getattr(layer, name) - self.lr * v)


@wheat("SGD")
class InPlaceOnParameters:
    def __init__(self, model, lr=0.1, momentum=0):
        self.lr, self.mu = lr, momentum
        self.moving = []
        for layer in model.layers:
            if getattr(layer, "W", None) is not None and getattr(layer, "b", None) is not None:
                self.moving.append((layer, np.zeros(layer.W.shape), np.zeros(layer.b.shape)))

    def step(self):
        for layer, v_W, v_b in self.moving:
            v_W *= self.mu
            v_W += layer.dLdW
            v_b *= self.mu
            v_b += layer.dLdb
            layer.W -= self.lr * v_W
            layer.b -= self.lr * v_b


@wheat("SGD")
class PlainWithoutMomentum:
    def __init__(self, model, lr=0.1, momentum=0):
        self.l = [each for each in model.layers if "W" in dir(each) and "b" in dir(each)]
        self.lr, self.mu = lr, momentum
        self.v_W = [np.zeros(each.W.shape, dtype="f8") for each in self.l]
        self.v_b = [np.zeros(each.b.shape, dtype="f8") for each in self.l]

    def step(self):
        for i in range(len(self.l)):
            if self.mu == 0:
                self.l[i].W = self.l[i].W - self.lr * self.l[i].dLdW
                self.l[i].b = self.l[i].b - self.lr * self.l[i].dLdb
            else:
                self.v_W[i] = self.mu * self.v_W[i] + self.l[i].dLdW
                self.v_b[i] = self.mu * self.v_b[i] + self.l[i].dLdb
                self.l[i].W = self.l[i].W - self.lr * self.v_W[i]
                self.l[i].b = self.l[i].b - self.lr * self.v_b[i]


@wheat("SGD")
class LearningRateInTheVelocity:
    def __init__(self, model, lr=0.1, momentum=0):
        self.layers = [layer for layer in model.layers if hasattr(layer, "W") and hasattr(layer, "b")]
        self.lr, self.momentum = lr, momentum
        self.moves = [[0.0, 0.0] for _ in self.layers]

    def step(self):
        for layer, move in zip(self.layers, self.moves, strict=True):
            move[0] = self.momentum * move[0] - self.lr * layer.dLdW
            move[1] = self.momentum * move[1] - self.lr * layer.dLdb
            layer.W, layer.b = layer.W + move[0], layer.b + move[1]


class RightSGD:
    """The optimiser as it should be; variants err in what a step makes of velocity and gradient."""

    def __init__(self, model, lr=0.1, momentum=0):
        self.layers = [layer for layer in model.layers if hasattr(layer, "W") and hasattr(layer, "b")]
        self.lr, self.m = lr, momentum
        self.v = [{"W": np.zeros_like(layer.W), "b": np.zeros_like(layer.b)} for layer in self.layers]

    def step(self):
        for layer, v in zip(self.layers, self.v, strict=True):
            for name in ("W", "b"):
                v[name] = self.velocity(v[name], getattr(layer, f"dLd{name}"))
                setattr(layer, name, getattr(layer, name) + self.move(v[name], getattr(layer, f"dLd{name}")))

    def velocity(self, v, g):
        return self.m * v + g

    def move(self, v, g):
        return -self.lr * v


@misconception(
    "SGD",
    hint="Your step goes up the gradient. The gradient points to where the loss grows: subtract.",
)
class Ascends(RightSGD):
    def move(self, v, g):
        return self.lr * v


@misconception(
    "SGD",
    hint="Your new gradient enters the velocity with the weight 1 - momentum, as in a moving average. In this "
    "interface, as in PyTorch's, it enters with the weight 1.",
)
class MovingAverage(RightSGD):
    def velocity(self, v, g):
        return self.m * v + (1 - self.m) * g


@misconception(
    "SGD",
    hint="The parameters move by the gradient alone, whatever the momentum: either you keep no velocity, or you update "
    "it and then do not use it.",
)
class MomentumWithoutEffect(RightSGD):
    def move(self, v, g):
        return -self.lr * g


@misconception(
    "SGD",
    hint="This is Nesterov's momentum, which looks one step ahead. The question asks for the plain kind: the parameter "
    "moves by the velocity.",
)
class Nesterov(RightSGD):
    def move(self, v, g):
        return -self.lr * (g + self.m * v)


@misconception(
    "SGD",
    hint="The learning rate comes twice: in the velocity, and again when the parameter moves.",
)
class LearningRateTwice(RightSGD):
    def velocity(self, v, g):
        return self.m * v + self.lr * g


@misconception(
    "SGD",
    hint="Your momentum looks back one step only: you add a share of the previous *gradient*. What is carried on is "
    "the velocity, in which all earlier gradients live on, each smaller by a factor per step.",
)
class VelocityForgotten(RightSGD):
    def __init__(self, model, lr=0.1, momentum=0):
        super().__init__(model, lr, momentum)
        self.last = {}

    def step(self):
        for i, layer in enumerate(self.layers):
            for name in ("W", "b"):
                g = getattr(layer, f"dLd{name}")
                before = self.last.get((i, name), 0.0)
                setattr(layer, name, getattr(layer, name) - self.lr * (g + self.m * before))
                self.last[i, name] = g.copy()


@misconception(
    "SGD",
    hint="Your velocity is multiplied by momentum after the gradient was added, so that the new gradient is damped, "
    "too. Damp what was there, then add the gradient in full.",
)
class GradientDampedToo(RightSGD):
    def velocity(self, v, g):
        return self.m * (v + g)

    def move(self, v, g):
        return -self.lr * (v if self.m else g)


@misconception(
    "SGD",
    hint="Your biases never move. Every layer has two parameters, each with a gradient and a velocity of its own.",
)
class BiasNeverMoved(RightSGD):
    def step(self):
        before = [layer.b for layer in self.layers]
        super().step()
        for layer, b in zip(self.layers, before, strict=True):
            layer.b = b


@misconception(
    "SGD",
    hint="Your biases move without momentum: they have no velocity of their own.",
)
class BiasWithoutMomentum(RightSGD):
    def step(self):
        before = [layer.b for layer in self.layers]
        super().step()
        for layer, b in zip(self.layers, before, strict=True):
            layer.b = b - self.lr * layer.dLdb


@misconception(
    "SGD",
    hint="The parameters are right, but your step changes the gradients that stand in the layers: with `+=` you add to "
    "the layer's own array. Make a new one for the velocity.",
)
class WrittenIntoTheGradients(RightSGD):
    def velocity(self, v, g):
        g += self.m * v
        return g.copy()


@misconception(
    "SGD",
    hint="Your step sets the gradients to zero afterwards. Here nobody needs that, for each backward replaces them; "
    "the question says that they stay.",
)
class GradientsCleared(RightSGD):
    def step(self):
        super().step()
        for layer in self.layers:
            layer.dLdW, layer.dLdb = np.zeros_like(layer.dLdW), np.zeros_like(layer.dLdb)


@misconception(
    "SGD",
    hint="Without a momentum given, yours is 0.9; the default is 0.",
)
class AnotherDefault(RightSGD):
    def __init__(self, model, lr=0.1, momentum=0.9):
        super().__init__(model, lr, momentum)


@misconception(
    "SGD",
    hint="The parameters are right, but your step multiplies the gradients that stand in the layers by the learning "
    "rate: with `*=` you write into the layer's own array. Make a new one.",
)
class GradientsScaledInPlace(RightSGD):
    def velocity(self, v, g):
        g *= self.lr
        return self.m * v + g

    def move(self, v, g):
        return -v


@misconception(
    "SGD",
    hint="You keep the arrays that W and b were when the optimiser was made, and move those. Whoever puts another "
    "array into the layer is not followed: look at the layer at each step.",
)
class ArraysOfTheConstructor(RightSGD):
    def __init__(self, model, lr=0.1, momentum=0):
        super().__init__(model, lr, momentum)
        self.kept = [{"W": layer.W, "b": layer.b} for layer in self.layers]

    def step(self):
        for layer, v, kept in zip(self.layers, self.v, self.kept, strict=True):
            for name in ("W", "b"):
                v[name] = self.velocity(v[name], getattr(layer, f"dLd{name}"))
                kept[name] -= self.lr * v[name]


# 11. MLP4, and MLP0 and MLP1 of the same cell


class RightModel:
    """All three models: each variant is a subclass and is MLP4, and MLP0 and MLP1 are made of it, with other widths."""

    def __init_subclass__(cls):
        globals().update(MLP0=functools.partial(cls, widths=(2, 3)), MLP1=functools.partial(cls, widths=(2, 3, 2)))

    def __init__(self, debug=False, widths=(2, 4, 8, 8, 4, 2)):
        self.debug = debug
        self.layers = self.made(widths)

    def made(self, widths):
        return [layer for a, b in pairwise(widths) for layer in (Linear(a, b), ReLU())]  # noqa: F821

    def forward(self, A0):
        self.A = [A0]
        for layer in self.layers:
            self.A = [*self.A, layer.forward(self.A[-1])]
        return self.A[-1]

    def backward(self, dLdA):
        self.dLdA = [dLdA]
        for layer in self.layers[::-1]:
            self.dLdA = [layer.backward(self.dLdA[0]), *self.dLdA]
        return self.dLdA[0]


@wheat("MLP4")
class Reduced(RightModel):
    def forward(self, A0):
        if self.debug:
            return super().forward(A0)
        return functools.reduce(lambda A, layer: layer.forward(A), self.layers, A0)

    def backward(self, dLdA):
        if self.debug:
            return super().backward(dLdA)
        return functools.reduce(lambda g, layer: layer.backward(g), reversed(self.layers), dLdA)


@wheat("MLP4")
class ByIndex(RightModel):
    def forward(self, A0):
        L = len(self.layers)
        self.A = [A0] + [None] * L
        for i in range(L):
            self.A[i + 1] = self.layers[i].forward(self.A[i])
        return self.A[L]

    def backward(self, dLdA):
        L = len(self.layers)
        self.dLdA = [None] * L + [dLdA]
        for i in range(L - 1, -1, -1):
            self.dLdA[i] = self.layers[i].backward(self.dLdA[i + 1])
        return self.dLdA[0]


@wheat("MLP4")
class InBlocks(RightModel):
    def made(self, widths):
        blocks = [[Linear(widths[i], widths[i + 1]), ReLU()] for i in range(len(widths) - 1)]  # noqa: F821
        return sum(blocks, [])  # noqa: RUF017

    def backward(self, dLdA):
        found = [dLdA]
        for layer in reversed(self.layers):
            found.append(layer.backward(found[-1]))
        if self.debug:
            self.dLdA = found[::-1]
        return found[-1]


@wheat("MLP4")
class WidthsByName(RightModel):
    def made(self, widths):
        pairs = pairwise(widths)
        return [layer for a, b in pairs for layer in (Linear(in_features=a, out_features=b), ReLU())]  # noqa: F821


@wheat("MLP4")
class DebugHandedOn(RightModel):
    def made(self, widths):
        return [layer for a, b in pairwise(widths) for layer in (Linear(a, b, self.debug), ReLU())]  # noqa: F821


@misconception(
    "MLP4",
    hint="Your last Linear has no ReLU after it. That is how one would build a classifier, but these three models are "
    "test pieces: the question asks for one after every Linear.",
)
class NoReLUAtTheEnd(RightModel):
    def made(self, widths):
        return super().made(widths)[:-1]


@misconception(
    "MLP4",
    hint="One ReLU object stands in several places of your list. It remembers only its latest input, so that on the "
    "way back the earlier places use the wrong mask. Each place needs an object of its own.",
)
class OneReLUForAll(RightModel):
    def made(self, widths):
        relu = ReLU()  # noqa: F821
        return [layer for a, b in pairwise(widths) for layer in (Linear(a, b), relu)]  # noqa: F821


@misconception(
    "MLP4",
    hint="Your backward walks through the layers from the first to the last. The gradient comes from the output: the "
    "last layer is the first to see it.",
)
class ForwardsOnTheWayBack(RightModel):
    def backward(self, dLdA):
        for layer in self.layers:
            dLdA = layer.backward(dLdA)
        return dLdA


@misconception(
    "MLP4",
    hint="There is no ReLU between your layers, and a chain of linear maps is a linear map, however many there are.",
)
class WithoutActivations(RightModel):
    def made(self, widths):
        return [Linear(a, b) for a, b in pairwise(widths)]  # noqa: F821


@misconception(
    "MLP4",
    hint="Your backward skips the first layer. Its parameters need a gradient, too, and the gradient with respect to "
    "the input of the model is what backward returns.",
)
class FirstLayerSkipped(RightModel):
    def backward(self, dLdA):
        self.dLdA = [dLdA]
        for layer in self.layers[:0:-1]:
            self.dLdA = [layer.backward(self.dLdA[0]), *self.dLdA]
        return self.dLdA[0]


@misconception(
    "MLP4",
    hint="Your weights are random from the start. The models leave them as a fresh Linear has them, zero; whoever "
    "trains a model chooses its start.",
)
class RandomWeights(RightModel):
    def made(self, widths):
        layers, rng = super().made(widths), np.random.default_rng(5)
        for layer in layers[::2]:
            layer.W = rng.standard_normal(layer.W.shape)
        return layers


@misconception(
    "MLP4",
    hint="Your list A begins with the output of the first layer. With debug=True it begins with the input, A0, so that "
    "its length is one more than the number of layers.",
)
class InputNotKept(RightModel):
    def forward(self, A0):
        out = super().forward(A0)
        self.A = self.A[1:]
        return out


@misconception(
    "MLP4",
    hint="Your list dLdA is in the order in which the gradients were computed. Entry i is to belong to entry i of A: "
    "the last that was computed comes first.",
)
class GradientsInTheOrderOfTheirComing(RightModel):
    def backward(self, dLdA):
        back = super().backward(dLdA)
        self.dLdA = self.dLdA[::-1]
        return back


@misconception(
    "MLP4",
    hint="Your list A has an entry after each ReLU only. With debug=True it holds the output of every layer, that of "
    "each Linear too.",
)
class LinearsNotKept(RightModel):
    def forward(self, A0):
        out = super().forward(A0)
        self.A = self.A[::2]
        return out
