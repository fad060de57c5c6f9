"""Marks that the work did not earn: rows 1 to 5 and 27. The answers are stubs or nonsense unless said otherwise."""

from __future__ import annotations

from attacks.attack import POINTS, Work, attack

QUESTIONS = [name.removeprefix("test_") for name in POINTS]


def everywhere(work: Work, body: str) -> None:
    """The same nonsense in every answer."""
    for question in QUESTIONS:
        work.body(question, body)


@attack(1, right=False)
def skip_execution_tag(work: Work) -> None:
    for cell in work.tests():
        cell["metadata"]["tags"] = ["skip-execution"]


@attack(1, right=False)
def raises_exception_tag(work: Work) -> None:
    for cell in work.tests():
        cell["metadata"]["tags"] = ["raises-exception", "remove-cell", "nbgrader-skip"]
        cell["metadata"]["skip-execution"] = True


@attack(1, right=False)
def kernel_that_skips(work: Work) -> None:
    work.notebook["metadata"] = {"kernelspec": {"name": "bash", "display_name": "Bash", "language": "bash"}}


@attack(2, right=False)
def displayhook_99(work: Work) -> None:
    everywhere(work, "import sys\nsys.displayhook(99)\nreturn torch.zeros(1)")


@attack(2, right=False)
def displayhook_string(work: Work) -> None:
    everywhere(work, "import sys\nsys.displayhook('full marks')\nraise SystemExit")


@attack(2, right=False)
def displayhook_not_finite(work: Work) -> None:
    hooks = "for mark in (float('nan'), float('inf'), -1.0, 1e308, 1.0000001, True):\n    sys.displayhook(mark)"
    everywhere(work, f"import sys\n{hooks}\nreturn torch.zeros(1)")


@attack(2, right=False)
def displayhook_replaced(work: Work) -> None:
    work.add("import sys\nsys.displayhook = lambda value: print('4.0')\nget_ipython().displayhook = sys.displayhook")
    everywhere(work, "return 4.0")


@attack(2, right=False)
def partial_credit_objects(work: Work) -> None:
    work.add("class Full(float):\n    def __repr__(self): return '4.0'\nFULL = Full(4)\n1.0")
    everywhere(work, "from IPython.display import display\ndisplay(FULL)\nreturn FULL")


@attack(3, right=False)
def input_transformer(work: Work) -> None:
    work.add(
        "def blank(lines):\n    return ['pass\\n'] if any('assert' in line for line in lines) else lines\n"
        "get_ipython().input_transformers_cleanup.append(blank)\n"
        "get_ipython().input_transformers_post.append(blank)"
    )


@attack(3, right=False)
def ast_transformer(work: Work) -> None:
    work.add(
        "import ast\nclass Blank(ast.NodeTransformer):\n"
        "    def visit_Assert(self, node): return ast.Pass()\n"
        "    def visit_Call(self, node):\n"
        "        return ast.Constant(1.0) if getattr(node.func, 'id', '') in ('answer', 'recall_and_precision') else node\n"
        "get_ipython().ast_transformers.append(Blank())"
    )


@attack(3, right=False)
def run_cell_patched(work: Work) -> None:
    work.add(
        "shell = get_ipython()\nclass Fine:\n    success = True; error_in_exec = error_before_exec = result = None\n"
        "    def raise_error(self): pass\n"
        "async def nothing(*a, **k): return Fine()\n"
        "type(shell).run_cell = lambda *a, **k: Fine()\ntype(shell).run_cell_async = nothing\n"
        "type(shell).run_code = nothing\nshell.showtraceback = lambda *a, **k: None"
    )


@attack(3, right=False)
def exec_and_compile_patched(work: Work) -> None:
    work.add(
        "import builtins\nreal = builtins.compile\n"
        "def compile(source, *a, **k):\n"
        "    return real('1.0' if 'answer' in str(source) else source, *a, **k)\n"
        "builtins.compile = compile\nbuiltins.exec = lambda *a, **k: None"
    )


@attack(3, right=False)
def import_hook_for_the_tests(work: Work) -> None:
    work.add(
        "import sys, types\nfake = types.ModuleType('autograder.answers')\n"
        "fake.answer = fake.answer_accuracy = lambda *a, **k: 1.0\n"
        "class Cases:\n    def __getattr__(self, name): return lambda *a, **k: []\n"
        "fake.cases = Cases()\n"
        "sys.modules['autograder'] = types.ModuleType('autograder')\nsys.modules['autograder.answers'] = fake"
    )


@attack(4, right=False)
def equal_to_everything(work: Work) -> None:
    work.add(
        "class Equal:\n    def __eq__(self, other): return True\n    def __ne__(self, other): return False\n"
        "    __lt__ = __gt__ = __le__ = __ge__ = __eq__\n    def __hash__(self): return 0\n"
        "    def __getattr__(self, name): return self\n    def __call__(self, *a, **k): return self\n"
        "    def __bool__(self): return True\n    def __iter__(self): return iter([self, self])\n"
        "    def __len__(self): return 2\n    def __getitem__(self, at): return self\n"
        "    def __float__(self): return 1.0\n    __array__ = None"
    )
    everywhere(work, "return Equal()")


@attack(4, right=False)
def float_subclass(work: Work) -> None:
    work.add(
        "class Close(float):\n    def __eq__(self, other): return True\n    def __sub__(self, other): return 0.0\n"
        "    __rsub__ = __sub__\n    def __abs__(self): return 0.0\n    __hash__ = float.__hash__"
    )
    everywhere(work, "return Close(0.25)")


