"""Seconds and peak memory of `equigen run --until fit` for 1,000, 10,000 and 60,000 networks.

    cargo build --release
    python benches/growth.py             # needs NumPy and Matplotlib

Prints a Markdown table and draws docs/images/growth.png. The signals are the repository's 10,000 real digits, and beyond those the
same digits moved by up to two pixels on each axis. Each size is fitted in a process and a store of its own, from the same
file of 60,000, with the settings of examples/mnist.toml.
"""
import gzip
import json
import os
import struct
import subprocess
import sys
import tempfile
import time

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
PROGRAM = os.path.join(ROOT, "target", "release", "equigen")
SIZES = [1_000, 10_000, 60_000]
MOST = 2


def read(name, header):
    with gzip.open(os.path.join(ROOT, "examples", "data", name)) as file:
        return np.frombuffer(file.read()[header:], dtype=np.uint8)


def write_signals(folder):
    """60,000 digits: all of the repository, then each of them moved in five different ways. Returns the two files."""
    digits, labels = read("mnist-images.idx.gz", 16).reshape(-1, 28, 28), read("mnist-labels.idx.gz", 8)
    count, copies = len(digits), -(-max(SIZES) // len(digits)) - 1
    moves = [(y, x) for y in range(-MOST, MOST + 1) for x in range(-MOST, MOST + 1) if (y, x) != (0, 0)]
    order = np.random.default_rng(0).permuted(np.tile(np.arange(len(moves)), (count, 1)), axis=1)
    padded = np.pad(digits, ((0, 0), (MOST, MOST), (MOST, MOST)))
    images = [digits]
    for copy in range(copies):
        moved = np.empty_like(digits)
        for move, (y, x) in enumerate(moves):
            rows = order[:, copy] == move
            moved[rows] = padded[rows, MOST - y:MOST - y + 28, MOST - x:MOST - x + 28]
        images.append(moved)
    images, labels = np.concatenate(images)[:max(SIZES)], np.tile(labels, 1 + copies)[:max(SIZES)]
    paths = os.path.join(folder, "images.idx"), os.path.join(folder, "labels.idx")
    with open(paths[0], "wb") as file:
        file.write(struct.pack(">4I", 0x803, *images.shape) + images.tobytes())
    with open(paths[1], "wb") as file:
        file.write(struct.pack(">2I", 0x801, len(labels)) + labels.tobytes())
    return paths


def fit(folder, images, labels, size):
    """Fits the first `size` signals. Returns seconds of the process, its peak resident memory in MiB, and the summary."""
    run = os.path.join(folder, str(size), "run")
    settings = {"data.signals.images": images, "data.signals.labels": labels, "data.limit": size}
    command = [PROGRAM, "run", os.path.join(ROOT, "examples", "mnist.toml"), "--until", "fit", "--run", run]
    for key, value in settings.items():
        command += ["-s", f"{key}={json.dumps(value)}"]
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"the fit of {size} networks failed")
    with open(os.path.join(run, "fit", "summary.json")) as file:
        summary = json.load(file)
    assert summary["networks"] == size, summary
    return seconds, usage.ru_maxrss / 1024, summary


def draw(rows, path):
    sizes, seconds, memory = ([row[i] for row in rows] for i in range(3))
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    left.loglog(sizes, seconds, "o-", label="measured")
    left.loglog(sizes, [seconds[-1] * size / sizes[-1] for size in sizes], "--", color="grey", label="linear")
    left.set(xlabel="networks", ylabel="seconds", title="time")
    left.legend()
    right.semilogx(sizes, memory, "o-")
    right.set(xlabel="networks", ylabel="MiB", title="peak resident memory", ylim=(0, 1.25 * max(memory)))
    for axes in (left, right):
        axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
        axes.minorticks_off()
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=150)


def main():
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        images, labels = write_signals(folder)
        for size in SIZES:
            rows.append((size, *fit(folder, images, labels, size)))
    print("| networks | seconds | networks/s | peak memory, MiB | mean PSNR, dB | mean steps |\n|---|---|---|---|---|---|")
    for size, seconds, memory, summary in rows:
        psnr, steps = summary["mean_psnr"], summary["mean_steps"]
        print(f"| {size:,} | {seconds:.1f} | {size / seconds:.0f} | {memory:.0f} | {psnr:.2f} | {steps:.0f} |")
    draw(rows, os.path.join(ROOT, "docs", "images", "growth.png"))


main()
