"""The value format: what an answer may hold goes through unchanged, and nothing else gets in or does harm."""

from __future__ import annotations

import enum
import math
import random
import time
import tracemalloc
from collections import OrderedDict, namedtuple
from typing import Any

import numpy as np
import pytest
import torch

from autograder.answers.encoding import encode
from autograder.answers.values import DTYPES, LIMITS, Array, ValueLimits, ValueRefused, decode

PLAIN: list[Any] = [
    None, True, False, 0, 1, -1, 255, -256, 2**63, -(2**200), 0.0, 0.1, math.inf, -math.inf, 5e-324, "", "é\n𝄞", [], (),
    {}, [1, [2.0, ("a", None)]], {"a": 1, 2: [True], None: (), (1, "b"): {"c": 0.5}, False: 3},
]  # fmt: skip


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_plain_values_come_back_as_they_were(value: Any) -> None:
    back = decode(encode(value))
    assert back == value
    assert repr(back) == repr(value)  # types, order of a dict, sign of zero


def test_nan_and_the_sign_of_zero_survive() -> None:
    assert math.isnan(decode(encode(math.nan)))
    assert math.copysign(1, decode(encode(-0.0))) == -1


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 4), (2, 3, 4)])
def test_tensors_of_every_dtype_and_shape_come_back_in_numpy(dtype: str, shape: tuple[int, ...]) -> None:
    values = torch.arange(-3, math.prod(shape) - 3, dtype=torch.float64).reshape(shape).to(getattr(torch, dtype))
    back = decode(encode(values))
    assert isinstance(back, Array)
    assert (back.library, back.dtype, back.data.shape) == ("torch", dtype, shape)
    expected = values.float().numpy() if dtype == "bfloat16" else values.numpy()
    assert back.data.dtype == expected.dtype
    np.testing.assert_array_equal(back.data, expected)


@pytest.mark.parametrize("dtype", [name for name in DTYPES if name != "bfloat16"])
def test_arrays_and_numpy_numbers_come_back(dtype: str) -> None:
    values = np.arange(6).reshape(2, 3).astype(dtype)
    back, scalar = decode(encode(values)), decode(encode(values[1, 2]))
    assert (back.library, back.dtype) == ("numpy", dtype)
    np.testing.assert_array_equal(back.data, values)
    assert (scalar.library, scalar.dtype, scalar.data.shape) == ("numpy scalar", dtype, ())
    assert scalar.data == values[1, 2]


def test_what_isinstance_takes_for_a_float_or_a_string_is_one() -> None:
    for value, plain in ((type("F", (np.float64,), {})(1.0), 1.0), (np.str_("a"), "a")):
        for wrapped, expected in ((value, plain), ([value], [plain]), ({"b": value}, {"b": plain})):
            back = decode(encode(wrapped))
            assert (back, repr(back)) == (expected, repr(expected))


def test_keys_of_numpy_are_the_same_keys() -> None:
    counted = {np.int64(-3): 1, np.uint8(200): 2, np.str_("a"): 3, (np.int32(1), "b"): 4}
    assert decode(encode(counted)) == {-3: 1, 200: 2, "a": 3, (1, "b"): 4}


