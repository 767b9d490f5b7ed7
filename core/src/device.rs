//! Devices by name: `flex`, `libtorch`, `libtorch:cuda:N`. What this build and this machine offer of them.

use burn::tensor::Device;
use serde::Serialize;

use crate::{Error, Result};

const CPU: &str = "libtorch";
const GPU: &str = "libtorch:cuda:";
const BUILD: &str = "build the program with it: `scripts/libtorch.sh && cargo build --release --features libtorch`";
const CUDA: &str = "for CUDA, bring libtorch by `scripts/libtorch.sh --cuda` and build the program with it";

/// A device, there or not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Offer {
    /// Its name, as `--device` and the key `device` of a pipeline take it.
    pub name: String,
    /// What it is.
    pub summary: &'static str,
    /// Why it is not there and how to get it; `None` if it is there.
    pub missing: Option<String>,
}

/// Every device that this build and this machine offer, and those that they lack.
pub fn offers() -> Vec<Offer> {
    let offer = |name: &str, summary, missing| Offer { name: name.to_owned(), summary, missing };
    let lacks_libtorch = (!cfg!(feature = "libtorch")).then(|| format!("this program has no libtorch; {BUILD}"));
    let mut all = vec![
        offer("flex", "the processor, by burn's pure Rust code and equigen's own kernels", None),
        offer(CPU, "the processor, by PyTorch's library", lacks_libtorch),
    ];
    let summary = "an NVIDIA GPU, by PyTorch's library";
    let gpus = gpus();
    all.extend((0..gpus).map(|index| offer(&format!("{GPU}{index}"), summary, None)));
    if gpus == 0 {
        all.push(offer("libtorch:cuda:N", summary, Some(why_no_gpu())));
    }
    all
}

/// What a name means.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Named {
    Flex,
    Libtorch,
    Gpu(usize),
}

fn parse(name: &str) -> Result<Named> {
    if let Some(index) = name.strip_prefix(GPU) {
        let digits = !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit());
        let index = index.parse().ok().filter(|_| digits);
        let wrong = || Error::config(format!("device `{name}`: write the number of a GPU, `{GPU}0` for the first"));
        return index.map(Named::Gpu).ok_or_else(wrong);
    }
    let hint = match name {
        "flex" => return Ok(Named::Flex),
        CPU => return Ok(Named::Libtorch),
        // What whoever knows PyTorch or burn would write.
        "cpu" => format!("did you mean `flex` or `{CPU}`?"),
        _ if matches!(kind(name), "cuda" | "gpu" | "libtorch:cuda") => format!("did you mean `{GPU}0`?"),
        _ => crate::registry::suggest(name, ["flex", CPU, "libtorch:cuda:0"].into_iter()),
    };
    Err(Error::config(format!("device `{name}`: there is none of this name; {hint}")))
}

/// Opens a device by name. Never burn's default device: that one obeys the environment.
///
/// # Errors
/// If there is none of that name, this build has no libtorch, or there is no such GPU; the message says what to do.
pub fn open(name: &str) -> Result<Device> {
    let refused = |why: String| Error::config(format!("device `{name}`: {why}"));
    match parse(name)? {
        Named::Flex => Ok(Device::flex()),
        Named::Libtorch => libtorch::open(None).map_err(refused),
        Named::Gpu(index) => match gpus() {
            0 => Err(refused(why_no_gpu())),
            count if index >= count => {
                Err(refused(format!("there are {count} GPUs, numbered from 0; see `equigen devices`")))
            }
            _ => libtorch::open(Some(index)).map_err(refused),
        },
    }
}

/// The kind of a device name, without its index: part of every stage key.
pub fn kind(name: &str) -> &str {
    name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches(':')
}

/// Whether tensors of this device live in host memory on burn's pure Rust backend, where our own kernels can run.
pub fn is_flex(device: &Device) -> bool {
    use burn::backend::DispatchDevice;
    matches!(device.clone().inner().as_dispatch(), DispatchDevice::Flex(_))
}

