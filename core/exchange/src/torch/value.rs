//! What a pickle makes: containers, numbers, texts, storages and tensors, each by its index in one list.
//!
//! Containers hold indices, so that two names of one object stay one, and nothing nests: a pickle of a million lists in
//! each other is read and dropped like any other.

use std::collections::HashMap;

use equigen_core::{Error, Result};

use super::pickle::refused;
use crate::dtype::Dtype;

/// Index of an object.
pub(super) type Id = usize;

/// Objects that a pickle may make: state dicts of ten thousand networks in one file have a million.
const MOST_OBJECTS: usize = 1 << 24;

/// An object.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    /// A name that stands for what it makes.
    Global(Global),
    Storage(Storage),
    Tensor(Tensor),
    /// An integer beyond 64 bits, which nothing here needs.
    Other,
}

/// The names that a pickle may use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Global {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    /// The type of a storage.
    Storage(Dtype),
}

/// Numbers of one type, kept beside the pickle.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Storage {
    pub(super) dtype: Dtype,
    /// Its name in the file.
    pub(super) key: String,
    /// How many numbers.
    pub(super) count: usize,
}

/// A view of a storage.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tensor {
    pub(super) storage: Storage,
    pub(super) offset: usize,
    pub(super) shape: Vec<usize>,
    pub(super) strides: Vec<usize>,
}

impl Node {
    /// What a name stands for.
    pub(super) fn global(module: &str, name: &str) -> Option<Self> {
        let storage = |name: &str| Dtype::of_torch(name.strip_suffix("Storage")?);
        Some(Self::Global(match (module, name) {
            ("collections", "OrderedDict") => Global::OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2") => Global::RebuildTensor,
            ("torch._utils", "_rebuild_parameter") => Global::RebuildParameter,
            ("torch", name) => Global::Storage(storage(name)?),
            _ => return None,
        }))
    }
}

/// All objects of a pickle.
#[derive(Debug, Default)]
pub(super) struct Objects(Vec<Node>);

impl Objects {
    pub(super) fn add(&mut self, node: Node) -> Result<Id> {
        if self.0.len() == MOST_OBJECTS {
            return Err(Error::failed(format!("its pickle has more than {MOST_OBJECTS} objects; split the file")));
        }
        self.0.push(node);
        Ok(self.0.len() - 1)
    }

    pub(super) fn get(&self, id: Id) -> &Node {
        &self.0[id]
    }

    pub(super) fn get_mut(&mut self, id: Id) -> &mut Node {
        &mut self.0[id]
    }

    pub(super) fn text(&self, id: Id) -> Result<&str> {
        match self.get(id) {
            Node::Text(text) => Ok(text),
            _ => Err(wrong("a name")),
        }
    }

    /// The texts of a list.
    pub(super) fn texts(&self, id: Id) -> Result<Vec<String>> {
        match self.get(id) {
            Node::List(items) => items.iter().map(|item| Ok(self.text(*item)?.to_owned())).collect(),
            _ => Err(wrong("a list of names")),
        }
    }

    /// How many objects there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Bytes of a number in each storage, by the storage's name.
    pub(super) fn storages(&self) -> HashMap<&str, usize> {
        let storages =
            self.0.iter().filter_map(|node| if let Node::Storage(storage) = node { Some(storage) } else { None });
        storages.map(|storage| (storage.key.as_str(), storage.dtype.size())).collect()
    }

    fn tuple(&self, id: Id) -> Result<&[Id]> {
        match self.get(id) {
            Node::Tuple(items) => Ok(items),
            _ => Err(wrong("a tuple")),
        }
    }

    fn count(&self, id: Id) -> Result<usize> {
        match self.get(id) {
            Node::Int(value) => usize::try_from(*value).map_err(|_| wrong("a number of at least 0")),
            _ => Err(wrong("an integer")),
        }
    }

    fn counts(&self, id: Id) -> Result<Vec<usize>> {
        self.tuple(id)?.iter().map(|id| self.count(*id)).collect()
    }

