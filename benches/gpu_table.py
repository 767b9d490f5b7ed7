"""The table of benches/gpu.sh, from its folder: stage times on a GPU and on the processor, and the GPU's utilisation."""
import csv
import datetime
import json
import os
import statistics
import sys

OUT, NAME = sys.argv[1], sys.argv[2]
DEVICES = ["libtorch-cuda-0", "flex", "libtorch"]
STAGES = ["fit", "split", "expand", "judge", "pretrain", "train", "adapt", "sample", "evaluate"]


def run(folder):
    with open(os.path.join(OUT, folder, NAME, "run.json")) as file:
        stages = json.load(file)["stages"]
    return {stage: stages[stage]["seconds"] for stage in STAGES if stage in stages}


def spans(folder):
    """When each stage began and ended, in seconds of the clock."""
    begun, ended = {}, {}
    with open(os.path.join(OUT, folder, NAME, "events.jsonl")) as file:
        for event in map(json.loads, file):
            if event["event"] in ("started", "finished"):
                (begun if event["event"] == "started" else ended)[event["stage"]] = event["time"]
    return {stage: (begun[stage], ended[stage]) for stage in ended}


def samples():
    """Time, utilisation in percent and memory in MiB, as nvidia-smi writes them."""
    with open(os.path.join(OUT, "gpu.csv")) as file:
        for row in csv.reader(file):
            if len(row) < 3:
                continue
            when = datetime.datetime.strptime(row[0].strip(), "%Y/%m/%d %H:%M:%S.%f").timestamp()
            yield when, float(row[1]), float(row[2])


def main():
    runs, seen, stages = {device: run(device) for device in DEVICES}, list(samples()), spans(DEVICES[0])
    print("| stage | GPU, s | flex, s | libtorch on the processor, s | GPU busy | memory, MiB |")
    print("|---|---|---|---|---|---|")
    for stage in STAGES:
        first, last = stages[stage]
        during = [(busy, memory) for when, busy, memory in seen if first <= when <= last]
        busy = f"{statistics.mean(busy for busy, _ in during):.0f} %" if during else "under a second"
        memory = f"{max(memory for _, memory in during):.0f}" if during else ""
        seconds = " | ".join(f"{runs[device][stage]:.1f}" for device in DEVICES)
        print(f"| {stage} | {seconds} | {busy} | {memory} |")
    print("| sum | " + " | ".join(f"{sum(runs[device].values()):.1f}" for device in DEVICES) + " | | |")
    autodiff = run("autodiff")["fit"]
    print(f"\n`fit` by `autodiff` on the GPU: {autodiff:.1f} s. The rows above fit by the pipeline's fitter, on the processor.")
    single, rounded = run("f32"), run("bf16")
    both = ", ".join(f"{stage} {single[stage]:.1f} and {rounded[stage]:.1f}" for stage in ("pretrain", "train"))
    print(f"Seconds on the GPU in f32 and in bf16: {both}.\n")
    rates = {}
    for device in DEVICES:
        with open(os.path.join(OUT, f"bench-{device}.json")) as file:
            for row in json.load(file):
                if "milliseconds_a_step" in row:
                    rates.setdefault(row["work"], {})[device] = row["milliseconds_a_step"]
    with open(os.path.join(OUT, "peak.json")) as peak, open(os.path.join(OUT, "torch.json")) as eager:
        peak, eager = json.load(peak), {row["work"]: row for row in json.load(eager)}
    print("| a training step, ms | GPU | flex | libtorch on the processor | PyTorch on the GPU | share of peak |")
    print("|---|---|---|---|---|---|")
    for work, by in rates.items():
        theirs, share = "", ""
        if work in eager:
            theirs = f"{eager[work]['milliseconds_a_step']:.2f}"
        if work.startswith("denoiser"):
            # Two operations for each parameter and network forward, four backward.
            teraflops = 6 * 64 * eager[work]["parameters"] / (by[DEVICES[0]] / 1e3) / 1e12
            share = f"{teraflops / peak['f32']:.1%}"
        print(f"| {work} | " + " | ".join(f"{by[device]:.2f}" for device in DEVICES) + f" | {theirs} | {share} |")
    print(f"\nPeak: a matrix product of 8192 x 8192 in the same run, {peak['f32']:.1f} TFLOP/s in f32, {peak['bf16']:.1f} in bf16.")


main()
