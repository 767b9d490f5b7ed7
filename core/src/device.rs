//! Devices by name: `flex`, `libtorch`, `libtorch:cuda:N`.

use burn::tensor::Device;

use crate::{Error, Result};

/// Names of the devices that this build can open.
pub fn offered() -> Vec<&'static str> {
    let mut names = vec!["flex"];
    if cfg!(feature = "libtorch") {
        names.extend(["libtorch", "libtorch:cuda:N"]);
    }
    names
}

/// Opens a device by name. Never burn's default device: that one obeys the environment.
///
/// # Errors
/// If the name is unknown or this build does not offer it.
pub fn open(name: &str) -> Result<Device> {
    match name {
        "flex" => Ok(Device::flex()),
        _ if name == "libtorch" || name.starts_with("libtorch:cuda:") => open_libtorch(name),
        _ => Err(Error::config(format!("device `{name}`: unknown; this build offers {}", offered().join(", ")))),
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

#[cfg(feature = "libtorch")]
#[allow(deprecated, reason = "burn 0.22 is the last release with libtorch; this is the one place that names it")]
fn open_libtorch(name: &str) -> Result<Device> {
    match name.strip_prefix("libtorch:cuda:") {
        None => Ok(Device::libtorch()),
        Some(index) => {
            let index: usize = index.parse().map_err(|_| {
                Error::config(format!("device `{name}`: `{index}` is no GPU number; write e.g. `libtorch:cuda:0`"))
            })?;
            Ok(Device::libtorch_cuda(index))
        }
    }
}

#[cfg(not(feature = "libtorch"))]
fn open_libtorch(name: &str) -> Result<Device> {
    Err(Error::config(format!(
        "device `{name}`: this program was built without libtorch; build it with `--features libtorch`, or use `flex`"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_drops_the_index() {
        assert_eq!(kind("flex"), "flex");
        assert_eq!(kind("libtorch:cuda:1"), "libtorch:cuda");
        assert!(open("tpu").unwrap_err().to_string().contains("flex"));
        assert!(is_flex(&Device::flex().autodiff()));
    }
}