    /// What one of the known names makes of its arguments.
    pub(super) fn call(&self, function: Id, arguments: Id) -> Result<Node> {
        let Node::Global(function) = self.get(function) else {
            return Err(refused("calls what is no function"));
        };
        match (function, self.tuple(arguments)?) {
            (Global::OrderedDict, []) => Ok(Node::Dict(vec![])),
            (Global::OrderedDict, [pairs]) => {
                let Node::List(pairs) = self.get(*pairs) else { return Err(wrong("a list of pairs")) };
                let pair = |id: &Id| match self.get(*id) {
                    Node::Tuple(pair) | Node::List(pair) if pair.len() == 2 => Ok((pair[0], pair[1])),
                    _ => Err(wrong("a pair")),
                };
                Ok(Node::Dict(pairs.iter().map(pair).collect::<Result<_>>()?))
            }
            (Global::RebuildTensor, [storage, offset, shape, strides, ..]) => {
                let Node::Storage(storage) = self.get(*storage) else { return Err(wrong("a storage")) };
                let (shape, strides) = (self.counts(*shape)?, self.counts(*strides)?);
                if shape.len() != strides.len() {
                    return Err(wrong("as many strides as axes"));
                }
                Ok(Node::Tensor(Tensor { storage: storage.clone(), offset: self.count(*offset)?, shape, strides }))
            }
            (Global::RebuildParameter, [tensor, ..]) if matches!(self.get(*tensor), Node::Tensor(_)) => {
                Ok(self.get(*tensor).clone())
            }
            _ => Err(wrong("other arguments")),
        }
    }

    /// The storage of a persistent name `("storage", type, key, location, count, view?)`.
    pub(super) fn storage(&self, name: Id) -> Result<Node> {
        match self.tuple(name)? {
            [kind, dtype, key, _, count, view @ ..] if self.text(*kind)? == "storage" => {
                let Node::Global(Global::Storage(dtype)) = self.get(*dtype) else {
                    return Err(wrong("a storage type"));
                };
                if view.iter().any(|view| *self.get(*view) != Node::None) {
                    return Err(refused("names a view of a storage, as files before PyTorch 0.4 do"));
                }
                let (key, count) = (self.text(*key)?.to_owned(), self.count(*count)?);
                Ok(Node::Storage(Storage { dtype: *dtype, key, count }))
            }
            _ => Err(wrong("the name of a storage")),
        }
    }
}

fn wrong(expected: &str) -> Error {
    Error::failed(format!("its pickle does not describe tensors: expected {expected}; save `model.state_dict()` anew"))
}

impl Tensor {
    /// Its numbers, row by row, out of the bytes of its storage.
    pub(super) fn values(&self, bytes: &[u8]) -> Result<Vec<f32>> {
        let outside = || Error::failed(format!("a tensor {:?} does not fit its storage; save it again", self.shape));
        let length = self.shape.iter().try_fold(1usize, |length, extent| length.checked_mul(*extent));
        // Strides of 0 could make any number of entries of one.
        let length = length.filter(|length| *length <= self.storage.count).ok_or_else(outside)?;
        if length == 0 {
            return Ok(vec![]);
        }
        let reach = |(extent, stride): (&usize, &usize)| (extent - 1).checked_mul(*stride);
        let last = self.shape.iter().zip(&self.strides).map(reach);
        let last = last.chain([Some(self.offset)]).try_fold(0usize, |sum, next| sum.checked_add(next?));
        let size = self.storage.dtype.size();
        let last = last.filter(|last| *last < self.storage.count && *last < bytes.len() / size).ok_or_else(outside)?;
        let mut step = 1;
        let dense = self.shape.iter().zip(&self.strides).rev().all(|(extent, stride)| {
            let fits = *extent == 1 || *stride == step;
            step *= extent;
            fits
        });
        if dense {
            return Ok(self.storage.dtype.singles(&bytes[self.offset * size..(last + 1) * size]));
        }
        let all = self.storage.dtype.singles(&bytes[..(last + 1) * size]);
        let entry = |mut index: usize| {
            let axes = self.shape.iter().zip(&self.strides).rev();
            axes.fold(self.offset, |place, (extent, stride)| {
                let along = index % extent;
                index /= extent;
                place + along * stride
            })
        };
        Ok((0..length).map(|index| all[entry(index)]).collect())
    }
}
