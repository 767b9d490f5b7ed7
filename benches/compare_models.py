"""Training steps on libtorch beside the same networks in PyTorch eager, in one run: the programs alternate, medians are compared.

    scripts/libtorch.sh && cargo build --release --features libtorch
    python benches/compare_models.py            # in an environment made as benches/peers/README.md says

Prints a Markdown table: milliseconds of a step on `flex`, on libtorch and in PyTorch, and what libtorch takes for each of
PyTorch's. DEVICE=libtorch:cuda:0 compares on a GPU; THREADS (2), ROUNDS (3) and REPEATS (9) as named; FUSED=1 gives PyTorch
AdamW's fused kernel.
"""
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.join(HERE, "..", "target", "release", "equigen")
DEVICE = os.environ.get("DEVICE", "libtorch")
THREADS = os.environ.get("THREADS", "2")
REPEATS = os.environ.get("REPEATS", "9")
# Threads of libtorch and of `flex` follow these.
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": THREADS, "RAYON_NUM_THREADS": THREADS}


def rows(command):
    out = subprocess.run(command, check=True, capture_output=True, text=True, env=ENVIRONMENT)
    return {row["work"]: row["milliseconds_a_step"] for row in json.loads(out.stdout)}


def ours(device):
    return rows([PROGRAM, "bench", "encode", "train", "--json", "--device", device, "--repeats", REPEATS])


def peer():
    device = "cuda" if "cuda" in DEVICE else "cpu"
    program = os.path.join(HERE, "peers", "train_torch.py")
    fused = ["--fused"] if os.environ.get("FUSED") else []
    return rows([sys.executable, program, "--device", device, "--threads", THREADS, "--repeats", REPEATS, *fused])


def main():
    rounds = [(ours("flex"), ours(DEVICE), peer()) for _ in range(int(os.environ.get("ROUNDS", "3")))]
    print(f"| work | flex, ms | {DEVICE}, ms | PyTorch, ms | {DEVICE} / PyTorch |\n|---|---|---|---|---|")
    for work in rounds[0][2]:
        flex, torch, eager = (statistics.median(answer[which][work] for answer in rounds) for which in range(3))
        print(f"| {work} | {flex:.2f} | {torch:.2f} | {eager:.2f} | {torch / eager:.2f} |")


main()
