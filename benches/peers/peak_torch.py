"""TFLOP/s of one large matrix product on a device, in single precision and bfloat16: the peak that shares are stated of.

    python peak_torch.py [--device cuda|cpu] [--size 8192]
"""
import argparse
import json
import statistics
import time

import torch


def rate(dtype, device, size):
    a, b = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    seconds = []
    for _ in range(7):
        begun = time.perf_counter()
        a @ b
        if device == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - begun)
    return 2 * size**3 / statistics.median(seconds) / 1e12


parser = argparse.ArgumentParser()
parser.add_argument("--device", default="cuda")
parser.add_argument("--size", type=int, default=8192)
args = parser.parse_args()
dtypes = {"f32": torch.float32, "bf16": torch.bfloat16}
print(json.dumps({name: round(rate(dtype, args.device, args.size), 3) for name, dtype in dtypes.items()}))
