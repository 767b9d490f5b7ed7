#!/usr/bin/env bash
# Brings libtorch 2.9.0, which the feature `libtorch` is built against, without a person.
set -euo pipefail

version=2.9.0
source_folder=$(cd "$(dirname "$0")/.." && pwd)
target=${EQUIGEN_LIBTORCH:-$source_folder/target/libtorch}
case $target in /*) ;; *) target=$PWD/$target ;; esac
wheels=$target.wheels

usage() {
    cat <<EOF
usage: scripts/libtorch.sh [--env | --pytorch | --cuda | --help]

  (nothing)   libtorch $version for the CPU, from PyTorch's wheel, into target/libtorch: 0.9 GB to download, 0.5 GB kept
  --env       print the environment for a build with what is there, and nothing else: eval "\$(scripts/libtorch.sh --env)"
  --pytorch   the same for the PyTorch $version that \`python3\` imports (in a virtual environment: \`python\`)
  --cuda      PyTorch $version with CUDA 12.8 into target/pytorch, for NVIDIA GPUs: 3 GB to download, 7 GB kept

EQUIGEN_LIBTORCH names another folder than target/libtorch. What is there already is left as it is; what was interrupted
is finished by the same call. Each way, and what is refused: docs/devices.md
EOF
}

say() { echo "libtorch: $*" >&2; }
fail() { echo "error: $*" >&2; exit 1; }

# What is taken of each wheel, and the wheel's SHA-256. Any Python's wheel holds the same libraries: this is 3.12's.
torch_wheel=torch-2.9.0-cp312-cp312-manylinux_2_28_x86_64.whl
cupti_wheel=nvidia_cuda_cupti_cu12-12.8.90-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl
cudart_wheel=nvidia_cuda_runtime_cu12-12.8.90-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl
sum_of() {
    case $1 in
        "$torch_wheel") echo 01cff95ecd9a212ea2f141db28acccdceb6a4c54f64e6c51091146f5e2a772c6 ;;
        "$cupti_wheel") echo ea0cb07ebda26bb9b29ba82cda34849e73c166c18162d3913575b0c9db9a6182 ;;
        "$cudart_wheel") echo adade8dcbd0edf427b7204d480d6066d33902cab2a4707dcfc48a2d0fd44ab90 ;;
    esac
}
# Bytes of the libraries once unpacked. The wheel's libtorch_cpu.so was made for CUDA: it names two of its libraries,
# which do nothing on a machine without a GPU but must be found.
libraries="libtorch_cpu.so 436943057
libc10.so 1457769
libgomp.so.1 254337
libcupti.so.12 7595792
libcudart.so.12 728800"

# Whether everything lies in $target: sizes only, since the wheels' sums were checked before they were unpacked.
whole() {
    [ "$(cat "$target/build-version" 2>/dev/null)" = "$version" ] || return 1
    [ -e "$target/lib/libtorch.so" ] && [ -f "$target/include/torch/csrc/api/include/torch/version.h" ] || return 1
    local name bytes
    while read -r name bytes; do
        [ "$(stat -c %s "$target/lib/$name" 2>/dev/null)" = "$bytes" ] || return 1
    done <<<"$libraries"
}

need_python() {
    command -v python3 >/dev/null || fail "python3 is missing, which fetches and unpacks the wheels; install it"
    python3 -m pip --version >/dev/null 2>&1 || fail "python3 has no pip; install it (Debian: python3-pip)"
}

# Free space for $1 megabytes in the folder of $2.
need_space() {
    local folder free
    folder=$(dirname "$2")
    mkdir -p "$folder"
    free=$(($(df -Pk "$folder" | awk 'NR == 2 { print $4 }') / 1024))
    [ "$free" -ge "$1" ] || fail "$folder has $free MB of free space, and $1 MB are needed; free some, or name a folder" \
        "elsewhere with EQUIGEN_LIBTORCH"
}

is_right() {
    [ -f "$1" ] && [ "$(sha256sum <"$1" | cut -d ' ' -f 1)" = "$(sum_of "$(basename "$1")")" ]
}

# The wheel $1 of the package $2, into $wheels, unless it is there and whole.
fetch() {
    local file=$wheels/$1
    if is_right "$file"; then
        say "$2: here already"
        return
    fi
    rm -f "$file"
    say "$2: downloading"
    python3 -m pip download --quiet --no-deps --only-binary=:all: --dest "$wheels" --implementation cp \
        --python-version 3.12 --abi cp312 --abi none --platform manylinux_2_28_x86_64 \
        --platform manylinux2014_x86_64 --platform manylinux_2_17_x86_64 "$2" >&2 ||
        fail "pip could not download $2; look at its message above, and call this again: what is finished is kept"
    [ -f "$file" ] || fail "pip brought another file than $1: $(ls "$wheels")"
    is_right "$file" || fail "$file is not what was expected (its SHA-256 differs); remove it and call this again"
}

unpack() {
    rm -rf "$target.partial"
    mkdir -p "$target.partial/lib"
    python3 - "$target.partial" "$wheels/$torch_wheel" "$wheels/$cupti_wheel" "$wheels/$cudart_wheel" <<'EOF'
import pathlib, shutil, sys, zipfile

into = pathlib.Path(sys.argv[1])
libraries = {"libtorch_cpu.so", "libc10.so", "libgomp.so.1", "libcupti.so.12", "libcudart.so.12"}
for wheel in sys.argv[2:]:
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            path = pathlib.PurePosixPath(member.filename)
            if path.name in libraries and path.parent.name == "lib":
                to = into / "lib" / path.name
            elif path.parts[:2] == ("torch", "include") and not member.is_dir():
                to = into.joinpath(*path.parts[1:])
            else:
                continue
            to.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as source, open(to, "wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
EOF
    # The wheel's libtorch.so is empty but for the names of the CPU's library and CUDA's.
    ln -s libtorch_cpu.so "$target.partial/lib/libtorch.so"
    # Read by the build script of the crate `torch-sys`, which refuses another version.
    echo "$version" >"$target.partial/build-version"
    rm -rf "$target"
    mv "$target.partial" "$target"
}

bring_cpu() {
    if whole; then
        say "$version for the CPU is in $target"
        return
    fi
    [ "$(uname -s) $(uname -m)" = "Linux x86_64" ] ||
        fail "these libraries are for Linux on x86_64; elsewhere install PyTorch $version and use --pytorch"
    # It is replaced below, and this script has never left one without that file.
    if [ -n "$(ls -A "$target" 2>/dev/null)" ] && [ ! -f "$target/build-version" ]; then
        fail "$target holds something else; remove it, or name another folder with EQUIGEN_LIBTORCH"
    fi
    need_python
    # Two calls at once take turns.
    mkdir -p "$wheels"
    exec 9>"$wheels/lock"
    flock 9
    if whole; then
        return
    fi
    need_space 1600 "$target"
    fetch "$torch_wheel" torch==2.9.0
    fetch "$cupti_wheel" nvidia-cuda-cupti-cu12==12.8.90
    fetch "$cudart_wheel" nvidia-cuda-runtime-cu12==12.8.90
    say "unpacking into $target"
    unpack
    whole || fail "$target is not whole after unpacking; remove it and call this again"
    rm -rf "$wheels"
}

bring_cuda() {
    local folder=$source_folder/target/pytorch
    need_python
    if [ ! -x "$folder/bin/python" ]; then
        need_space 12000 "$folder"
        say "making a virtual environment in $folder"
        python3 -m venv "$folder" || fail "python3 cannot make a virtual environment (Debian: python3-venv)"
    fi
    # Fast when it is there; pip checks each wheel against the sum that its index states.
    say "torch==$version with CUDA 12.8 into $folder"
    "$folder/bin/python" -m pip install --quiet "torch==$version" setuptools >&2 ||
        fail "pip could not install torch==$version; look at its message above (Python must be 3.10 to 3.14)"
    target=$("$folder/bin/python" -c 'import pathlib, torch; print(pathlib.Path(torch.__file__).parent)')
    [ -f "$target/lib/libtorch_cuda.so" ] || fail "$target holds no CUDA libraries: pip brought the CPU's build; remove" \
        "$folder and take PyTorch's index for CUDA 12.8 as pip's index"
}

# The environment for an installed PyTorch: its folder must be named at build time only.
pytorch_environment() {
    local python=python3 answer
    [ -z "${VIRTUAL_ENV:-}" ] || python=python
    # What the build script of `torch-sys` asks, so that it is refused here with a remedy rather than there.
    answer=$("$python" -c 'import torch
from torch.utils import cpp_extension
print(torch.__version__.split("+")[0], torch._C._GLIBCXX_USE_CXX11_ABI, cpp_extension.library_paths()[0])' 2>&1) ||
        fail "\`$python\` cannot tell of its PyTorch; install it with \`$python -m pip install torch==$version setuptools\`:" \
            "$(echo "$answer" | tail -n 1)"
    read -r found _ lib <<<"$(echo "$answer" | tail -n 1)"
    [ "$found" = "$version" ] ||
        fail "\`$python\` has PyTorch $found, and $version is needed: \`$python -m pip install torch==$version\`"
    echo "export LIBTORCH_USE_PYTORCH=1"
    echo "export LD_LIBRARY_PATH=\"$lib\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}\""
}

# LD_LIBRARY_PATH is for the unit tests of the workspace's crates only: the programs carry the folder's path.
environment() {
    echo "export LIBTORCH=\"$target\""
    echo "export LD_LIBRARY_PATH=\"$target/lib\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}\""
}

tell() {
    if [ "$target" = "$source_folder/target/libtorch" ]; then
        say "cargo finds it there (.cargo/config.toml); build with"
    else
        say "in every shell that calls cargo or \`equigen plugin build\` for this build, set the first of these, then build"
    fi
    environment
    echo "cargo build --release --features libtorch"
}

[ $# -le 1 ] || { usage >&2; exit 2; }
case ${1:-} in
    "")
        bring_cpu
        tell
        ;;
    --env)
        whole || fail "$target does not hold libtorch $version; bring it with \`scripts/libtorch.sh\`"
        environment
        ;;
    --pytorch) pytorch_environment ;;
    --cuda)
        bring_cuda
        tell
        ;;
    --help | -h) usage ;;
    *)
        usage >&2
        exit 2
        ;;
esac
