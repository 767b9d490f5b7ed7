//! safetensors files of any origin.

use equigen_core::tensors::HostTensor;
use equigen_core::{Error, Result};
use safetensors::tensor::{Dtype as Stored, SafeTensors};

use crate::dtype::Dtype;
use crate::names::natural;
use crate::state::StateDict;

/// Reads all tensors, by name.
pub(crate) fn read(bytes: &[u8]) -> Result<StateDict> {
    let damaged = |error| Error::failed(format!("not a whole safetensors file ({error}); make it again or restore it"));
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
    let file = SafeTensors::deserialize(bytes).map_err(damaged)?;
    let metadata = header.metadata().as_ref().and_then(|map| map.get("equigen")).cloned();
    let mut tensors = Vec::new();
    for (name, view) in file.iter() {
        let dtype = dtype(view.dtype())
            .ok_or_else(|| Error::failed(format!("tensor `{name}` is {:?}; save it as F32", view.dtype())))?;
        tensors
            .push((name.to_owned(), HostTensor { shape: view.shape().to_vec(), values: dtype.singles(view.data()) }));
    }
    // The file keeps no order of its own, and a network with as many outputs as inputs is a chain from any layer on.
    tensors.sort_by(|(a, _), (b, _)| natural(a, b));
    Ok(StateDict { tensors, metadata, ..StateDict::default() })
}

fn dtype(stored: Stored) -> Option<Dtype> {
    Some(match stored {
        Stored::F64 => Dtype::F64,
        Stored::F32 => Dtype::F32,
        Stored::F16 => Dtype::F16,
        Stored::BF16 => Dtype::Bf16,
        Stored::I64 => Dtype::I64,
        Stored::I32 => Dtype::I32,
        Stored::I16 => Dtype::I16,
        Stored::I8 => Dtype::I8,
        Stored::U8 => Dtype::U8,
        Stored::BOOL => Dtype::Bool,
        _ => return None,
    })
}
