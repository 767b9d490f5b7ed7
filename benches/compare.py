"""Our rates beside those of what a user would pick instead, in one run: the programs alternate, and medians are compared.

    cargo build --release
    python benches/compare.py            # in an environment made as benches/peers/README.md says

Prints a Markdown table. Peers: PyTorch with several networks in one compiled graph, which is the fastest that was found, and
the loop over networks that people write. Where the best number of networks depends on the machine, several are run and the
fastest counts. They stop when the mean of 16 networks has reached the PSNR; ours stops each network when it has itself.
"""
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.join(HERE, "..", "target", "release", "equigen")
ROUNDS = int(os.environ.get("ROUNDS", "3"))


def ours(what):
    out = subprocess.run([PROGRAM, "bench", what, "--json", "--repeats", "3"], check=True, capture_output=True, text=True)
    return {row["work"]: row for row in json.loads(out.stdout)}


def peer(program, *arguments):
    path = os.path.join(HERE, "peers")
    out = subprocess.run([sys.executable, program, *arguments], check=True, capture_output=True, text=True, cwd=path)
    return json.loads(out.stdout.strip().splitlines()[-1])


def rate(answer):
    """Optimiser steps times networks a second, or networks a second."""
    return answer["inrs_per_s"] if answer.get("mode") == "psnr" else answer["steps_x_inrs_per_s"]


SIREN = "SIREN 2-32-32-1, 784 points"
DIGITS = "256 digits, each to {} dB"
COLOUR = "SIREN 2-64-64-3, 1,024 points"
RELU, SHAPE = "ReLU 27-128-128-128-1, 4,096 random points", "SIREN 3-128-128-128-1, 4,096 random points"
COMPILED = ["fit2d_torch.py", "--impl", "compileT"]


def to_psnr(psnr):
    return COMPILED + ["--n", "256", "--chunk", "16", "--mode", "psnr", "--target", str(psnr), "--lr", "5e-3"]


def colours(networks):
    return COMPILED + ["--colour", "--n", str(networks), "--chunk", str(networks)]


def shapes(kind, networks):
    return ["fit3d_torch.py", "--kind", kind, "--impl", "compile", "--n", str(networks)]


# What is compared, our row and figure, and the peers, of which the fastest counts.
WORKS = [
    ("network-steps/s, " + SIREN, (SIREN, "network_steps_per_second"), [COMPILED + ["--n", "16", "--chunk", "16"]]),
    ("the same, against the loop", (SIREN, "network_steps_per_second"), [["fit2d_torch.py", "--impl", "loop", "--n", "4"]]),
    ("network-steps/s, " + COLOUR, (COLOUR, "network_steps_per_second"), [colours(4), colours(16)]),
    ("network-steps/s, " + RELU, (RELU, "network_steps_per_second"), [shapes("relu_pe", 8), shapes("relu_pe", 64)]),
    ("network-steps/s, " + SHAPE, (SHAPE, "network_steps_per_second"), [shapes("siren", 8), shapes("siren", 64)]),
    ("digits/s to 30 dB", (DIGITS.format(30), "networks_per_second"), [to_psnr(30)]),
    ("digits/s to 35 dB", (DIGITS.format(35), "networks_per_second"), [to_psnr(35)]),
]


def main():
    mine, theirs = {}, {}
    for _ in range(ROUNDS):
        rows = ours("fit")
        for name, (work, figure), peers in WORKS:
            mine.setdefault(name, []).append(rows[work][figure])
            theirs.setdefault(name, []).append([rate(peer(*arguments)) for arguments in peers])
        peak = rows[SIREN]["fma_peak_gflops"], rows[SIREN]["gflops"]
    print("| work | equigen | peer | ratio |\n|---|---|---|---|")
    for name, _, _ in WORKS:
        a, b = statistics.median(mine[name]), max(map(statistics.median, zip(*theirs[name])))
        print(f"| {name} | {a:,.0f} | {b:,.0f} | {a / b:.1f} |")
    print(f"\nLast round: {peak[1]:.0f} of {peak[0]:.0f} GFLOP/s at the peak of multiply-adds, {peak[1] / peak[0]:.0%}.")


main()
