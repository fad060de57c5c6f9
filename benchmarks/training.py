"""How long training takes: d2l's own Trainer and data, ours, and a bare loop over tensors, which is the floor.

    python benchmarks/training.py                       # ten epochs, three rounds, CPU and GPU if there is one
    python benchmarks/training.py --epochs 2 --rounds 1
    python benchmarks/training.py --device cpu

Fashion-MNIST, batches of 256, SGD at 0.1; softmax regression, and an MLP with 256 hidden units. Timed are

- `pass`: one pass over the training set's batches, without a model;
- `fit`: a whole fit, the validation pass after each epoch included, in seconds per epoch.

The rounds are interleaved (d2l, Gradus, bare, d2l, …), after one epoch of each to warm up, and medians are compared.

`d2l` is `d2l.Trainer` with `d2l.FashionMNIST`, as they come: four worker processes, training on 60,000 images and
validating on the 10,000 of the test set; only its board is told not to draw, which is d2l at its fastest. `gradus` is
`gradus.Trainer` with `gradus.FashionMNIST`: 55,000 and 5,000. `bare` does what `gradus` does and is written out below:
images as floats in memory on the device, no class and no hook; a new order for each epoch, the mean training loss, and
loss and accuracy on the 5,000 at its end. Beside d2l two ratios are given: of the times as they are, and of the times
for each image that went through the model. The accuracies on the test images must agree within noise.

`gpu.py` measures the same on a machine that has torch and little else, and says what stands for d2l there.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT)]

from history import keep, write_training_table  # noqa: E402
from images import Images, published  # noqa: E402

from gradus import FashionMNIST, Trainer, d2l, seed_everything  # noqa: E402
from gradus.cores import available_cores  # noqa: E402
from gradus.datasets import cache_folder, fashion_mnist_tensors  # noqa: E402
from gradus.device import wait_for  # noqa: E402

BATCH_SIZE = 256
LR = 0.1
IMAGES = {"pass": {"d2l": 60_000, "gradus": 55_000}, "fit": {"d2l": 70_000, "gradus": 60_000}}  # in an epoch
FEW_POINTS = 0.02  # test accuracies of equal models after equal training lie this close


class MLP(d2l.Classifier):
    """The multilayer perceptron of d2l's book; it runs on either trainer."""

    def __init__(self, num_outputs: int, num_hiddens: int, lr: float):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(nn.Flatten(), nn.LazyLinear(num_hiddens), nn.ReLU(), nn.LazyLinear(num_outputs))


class D2LFashionMNIST(d2l.FashionMNIST):
    """d2l's data module, reading the files that `gradus data` fetched instead of downloading them again.

    Args:
        share: of the images; the first ones.
    """

    def __init__(self, batch_size: int, share: float = 1.0):
        d2l.DataModule.__init__(self, root=str(cache_folder()))
        self.batch_size, self.resize = batch_size, (28, 28)
        sets = [one_by_one(self.root, train) for train in (True, False)]
        if share < 1:
            sets = [torch.utils.data.Subset(one, range(int(share * len(one)))) for one in sets]
        self.train, self.val = sets


def one_by_one(root: str, train: bool) -> torch.utils.data.Dataset:
    """torchvision's data set, which makes a PIL image and then a tensor of each example; or one that does the same."""
    if not has_torchvision():
        return Images(*published(train))
    from torchvision import datasets, transforms

    transform = transforms.Compose([transforms.Resize((28, 28)), transforms.ToTensor()])
    return datasets.FashionMNIST(root, train, transform, download=False)


def has_torchvision() -> bool:
    return find_spec("torchvision") is not None


class Shared(FashionMNIST):
    """Ours, with a share of the images; the first ones."""

    def __init__(self, batch_size: int, device: torch.device, share: float):
        super().__init__(batch_size, device=device)
        self.share = share

    def load(self, split: str) -> tuple[torch.Tensor, torch.Tensor]:
        X, y = super().load(split)
        count = max(1, int(self.share * len(X)))
        return X[:count], y[:count]


