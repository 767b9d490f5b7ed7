"""How far the paths of `equigen bench smooth` are above the shortest ones, beside the time that they took.

    cargo build --release
    python benches/peers/smooth_optimum.py     # in an environment made as README.md says; a minute

Runs the benchmark, solves the same layers by elkai (LKH), and prints one JSON line per width. elkai takes whole
numbers: distances are scaled to 200,000, which moves a path's length by 1e-5 of it at most. Arguments, such as
`--repeats 20`, go to the benchmark. Exits with 1 if a limit is exceeded.
"""
import json
import os
import subprocess
import sys
import tempfile

import elkai
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.join(HERE, "..", "..", "target", "release", "equigen")
# Microseconds a network on one core, and mean excess in percent.
LIMITS = {32: (150.0, 0.2), 128: (4000.0, 0.5)}


def distances(cities):
    """Between all cities, with one more in front at distance 0 from each: a tour through it is a path."""
    cities = np.asarray(cities, np.float32).astype(np.float64)
    matrix = np.zeros((len(cities) + 1,) * 2)
    matrix[1:, 1:] = np.abs(cities[:, None] - cities[None]).sum(-1)
    return matrix


def optimum(matrix):
    whole = np.rint(matrix * (2e5 / matrix.max())).astype(int)
    tour = elkai.DistanceMatrix(whole.tolist()).solve_tsp(runs=10)
    return matrix[tour[:-1], tour[1:]].sum()


def main():
    met = True
    with tempfile.TemporaryDirectory() as folder:
        command = [PROGRAM, "bench", "smooth", "--json", *sys.argv[1:]]
        environment = {**os.environ, "EQUIGEN_BENCH_PATHS": folder}
        rows = json.loads(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)
        for row, (width, (time_limit, excess_limit)) in zip(rows, LIMITS.items(), strict=True):
            with open(os.path.join(folder, f"smooth-{width}.json")) as file:
                layers = json.load(file)
            found, best = [], []
            for layer in layers:
                matrix, order = distances(layer["cities"]), np.array(layer["order"]) + 1
                found.append(matrix[order[:-1], order[1:]].sum())
                best.append(optimum(matrix))
            # Both layers of a network together.
            excess = 100 * (np.reshape(found, (-1, 2)).sum(1) / np.reshape(best, (-1, 2)).sum(1) - 1)
            microseconds = row["microseconds_a_network"]
            met &= bool(microseconds <= time_limit and excess.mean() <= excess_limit)
            figures = {"percent_above_optimum": round(excess.mean(), 4), "at_most": round(excess.max(), 4)}
            limits = {"microseconds_limit": time_limit, "percent_limit": excess_limit}
            print(json.dumps({**row, "networks": len(excess), **figures, **limits}), flush=True)
    sys.exit(0 if met else 1)


main()