/// Whether tensors of this device live in the memory of a GPU.
pub fn is_gpu(device: &Device) -> bool {
    libtorch::is_gpu(device.clone().inner().as_dispatch())
}

/// GPUs that libtorch can use.
pub fn gpus() -> usize {
    libtorch::gpus()
}

fn why_no_gpu() -> String {
    let machine = if ["/dev/nvidia0", "/dev/dxg"].iter().any(|path| std::path::Path::new(path).exists()) {
        "though this machine has one"
    } else {
        "and this machine shows none (`/dev/nvidia0` is missing: it takes an NVIDIA GPU and its driver)"
    };
    match (cfg!(feature = "libtorch"), loaded("libtorch_cuda.so")) {
        (false, _) => format!("this program has no libtorch; {BUILD}; {CUDA}"),
        (true, false) => format!("the libtorch of this program is for the CPU, {machine}; {CUDA}"),
        (true, true) => format!("libtorch finds no GPU, {machine}; look at what `nvidia-smi` says of driver and GPU"),
    }
}

/// Whether this process has loaded a library of this name.
fn loaded(library: &str) -> bool {
    std::fs::read_to_string("/proc/self/maps").is_ok_and(|maps| maps.contains(library))
}

#[cfg(feature = "libtorch")]
#[allow(deprecated, reason = "burn 0.22 is the last release with libtorch; this is the one place that names it")]
mod libtorch {
    use burn::backend::{DispatchDevice, LibTorchDevice};
    use burn::tensor::{Device, DeviceType};

    pub(super) fn is_gpu(device: &DispatchDevice) -> bool {
        matches!(device, DispatchDevice::LibTorch(LibTorchDevice::Cuda(_)))
    }

    pub(super) fn open(gpu: Option<usize>) -> Result<Device, String> {
        Ok(gpu.map_or_else(Device::libtorch, Device::libtorch_cuda))
    }

    pub(super) fn gpus() -> usize {
        Device::enumerate(DeviceType::LibTorch).len()
    }
}

#[cfg(not(feature = "libtorch"))]
mod libtorch {
    use burn::backend::DispatchDevice;
    use burn::tensor::Device;

    pub(super) fn is_gpu(_: &DispatchDevice) -> bool {
        false
    }

    pub(super) fn open(_: Option<usize>) -> Result<Device, String> {
        Err(format!("this program has no libtorch; {}, or use `flex`", super::BUILD))
    }

    pub(super) fn gpus() -> usize {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_drops_the_index() {
        assert_eq!(kind("flex"), "flex");
        assert_eq!(kind("libtorch"), "libtorch");
        assert_eq!(kind("libtorch:cuda:1"), "libtorch:cuda");
        assert!(is_flex(&Device::flex().autodiff()));
    }

    #[test]
    fn names_are_read_and_mistakes_say_what_to_write() {
        assert_eq!(parse("libtorch:cuda:12").ok(), Some(Named::Gpu(12)));
        for (name, part) in [
            ("tpu", "flex"),
            ("cuda:1", "libtorch:cuda:0"),
            ("cpu", "`libtorch`"),
            ("libtorch:cuda", "libtorch:cuda:0"),
            ("libtorch:cuda:x", "the number of a GPU"),
            ("libtorch:cuda:+1", "the number of a GPU"),
            ("libtorch:mps", "did you mean"),
        ] {
            let text = open(name).expect_err(name).to_string();
            assert!(text.contains(name) && text.contains(part), "{name}: {text}");
        }
    }

    #[test]
    fn what_is_offered_opens_and_what_is_missing_says_how_to_get_it() {
        for Offer { name, missing, .. } in offers() {
            let opened = open(&name.replace(":N", ":0"));
            assert_eq!(opened.is_ok(), missing.is_none(), "{name}");
            if let (Err(error), Some(missing)) = (opened, missing) {
                assert!(error.to_string().contains("scripts/libtorch.sh") || missing.contains("nvidia-smi"), "{error}");
            }
        }
    }
}
