#!/usr/bin/env bash
# On a machine with an NVIDIA GPU: builds equigen with libtorch for CUDA, runs `examples/mnist.toml` on the GPU and on the
# processor, and writes a table of stage times with the GPU's utilisation. One command, no settings:
#
#     benches/gpu.sh [PIPELINE.toml]        # examples/mnist.toml by default; examples/mnist-quick.toml for a first look
#
# All of it lies in target/gpu: the table (table.md), both runs, `nvidia-smi`'s samples (gpu.csv) and the rates of training steps.
set -euo pipefail
cd "$(dirname "$0")/.."
pipeline=${1:-examples/mnist.toml}
out=target/gpu
name=$(basename "$pipeline" .toml)

command -v nvidia-smi >/dev/null || { echo "error: nvidia-smi is missing: this needs an NVIDIA GPU and its driver" >&2; exit 1; }
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv
mkdir -p "$out"

scripts/libtorch.sh --cuda >"$out/environment"
# The first line names the folder; the programs carry its path.
eval "$(grep '^export LIBTORCH=' "$out/environment")"
cargo build --release --features libtorch
equigen=target/release/equigen
"$equigen" devices
"$equigen" devices --json | grep -q '"libtorch:cuda:0"' || { echo "error: libtorch finds no GPU; see above" >&2; exit 1; }
cargo nextest run --release --features libtorch --test devices --test reads ||
    cargo test --release --features libtorch --test devices --test reads

# Once a second: time, share of the second in which the GPU computed, memory, power.
nvidia-smi --query-gpu=timestamp,utilization.gpu,memory.used,power.draw --format=csv,noheader,nounits -l 1 -i 0 >"$out/gpu.csv" &
watcher=$!
trap 'kill "$watcher" 2>/dev/null || true' EXIT

# Each from nothing: a folder has a store of its own beside it.
for device in libtorch:cuda:0 flex libtorch; do
    folder=$out/${device//:/-}
    rm -rf "$folder"
    "$equigen" run "$pipeline" --device "$device" --run "$folder/$name"
done
# On the GPU by `autodiff` too: `fused`, which the pipeline names, is the processor's on every device.
rm -rf "$out/autodiff"
"$equigen" run "$pipeline" --device libtorch:cuda:0 -s fit.fitter.type=autodiff --until fit --run "$out/autodiff/$name"
for precision in f32 bf16; do
    rm -rf "$out/$precision"
    "$equigen" run "$pipeline" --device libtorch:cuda:0 -s precision="\"$precision\"" --until train --run "$out/$precision/$name"
done
for device in libtorch:cuda:0 flex libtorch; do
    "$equigen" bench encode train sample --device "$device" --json >"$out/bench-${device//:/-}.json"
done
# The peak, and the same steps in PyTorch, by the PyTorch whose libraries equigen runs on.
target/pytorch/bin/python benches/peers/peak_torch.py >"$out/peak.json"
target/pytorch/bin/python benches/peers/train_torch.py --device cuda >"$out/torch.json"
kill "$watcher"
trap - EXIT
python3 benches/gpu_table.py "$out" "$name" | tee "$out/table.md"
