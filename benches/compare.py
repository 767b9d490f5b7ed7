"""Our rates beside those of what a user would pick instead, in one run: the programs alternate, and medians are compared.

    cargo build --release
    python benches/compare.py            # in an environment made as benches/peers/README.md says

Prints a Markdown table. Peers: PyTorch with the 16 networks of a chunk in one compiled graph, which is the fastest that was
found, and the loop over networks that people write. They stop when the mean of 16 networks has reached the PSNR; ours stops
each network when it has itself.
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
    return answer["steps_x_inrs_per_s"] if answer["mode"] == "thr" else answer["inrs_per_s"]


SIREN = "SIREN 2-32-32-1, 784 points"
DIGITS = "256 digits, each to {} dB"
WORKS = [
    ("network-steps/s, " + SIREN, (SIREN, "network_steps_per_second"), ["--impl", "compileT", "--n", "16", "--chunk", "16"]),
    ("the same, against the loop", (SIREN, "network_steps_per_second"), ["--impl", "loop", "--n", "4"]),
    ("digits/s to 30 dB", (DIGITS.format(30), "networks_per_second"),
     ["--impl", "compileT", "--n", "256", "--chunk", "16", "--mode", "psnr", "--target", "30", "--lr", "5e-3"]),
    ("digits/s to 35 dB", (DIGITS.format(35), "networks_per_second"),
     ["--impl", "compileT", "--n", "256", "--chunk", "16", "--mode", "psnr", "--target", "35", "--lr", "5e-3"]),
]


def main():
    mine, theirs = {}, {}
    for _ in range(ROUNDS):
        rows = ours("fit")
        for name, (work, figure), arguments in WORKS:
            mine.setdefault(name, []).append(rows[work][figure])
            theirs.setdefault(name, []).append(rate(peer("fit2d_torch.py", *arguments)))
        peak = rows[SIREN]["fma_peak_gflops"], rows[SIREN]["gflops"]
    print("| work | equigen | peer | ratio |\n|---|---|---|---|")
    for name, _, _ in WORKS:
        a, b = statistics.median(mine[name]), statistics.median(theirs[name])
        print(f"| {name} | {a:,.0f} | {b:,.0f} | {a / b:.1f} |")
    print(f"\nLast round: {peak[1]:.0f} of {peak[0]:.0f} GFLOP/s at the peak of multiply-adds, {peak[1] / peak[0]:.0%}.")


main()
