//! PyTorch's files: `torch.save(model.state_dict(), …)`, read without Python and without running anything.
//!
//! Since PyTorch 1.6 a file is a zip archive: `NAME/data.pkl` describes the tensors, `NAME/data/KEY` holds the bytes of a
//! storage. Before that it was a row of pickles with the storages after them. Both are read, the former is written.

mod pickle;
mod value;
mod write;

use std::collections::HashMap;

use equigen_core::tensors::HostTensor;
use equigen_core::{Error, Result};

use crate::archive::Zip;
use crate::state::StateDict;
use pickle::{Unpickled, unpickle};
use value::{Id, Node, Objects, Tensor};

pub(crate) use write::state_dict as write;

/// How a file of PyTorch before 1.6 begins: a pickle of protocol 2 with the number 0x1950a86a20f9469cfc6c.
pub(crate) const LEGACY: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
/// The entry in which our own files say what the network is.
const METADATA: &str = "equigen.json";
/// How deep state dicts may lie in what was saved.
const DEEPEST: usize = 6;

/// Reads a zip archive of PyTorch.
pub(crate) fn read_zip(mut zip: Zip<'_>) -> Result<Vec<StateDict>> {
    let name = zip.find("data.pkl").ok_or_else(|| Error::failed("it has no `data.pkl`: it is no file of PyTorch"))?;
    let folder = name.trim_end_matches("data.pkl").to_owned();
    if let Ok(order) = zip.read(&format!("{folder}byteorder"))
        && order != b"little"
    {
        return Err(Error::failed("its numbers are big-endian; save it on a little-endian machine"));
    }
    let metadata = zip.read(&format!("{folder}{METADATA}")).ok();
    let metadata = metadata.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let pickle = zip.read(&name)?;
    let unpickled = unpickle(&pickle)?;
    let mut storages: HashMap<String, Vec<u8>> = HashMap::new();
    let tensors = |tensor: &Tensor| {
        let key = &tensor.storage.key;
        if !storages.contains_key(key) {
            storages.insert(key.clone(), zip.read(&format!("{folder}data/{key}"))?);
        }
        tensor.values(&storages[key])
    };
    let mut found = state_dicts(&unpickled.objects, unpickled.root, tensors)?;
    for state in &mut found {
        state.metadata.clone_from(&metadata);
    }
    Ok(found)
}

/// Reads a file from before PyTorch 1.6.
pub(crate) fn read_legacy(bytes: &[u8]) -> Result<Vec<StateDict>> {
    let mut rest = bytes;
    let mut next = || -> Result<Unpickled> {
        let unpickled = unpickle(rest)?;
        rest = &rest[unpickled.length..];
        Ok(unpickled)
    };
    // A magic number, the version of the protocol, sizes of types on the machine that wrote it; then the objects.
    for _ in 0..3 {
        next()?;
    }
    let (main, keys) = (next()?, next()?);
    let keys = keys.objects.texts(keys.root)?;
    // Each storage is the number of its numbers and then these; their type stands in the objects.
    let short = || Error::failed("it ends early; save it again or restore it");
    let sizes = main.objects.storages();
    let mut storages: HashMap<&str, &[u8]> = HashMap::new();
    for key in &keys {
        let size = sizes.get(key.as_str()).ok_or_else(|| Error::failed(format!("nothing uses its storage `{key}`")))?;
        let (count, after) = rest.split_first_chunk::<8>().ok_or_else(short)?;
        let length = usize::try_from(u64::from_le_bytes(*count)).ok().and_then(|count| count.checked_mul(*size));
        let (numbers, after) = length.and_then(|length| after.split_at_checked(length)).ok_or_else(short)?;
        storages.insert(key, numbers);
        rest = after;
    }
    state_dicts(&main.objects, main.root, |tensor| {
        tensor.values(storages.get(tensor.storage.key.as_str()).ok_or_else(short)?)
    })
}

/// The state dicts in what was saved: dicts with a tensor whose name ends in `weight`.
fn state_dicts(
    objects: &Objects,
    root: Id,
    mut values: impl FnMut(&Tensor) -> Result<Vec<f32>>,
) -> Result<Vec<StateDict>> {
    let mut found = Vec::new();
    let mut visits = 0usize;
    // Last in, first out: what is pushed in reverse comes in order.
    let mut open = vec![(root, String::new(), 0)];
    while let Some((id, path, depth)) = open.pop() {
        // One object may stand in many places, so that the walk can be far longer than the file.
        visits += 1;
        if visits > objects.len() {
            return Err(Error::failed("its objects hold each other over and over; save `model.state_dict()` alone"));
        }
        let children: Vec<(Id, String)> = match objects.get(id) {
            Node::Dict(items) => {
                let named = items.iter().filter_map(|(key, value)| Some((*value, objects.text(*key).ok()?.to_owned())));
                let (tensors, others): (Vec<_>, Vec<_>) =
                    named.partition(|(value, _)| matches!(objects.get(*value), Node::Tensor(_)));
                if tensors.iter().any(|(_, name)| name.ends_with("weight")) {
                    found.push(state_dict(objects, &path, &tensors, &mut values)?);
                    continue;
                }
                let under = |name: String| if path.is_empty() { name } else { format!("{path}.{name}") };
                others.into_iter().map(|(value, name)| (value, under(name))).collect()
            }
            Node::List(items) | Node::Tuple(items) => {
                items.iter().enumerate().map(|(i, item)| (*item, format!("{path}[{i}]"))).collect()
            }
            _ => continue,
        };
        if depth < DEEPEST {
            open.extend(children.into_iter().rev().map(|(child, path)| (child, path, depth + 1)));
        }
    }
    if found.is_empty() {
        return Err(Error::failed("it holds no state dict: no tensor `….weight`; save `model.state_dict()`"));
    }
    Ok(found)
}

fn state_dict(
    objects: &Objects,
    path: &str,
    tensors: &[(Id, String)],
    values: &mut impl FnMut(&Tensor) -> Result<Vec<f32>>,
) -> Result<StateDict> {
    let mut state = StateDict { path: path.to_owned(), ..StateDict::default() };
    for (id, name) in tensors {
        if let Node::Tensor(tensor) = objects.get(*id) {
            let values = values(tensor).map_err(|error| error.within(format!("`{name}`")))?;
            state.tensors.push((name.clone(), HostTensor { shape: tensor.shape.clone(), values }));
        }
    }
    Ok(state)
}