MODELS: dict[str, Callable[[], d2l.Classifier]] = {
    "softmax": lambda: d2l.SoftmaxRegression(num_outputs=10, lr=LR),
    "mlp": lambda: MLP(num_outputs=10, num_hiddens=256, lr=LR),
}


def fit_d2l(make: Callable[[], d2l.Classifier], epochs: int, device: torch.device, data: d2l.FashionMNIST) -> nn.Module:
    model = make()
    model.board.display = False
    d2l.Trainer(max_epochs=epochs, num_gpus=int(device.type == "cuda")).fit(model, data)
    return model


def fit_gradus(make: Callable[[], d2l.Classifier], epochs: int, device: torch.device, data: FashionMNIST) -> nn.Module:
    model = make()
    Trainer(max_epochs=epochs, num_gpus=int(device.type != "cpu")).fit(model, data)
    return model


def fit_bare(
    make: Callable[[], d2l.Classifier], epochs: int, device: torch.device, data: dict[str, tuple]
) -> nn.Module:
    net = make().net.to(device)
    (X, y), (X_val, y_val) = data["train"], data["val"]
    net(X[:1])  # the lazy layers take their shapes
    optimiser = torch.optim.SGD(net.parameters(), lr=LR)
    for _ in range(epochs):
        net.train()
        total = torch.zeros((), device=device)
        for rows in torch.randperm(len(X)).to(device).split(BATCH_SIZE):
            loss = F.cross_entropy(net(X[rows]), y[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += loss.detach() * len(rows)
        net.eval()
        loss_val, correct = torch.zeros((), device=device), torch.zeros((), device=device)
        with torch.no_grad():
            for X_batch, y_batch in zip(X_val.split(BATCH_SIZE), y_val.split(BATCH_SIZE), strict=True):
                logits = net(X_batch)
                loss_val += F.cross_entropy(logits, y_batch) * len(y_batch)
                correct += (logits.argmax(1) == y_batch).sum()
        total.item(), loss_val.item(), correct.item()
    return net


def pass_over_loader(data: d2l.DataModule, device: torch.device) -> None:
    for X, y in data.train_dataloader():
        X.to(device), y.to(device)


def pass_bare(data: dict[str, tuple], device: torch.device) -> None:
    X, y = data["train"]
    for rows in torch.randperm(len(X)).to(device).split(BATCH_SIZE):
        X[rows], y[rows]


def seconds(work: Callable[[], object], device: torch.device) -> tuple[float, object]:
    """Wall-clock seconds of `work`, the device's queue emptied before and after, and what it returned."""
    wait_for(device)
    started = time.perf_counter()
    result = work()
    wait_for(device)
    return time.perf_counter() - started, result


def test_accuracy(net: nn.Module, device: torch.device) -> float:
    X, y = fashion_mnist_tensors("test", device)
    net.to(device).eval()
    with torch.no_grad():
        return float((net(X).argmax(1) == y).float().mean())


def measure(
    device: torch.device, epochs: int, rounds: int, share: float = 1.0, most_seconds: float = float("inf")
) -> dict[str, dict]:
    """Name of the measurement to the median seconds of each, all runs, ratios and accuracies.

    Args:
        share: of the images, used by all three.
        most_seconds: no round begins later, but for the first one of each measurement, in equal parts.
    """
    began = time.perf_counter()
    theirs = D2LFashionMNIST(BATCH_SIZE, share)
    ours = Shared(BATCH_SIZE, device, share)
    bare = {split: ours.tensors(split) for split in ("train", "val")}  # floats in memory
    work: dict[str, dict[str, Callable[[], object]]] = {
        "pass": {
            "d2l": lambda: pass_over_loader(theirs, device),
            "gradus": lambda: pass_over_loader(ours, device),
            "bare": lambda: pass_bare(bare, device),
        }
    }
    for name, make in MODELS.items():
        work[f"fit {name}"] = {
            "d2l": lambda make=make, n=epochs: fit_d2l(make, n, device, theirs),
            "gradus": lambda make=make, n=epochs: fit_gradus(make, n, device, ours),
            "bare": lambda make=make, n=epochs: fit_bare(make, n, device, bare),
        }
    results = {}
    for number, (name, candidates) in enumerate(work.items()):
        until = began + most_seconds * (number + 1) / len(work)
        fits = name.startswith("fit")
        for run in candidates.values():
            run(n=1) if fits else run()
        times: dict[str, list[float]] = {who: [] for who in candidates}
        accuracies: dict[str, list[float]] = {who: [] for who in candidates}
        for round_ in range(rounds):
            if round_ and time.perf_counter() > until:
                break
            for who, run in candidates.items():
                seed_everything(round_)
                took, model = seconds(run, device)
                times[who].append(took / (epochs if fits else 1))
                if isinstance(model, nn.Module):
                    accuracies[who].append(test_accuracy(model, device))
        results[name] = _summary(times, accuracies if fits else {}, IMAGES[name.partition(" ")[0]])
        print(f"{device.type:5} {name:12} {_line(results[name])}", flush=True)
    return results


def _summary(times: dict[str, list[float]], accuracies: dict[str, list[float]], images: dict[str, int]) -> dict:
    medians = {who: statistics.median(values) for who, values in times.items()}
    summary = {
        "seconds": {who: round(value, 4) for who, value in medians.items()},
        "runs": {who: [round(value, 4) for value in values] for who, values in times.items()},
        "times_faster_than_d2l": round(medians["d2l"] / medians["gradus"], 2),
        "for_each_image": round(medians["d2l"] / images["d2l"] / (medians["gradus"] / images["gradus"]), 2),
        "times_the_bare_loop": round(medians["gradus"] / medians["bare"], 3),
    }
    if accuracies:
        summary["test_accuracy"] = {who: round(statistics.mean(values), 4) for who, values in accuracies.items()}
    return summary


def _line(result: dict) -> str:
    parts = [f"{who} {value:.3f} s" for who, value in result["seconds"].items()]
    faster, each, floor = (result[key] for key in ("times_faster_than_d2l", "for_each_image", "times_the_bare_loop"))
    parts.append(f"{faster:.1f} x faster than d2l ({each:.1f} x for each image), {floor:.2f} x bare")
    if "test_accuracy" in result:
        parts.append("test accuracy " + " ".join(f"{value:.3f}" for value in result["test_accuracy"].values()))
    return "  ".join(parts)


def main() -> int:
    parser = argparse.ArgumentParser(description="Time training: d2l, Gradus and a bare loop.")
    parser.add_argument("--epochs", type=int, default=10, help="of each fit")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved; medians count")
    parser.add_argument("--device", choices=["cpu", "cuda"], help="default: the CPU, and a GPU if there is one")
    options = parser.parse_args()
    os.environ["GRADUS_QUIET"] = "1"
    warnings.filterwarnings("ignore", message="This DataLoader will create")  # four workers, as d2l has it
    devices = [options.device] if options.device else ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    print("seconds per epoch (pass: the batches alone; fit: with validation)")
    measured = {name: measure(torch.device(name), options.epochs, options.rounds) for name in devices}
    machine = {
        "cores": available_cores(), "threads": torch.get_num_threads(), "python": platform.python_version(),
        "torch": torch.__version__, "omp_wait_policy": os.environ.get("OMP_WAIT_POLICY", "default"),
        "gpu": torch.cuda.get_device_name() if "cuda" in devices else None,
    }  # fmt: skip
    settings = {"batch_size": BATCH_SIZE, "epochs": options.epochs, "rounds": options.rounds, "lr": LR}
    keep("training", {"machine": machine, "settings": settings, "devices": measured})
    write_training_table()
    apart = [
        f"{device} {name}"
        for device, results in measured.items()
        for name, result in results.items()
        if "test_accuracy" in result
        and max(result["test_accuracy"].values()) - min(result["test_accuracy"].values()) > FEW_POINTS
    ]
    if apart:
        print(f"the accuracies do not agree within {FEW_POINTS}: {', '.join(apart)}", file=sys.stderr)
    return 1 if apart else 0


if __name__ == "__main__":
    sys.exit(main())
