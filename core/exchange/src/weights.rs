//! The tensors of one published network, by name and shape.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use equigen_core::tensors::HostTensor;
use equigen_core::{Error, Result};

use crate::source::{Found, visit};

/// The state dict of one file: PyTorch's, safetensors or npz, told by its bytes.
#[derive(Debug)]
pub struct Weights {
    path: PathBuf,
    tensors: HashMap<String, HostTensor>,
}

impl Weights {
    /// Reads a file.
    ///
    /// # Errors
    /// If it is missing, damaged, runs code, or holds no state dict or several; the message names it.
    pub fn read(path: &Path) -> Result<Self> {
        let named = |error: Error| error.within(format!("`{}`", path.display()));
        if !path.is_file() {
            return Err(named(Error::failed("there is no such file; check the path")));
        }
        let mut states = Vec::new();
        visit(path, &mut |batch| {
            for (_, found) in batch {
                match found.map_err(named)? {
                    Found::States(found) => states.extend(found),
                    Found::Split(_) | Found::Nothing => (),
                }
            }
            Ok(())
        })?;
        let count = states.len();
        let (Some(state), true) = (states.pop(), count == 1) else {
            let text = format!("it holds {count} state dicts, and one is needed; save `model.state_dict()` alone");
            return Err(named(Error::failed(text)));
        };
        Ok(Self { path: path.to_owned(), tensors: state.tensors.into_iter().collect() })
    }

    /// Takes the values of a tensor of this name and shape.
    ///
    /// # Errors
    /// If there is none, or it has another shape; the message names tensor and file.
    pub fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let wrong = |text: String| Err(Error::failed(format!("`{}`: {text}", self.path.display())));
        match self.tensors.remove(name) {
            Some(tensor) if tensor.shape == shape => Ok(tensor.values),
            Some(tensor) => {
                wrong(format!("tensor `{name}` is {:?}, not {shape:?}: it is of another network", tensor.shape))
            }
            None => wrong(format!("tensor `{name}` is missing: it is of another network, or not whole")),
        }
    }
}