ONE_ENTRY = {
    "a diagonal": torch.eye(1).diagonal(),
    "a column": torch.ones(1, 2)[:, 0],
    "the last of what is sorted": torch.ones(1, 3).sort(dim=1).values[:, -1],
    "the largest": torch.ones(1, 3).topk(2).values[:, 0],
    "every second": torch.ones(1)[::2],
    "one of those that were unbound": torch.ones(1, 2).unbind(dim=1)[1],
    "a part": torch.ones(1, 3).split(1, dim=1)[2],
    "a row of a transposed matrix": torch.ones(2, 1).T[0, :1],
    "an expanded one": torch.ones(1).expand(1),
    "with any stride at all": torch.ones(9).as_strided((1, 1), (5, 7)),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("how", ONE_ENTRY)
def test_one_entry_is_read_whatever_its_stride(how: str, dtype: str) -> None:
    value = ONE_ENTRY[how]
    strided = torch.empty_strided(value.shape, value.stride(), dtype=getattr(torch, dtype)).copy_(value.detach())
    assert strided.stride() == value.stride()
    back = decode(encode(strided))
    assert back.data.shape == value.shape
    assert back.data.astype(float).tolist() == value.tolist()


def test_memory_layout_makes_no_difference() -> None:
    values = torch.arange(24.0).reshape(2, 3, 4)
    views = [
        values.permute(2, 0, 1),
        values[:, ::2],
        values[0, 0].expand(5, 4),
        values.flip(2),
        torch._neg_view(values),
    ]
    for view in views:
        np.testing.assert_array_equal(decode(encode(view)).data, view.clone().resolve_neg().numpy())
    array = np.arange(12.0).reshape(3, 4)
    for other in (
        array.T,
        array[::-1],
        np.asfortranarray(array),
        array.astype(">f8"),
        np.broadcast_to(array, (2, 3, 4)),
    ):
        np.testing.assert_array_equal(decode(encode(other)).data, other)


def test_tensors_that_require_gradients_are_sent_as_data() -> None:
    weight = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
    assert decode(encode([weight, weight * 2]))[1].data.tolist() == [2.0, 4.0]


class Hooked:
    """Methods that a hostile class overrides; each would say what the judge wants to hear."""

    def _lie(self, *given: Any, **named: Any) -> Any:
        raise AssertionError("a student's method was called")

    __eq__ = __len__ = __iter__ = __getitem__ = __array__ = __float__ = __int__ = __index__ = __str__ = _lie
    __reduce__ = __reduce_ex__ = __deepcopy__ = __getattribute__ = __repr__ = __bool__ = __bytes__ = _lie
    tobytes = numpy = detach = contiguous = items = keys = _lie
    __hash__ = None  # type: ignore[assignment]


def hostile(base: type, *given: Any) -> Any:
    return type("Hostile", (Hooked, base), {})(*given)


@pytest.mark.parametrize(("value", "plain"), [
    (hostile(float, 2.5), 2.5), (hostile(int, 7), 7), (hostile(str, "text"), "text"), (hostile(list, [1, 2]), [1, 2]),
    (hostile(tuple, (1, 2)), (1, 2)), (hostile(dict, {"a": 1}), {"a": 1}), (OrderedDict(a=1), {"a": 1}),
    (namedtuple("Pair", "a b")(1, 2), (1, 2)), (torch.Size([2, 3]), (2, 3)), (enum.IntEnum("Number", "ONE").ONE, 1),
], ids=lambda value: type(value).__name__)  # fmt: skip
def test_subclasses_are_reduced_to_the_data_they_hold(value: Any, plain: Any) -> None:
    back = decode(encode(value))
    assert type(back) is type(plain)
    assert back == plain


def test_tensor_subclasses_are_reduced_without_their_hooks() -> None:
    class Liar(torch.Tensor):
        @classmethod
        def __torch_function__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            raise AssertionError("a student's hook was called")

        def __eq__(self, other: object) -> bool:  # type: ignore[override]
            return True

        __hash__ = None  # type: ignore[assignment]
        detach = cpu = contiguous = numpy = tolist = __array__ = lambda self, *given: torch.zeros(3)

    class ArrayLiar(np.ndarray):
        def __array_finalize__(self, given: Any) -> None:
            pass

        def __array_ufunc__(self, *given: Any, **named: Any) -> Any:
            raise AssertionError("a student's hook was called")

        __array__ = tobytes = astype = view = lambda self, *given: np.zeros(3)

    tensor = torch.tensor([1.0, 2.0, 3.0]).as_subclass(Liar)
    array = np.ndarray.view(np.array([1.0, 2.0, 3.0]), ArrayLiar)
    for value, library in ((tensor, "torch"), (array, "numpy")):
        back = decode(encode(value))
        assert (back.library, back.data.tolist()) == (library, [1.0, 2.0, 3.0])


def test_an_object_that_lies_about_its_class_is_refused() -> None:
    class Lie:
        __class__ = float  # type: ignore[assignment]

        def __float__(self) -> float:
            return 1.0

        def __reduce__(self) -> Any:
            raise AssertionError("pickled")

    assert isinstance(Lie(), float)
    with pytest.raises(ValueRefused) as refusal:
        encode(Lie())
    assert refusal.value.code == "object"


def looped() -> list[Any]:
    loop: list[Any] = []
    loop.append(loop)
    return loop


def doubled() -> list[Any]:
    value: list[Any] = [0]
    for _ in range(17):
        value = [value, value]
    return value


REFUSED = {
    "an object": (object(), "object"),
    "a function": (len, "object"),
    "a module": (torch.nn.Linear(1, 1), "object"),
    "bytes": (b"raw", "object"),
    "a set": ({1}, "object"),
    "a generator": ((i for i in range(3)), "object"),
    "a complex number": (1j, "complex"),
    "a complex tensor": (torch.zeros(2, dtype=torch.complex64), "complex"),
    "a complex array": (np.zeros(2, dtype=np.complex128), "complex"),
    "a NumPy complex number": (np.complex128(1), "complex"),
    "a sparse tensor": (torch.eye(2).to_sparse(), "sparse"),
    "a quantized tensor": (torch.quantize_per_tensor(torch.zeros(2), 0.1, 0, torch.quint8), "quantized"),
    "an 8-bit float tensor": (torch.zeros(2, dtype=torch.float8_e4m3fn), "dtype"),
    "a tensor without data": (torch.zeros(2, device="meta"), "unreadable"),
    "an object array": (np.array([None]), "dtype"),
    "an array of strings": (np.array(["a"]), "dtype"),
    "an array of records": (np.zeros(2, dtype=[("a", "f4")]), "dtype"),
    "an array of dates": (np.zeros(2, dtype="datetime64[s]"), "dtype"),
    "a masked array": (np.ma.array([1.0], mask=[True]), "masked"),
    "a subclass of a NumPy number": (type("F", (np.float32,), {})(1.0), "object"),
    "NumPy's bytes": (np.bytes_(b"a"), "object"),
    "an endless list": (looped(), "deep"),
    "a list that doubles": (doubled(), "many"),
    "a stretched tensor": (torch.zeros(1).expand(10**12), "large"),
    "a stretched array": (np.broadcast_to(np.zeros(1), (10**12,)), "large"),
    "a huge integer": (1 << 5000, "integer"),
    "half a character": ("\ud800", "string"),
    "a dict with float keys": ({0.5: 1}, "key"),
    "a dict with tensor keys": ({torch.zeros(1): 1}, "key"),
    "too long a string": ("a" * (LIMITS.bytes + 1), "large"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_compared_is_refused_with_a_reason(what: str) -> None:
    value, code = REFUSED[what]
    for wrapped in (value, (1, [value])):
        with pytest.raises(ValueRefused) as refusal:
            encode(wrapped)
        assert refusal.value.code == code


def test_a_strided_trick_costs_its_own_size_and_no_more() -> None:
    window = torch.arange(5.0).as_strided((3, 3), (1, 1))
    assert decode(encode(window)).data.tolist() == [[0, 1, 2], [1, 2, 3], [2, 3, 4]]


def test_limits_hold_for_both_directions() -> None:
    for value, limits, code in (
        ([[1]], ValueLimits(depth=1), "deep"),
        ([1, 2, 3], ValueLimits(count=2), "many"),
        ({"a": 1}, ValueLimits(count=1), "many"),
        (torch.zeros(100), ValueLimits(bytes=99), "large"),
    ):  # fmt: skip
        data = encode(value)
        for refuse in (lambda: encode(value, limits), lambda: decode(data, limits)):  # noqa: B023
            with pytest.raises(ValueRefused) as refusal:
                refuse()
            assert refusal.value.code == code


def test_hostile_heads_are_refused_before_anything_is_made_of_them() -> None:
    huge = (2**62).to_bytes(8, "little")
    for data in (
        b"", b"\x63", b"\x06" + huge, b"\x08" + huge, b"\x05" + huge, b"\x03" + huge, b"\x03" + bytes(8), b"\x06" * 50,
        b"\x09\x00\x0c\x01" + huge, b"\x09\x00\x0c\x20" + huge * 32, b"\x09\x00\x0c\x02" + bytes(8) + huge,
        b"\x09\x09\x0c\x00" + bytes(8), b"\x09\x00\x63\x00" + bytes(8), b"\x09\x00\x0c\xff" + bytes(8 * 255),
        b"\x09\x01\x0a\x00" + bytes(2), b"\x09\x02\x0c\x01" + (1).to_bytes(8, "little") + bytes(8), b"\x00\x00",
        b"\x08" + (2).to_bytes(8, "little") + b"\x01\x00\x01\x00", b"\x05" + (1).to_bytes(8, "little") + b"\xff",
        b"\x08" + (1).to_bytes(8, "little") + encode(0.5) + b"\x00", (b"\x06" + (1).to_bytes(8, "little")) * 10_000,
    ):  # fmt: skip
        with pytest.raises(ValueRefused):
            decode(data)


def test_no_bytes_make_the_decoder_fail_otherwise() -> None:
    """A fuzz loop: random bytes, and mutations of good ones."""
    chance = random.Random(0)
    good = [encode(value) for value in PLAIN]
    good += [encode({"a": [torch.ones(3, 2), np.float32(1)], "b": (torch.zeros(0, 3).bfloat16(), "x" * 50)})]
    good += [encode([torch.zeros(4, dtype=torch.bool), (1, (2, (3, {"k": -(2**70)})))])]
    decoded, refused, slowest = 0, 0, 0.0
    tracemalloc.start()
    for _ in range(10_000):
        data = bytearray(chance.choice(good))
        for _ in range(chance.randrange(1, 6)):
            place = chance.randrange(len(data) + 1)
            action = chance.randrange(5)
            if action == 0:
                data[place : place + 1] = bytes([chance.randrange(256)])
            elif action == 1:
                del data[place : place + chance.randrange(1, 9)]
            elif action == 2:
                data[place:place] = chance.randbytes(chance.randrange(1, 9))
            elif action == 3:
                data[place:place] = chance.choice(good)
            else:
                data = bytearray(chance.randbytes(chance.randrange(60)))
        started = time.perf_counter()
        try:
            decode(bytes(data))
            decoded += 1
        except ValueRefused:
            refused += 1
        slowest = max(slowest, time.perf_counter() - started)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert min(decoded, refused) > 150  # both happen, or the loop tests nothing
    assert slowest < 0.5
    assert peak < 20 * 2**20


@pytest.mark.slow("a Python")
def test_decoding_needs_no_torch() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from autograder.answers import values, frames; import autograder.judging.judge;"
        f"values.decode({encode([torch.ones(2), 1.5])!r}); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