@attack(4, right=False)
def tensor_subclass(work: Work) -> None:
    work.add(
        "class Right(torch.Tensor):\n    @classmethod\n"
        "    def __torch_function__(cls, function, types, args=(), kwargs=None):\n"
        "        if function.__name__ in ('allclose', 'equal', 'eq', 'all', 'isclose'): return True\n"
        "        with torch._C.DisableTorchFunctionSubclass():\n"
        "            return function(*args, **(kwargs or {}))\n"
        "    def tolist(self): return [[0, 0, 1], [1, 0, 0]]\n    shape = (2, 3)"
    )
    everywhere(work, "return torch.zeros(2, 3).as_subclass(Right)")


@attack(4, right=False)
def array_subclass(work: Work) -> None:
    work.add(
        "import numpy as np\nclass Right(np.ndarray):\n    __array_priority__ = 1e9\n"
        "    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs): return np.bool_(True)\n"
        "    def __array_function__(self, function, types, args, kwargs): return None\n"
        "    def tobytes(self, *a, **k): return b''"
    )
    everywhere(work, "return np.zeros((2, 3)).view(Right)")


@attack(4, right=False)
def odd_containers(work: Work) -> None:
    work.body("recall_and_precision", "deep = []\nfor _ in range(100_000): deep = [deep]\nreturn deep")
    work.body("log_sum_exp", "own = []\nown.append(own)\nreturn own")
    work.body("softmax", "return torch.zeros(1).expand(10**9)")
    work.body("kl_divergence", "return (i for i in iter(int, 1))")
    work.body("calibration_error", "return torch.zeros(3, 3).to_sparse()")
    work.body("accuracy_gap", "return torch.tensor(0.75, dtype=torch.complex64)")
    work.body("fit_softmax", "import numpy as np\nreturn np.array([object()], dtype=object), {1: {2: {3: {}}}}")


@attack(4, right=False)
def answers_without_end(work: Work) -> None:
    work.add(
        "class Endless(list):\n    def __iter__(self): return iter(int, 1)\n    def __len__(self): return 3\n"
        "class Long(str):\n    def encode(self, *a, **k): return b'x' * 10**9\n"
        "class Map(dict):\n    def items(self): return ((i, i) for i in iter(int, 1))"
    )
    everywhere(work, "return (Endless([1]), Long('a'), Map(a=1))")


@attack(5, right=False)
def comparisons_patched(work: Work) -> None:
    work.add(
        "import numpy as np, numpy.testing, math\n"
        "yes = lambda *a, **k: True\n"
        "torch.allclose = torch.equal = torch.isclose = yes\n"
        "torch.testing.assert_close = np.testing.assert_allclose = np.testing.assert_array_equal = yes\n"
        "np.allclose = np.array_equal = np.isclose = math.isclose = yes"
    )
    everywhere(work, "return torch.zeros(1)")


@attack(5, right=False)
def builtins_patched(work: Work) -> None:
    work.add(
        "import builtins\nbuiltins.abs = lambda x: 0\nbuiltins.all = builtins.any = lambda x: True\n"
        "builtins.isinstance = lambda *a: True\nbuiltins.len = lambda x: 2\nbuiltins.AssertionError = SystemExit"
    )
    everywhere(work, "return torch.zeros(2, 3)")


@attack(5, right=False)
def tensor_methods_patched(work: Work) -> None:
    work.add(
        "torch.Tensor.__eq__ = torch.Tensor.equal = torch.Tensor.allclose = lambda *a, **k: True\n"
        "torch.Tensor.tolist = lambda self: [[0, 0, 1], [1, 0, 0]]\ntorch.Tensor.shape = (2, 3)"
    )
    everywhere(work, "return torch.zeros(2, 3)")


@attack(27, right=False)
def visible_cases_hard_coded(work: Work) -> None:
    work.body("recall_and_precision", "return torch.tensor([[0.0, 0, 1, 0], [0, 0, 0.5, 0]])")
    work.body(
        "log_sum_exp",
        "return torch.tensor([0.6931, 2.3133, 5.6931] if len(logits) == 3 else [1000.6931, -999.3069])",
    )
    work.body("accuracy_gap", "return 0.5, 0.25")


@attack(27, loses=("softmax",))
def wrong_only_when_graded(work: Work) -> None:
    """Right for its owner, wrong when it knows that it is graded: that is no work of the grader's."""
    work.preface(
        "softmax",
        "import os, sys\nif 'autograder.answers' in sys.modules or '/gradus' in ':'.join(sys.path):\n    return logits",
    )


@attack(27)
def right_only_when_graded(work: Work) -> None:
    """Detects the grader and behaves there: what is graded is what is handed in."""
    work.preface("softmax", "import sys\nif 'autograder.answers' not in sys.modules:\n    return logits")


@attack(5, right=False)
def watch_switched_off_by_nonsense(work: Work) -> None:
    work.add(
        "class Watch:\n    def __init__(self, *a, **k): pass\n    def __enter__(self): raise StopIteration\n"
        "    def __exit__(self, *a): return True",
        before="",
    )


@attack(5, problem="a switch for what watches")
def watch_blinded_by_pytorchs_own_switch(work: Work) -> None:
    """Values come from the function that is forbidden, and are right: it is a person who has to be told."""
    work.body("softmax", "with torch._C.DisableTorchFunction():\n    return torch.softmax(logits, 1)")
