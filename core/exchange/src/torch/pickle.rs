//! The part of Python's pickle language in which state dicts are written, and nothing more.
//!
//! A pickle is a program for a stack machine, and one of its instructions calls any function by name. This machine knows
//! the containers, the numbers, and the few names from which PyTorch makes tensors; they stand for entries of a table, not
//! for code. Every other name ends the reading with an error, so nothing is ever executed.
//!
//! Source: CPython's `pickletools`, protocols 0 to 5, and PyTorch's `torch/_weights_only_unpickler.py` for the names.

use std::collections::HashMap;

use equigen_core::{Error, Result};

use super::value::{Id, Node, Objects};

/// What a pickle left behind.
#[derive(Debug)]
pub(super) struct Unpickled {
    /// Everything that it made.
    pub(super) objects: Objects,
    /// Its result.
    pub(super) root: Id,
    /// Bytes up to and with its last instruction.
    pub(super) length: usize,
}

/// Reads the pickle at the start of `bytes`.
///
/// # Errors
/// If it is cut short, names anything that no tensor needs, or is no pickle.
pub(super) fn unpickle(bytes: &[u8]) -> Result<Unpickled> {
    let mut machine =
        Machine { bytes, at: 0, objects: Objects::default(), stack: vec![], marks: vec![], memo: HashMap::new() };
    while machine.step()? {}
    let root = machine.pop()?;
    Ok(Unpickled { objects: machine.objects, root, length: machine.at })
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    objects: Objects,
    stack: Vec<Id>,
    /// Heights of the stack at which marks were set.
    marks: Vec<usize>,
    memo: HashMap<usize, Id>,
}

fn damaged(why: impl std::fmt::Display) -> Error {
    Error::failed(format!("its pickle is damaged ({why}); save it again or restore it"))
}

impl<'a> Machine<'a> {
    /// Does one instruction; false at the last.
    fn step(&mut self) -> Result<bool> {
        let code = self.take(1)?[0];
        match code {
            b'.' => return Ok(false),
            // PROTO, FRAME.
            0x80 => _ = self.take(1)?,
            0x95 => _ = self.take(8)?,
            b'(' => self.marks.push(self.stack.len()),
            b'0' => _ = self.pop()?,
            b'N' => self.push(Node::None)?,
            0x88 => self.push(Node::Bool(true))?,
            0x89 => self.push(Node::Bool(false))?,
            // BININT, BININT1, BININT2, LONG1.
            b'J' => {
                let value = i32::from_le_bytes(self.array()?);
                self.push(Node::Int(value.into()))?;
            }
            b'K' => {
                let value = self.take(1)?[0];
                self.push(Node::Int(value.into()))?;
            }
            b'M' => {
                let value = u16::from_le_bytes(self.array()?);
                self.push(Node::Int(value.into()))?;
            }
            0x8a => {
                let length = self.take(1)?[0].into();
                let value = long(self.take(length)?);
                self.push(value.map_or(Node::Other, Node::Int))?;
            }
            b'G' => {
                let value = f64::from_be_bytes(self.array()?);
                self.push(Node::Float(value))?;
            }
            // BINUNICODE, SHORT_BINUNICODE, and the byte strings of Python 2.
            b'X' | b'T' => {
                let length = u32::from_le_bytes(self.array()?) as usize;
                self.text(length)?;
            }
            0x8c | b'U' => {
                let length = self.take(1)?[0].into();
                self.text(length)?;
            }
            b'}' => self.push(Node::Dict(vec![]))?,
            b']' => self.push(Node::List(vec![]))?,
            b')' => self.push(Node::Tuple(vec![]))?,
            b't' => {
                let items = self.since_mark()?;
                self.push(Node::Tuple(items))?;
            }
            0x85..=0x87 => {
                let first = self.height(usize::from(code - 0x84))?;
                let items = self.stack.split_off(first);
                self.push(Node::Tuple(items))?;
            }
            b'a' => {
                let item = self.pop()?;
                self.append(vec![item])?;
            }
            b'e' => {
                let items = self.since_mark()?;
                self.append(items)?;
            }
            b's' => {
                let first = self.height(2)?;
                let items = self.stack.split_off(first);
                self.insert(&items)?;
            }
            b'u' => {
                let items = self.since_mark()?;
                self.insert(&items)?;
            }
            // BINPUT, LONG_BINPUT, MEMOIZE; BINGET, LONG_BINGET.
            b'q' => {
                let place = self.take(1)?[0].into();
                self.remember(place)?;
            }
            b'r' => {
                let place = u32::from_le_bytes(self.array()?) as usize;
                self.remember(place)?;
            }
            0x94 => self.remember(self.memo.len())?,
            b'h' => {
                let place = self.take(1)?[0].into();
                self.recall(place)?;
            }
            b'j' => {
                let place = u32::from_le_bytes(self.array()?) as usize;
                self.recall(place)?;
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.global(module, name)?;
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (module, name) = (self.objects.text(module)?.to_owned(), self.objects.text(name)?.to_owned());
                self.global(&module, &name)?;
            }
            b'R' => {
                let (arguments, function) = (self.pop()?, self.pop()?);
                let made = self.objects.call(function, arguments)?;
                self.push(made)?;
            }
            // BUILD sets attributes: PyTorch's `_metadata` of an ordered dict, which says nothing of weights.
            b'b' => {
                let (_, object) = (self.pop()?, self.top()?);
                if !matches!(self.objects.get(object), Node::Dict(_)) {
                    return Err(refused("sets attributes of something other than a dict"));
                }
            }
            b'Q' => {
                let of = self.pop()?;
                let storage = self.objects.storage(of)?;
                self.push(storage)?;
            }
            other => return Err(refused(format!("has instruction {other:#04x}"))),
        }
        Ok(true)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.bytes.len());
        let end = end.ok_or_else(|| damaged("it is cut short"))?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        Ok(self.take(N)?.try_into().expect("as many bytes as were asked for"))
    }

    /// Up to the end of the line.
    fn line(&mut self) -> Result<&'a str> {
        let length = self.bytes[self.at..].iter().position(|byte| *byte == b'\n');
        let line = self.take(length.ok_or_else(|| damaged("it is cut short"))? + 1)?;
        std::str::from_utf8(&line[..line.len() - 1]).map_err(damaged)
    }

    fn text(&mut self, length: usize) -> Result<()> {
        let text = std::str::from_utf8(self.take(length)?).map_err(damaged)?;
        self.push(Node::Text(text.to_owned()))
    }

    fn push(&mut self, node: Node) -> Result<()> {
        let id = self.objects.add(node)?;
        self.stack.push(id);
        Ok(())
    }

    fn global(&mut self, module: &str, name: &str) -> Result<()> {
        let node = Node::global(module, name).ok_or_else(|| refused(format!("calls `{module}.{name}`")))?;
        self.push(node)
    }

    /// Height of the stack below its last `count` objects, which no mark may part.
    fn height(&self, count: usize) -> Result<usize> {
        let bottom = self.marks.last().copied().unwrap_or(0);
        let height = self.stack.len().checked_sub(count).filter(|height| *height >= bottom);
        height.ok_or_else(|| damaged("its stack is empty"))
    }

    fn pop(&mut self) -> Result<Id> {
        let place = self.height(1)?;
        let id = self.stack[place];
        self.stack.truncate(place);
        Ok(id)
    }

    fn top(&self) -> Result<Id> {
        self.stack.last().copied().ok_or_else(|| damaged("its stack is empty"))
    }

    fn since_mark(&mut self) -> Result<Vec<Id>> {
        let mark = self.marks.pop().filter(|mark| *mark <= self.stack.len());
        Ok(self.stack.split_off(mark.ok_or_else(|| damaged("a mark is missing"))?))
    }

    fn append(&mut self, items: Vec<Id>) -> Result<()> {
        let list = self.top()?;
        match self.objects.get_mut(list) {
            Node::List(list) => list.extend(items),
            _ => return Err(damaged("something other than a list is appended to")),
        }
        Ok(())
    }

    fn insert(&mut self, items: &[Id]) -> Result<()> {
        let dict = self.top()?;
        let Node::Dict(dict) = self.objects.get_mut(dict) else {
            return Err(damaged("something other than a dict gets items"));
        };
        let (pairs, rest) = items.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(damaged("a key has no value"));
        }
        dict.extend(pairs.iter().map(|[key, value]| (*key, *value)));
        Ok(())
    }

    fn remember(&mut self, place: usize) -> Result<()> {
        let top = self.top()?;
        self.memo.insert(place, top);
        Ok(())
    }

    fn recall(&mut self, place: usize) -> Result<()> {
        let id = *self.memo.get(&place).ok_or_else(|| damaged("it recalls what it never kept"))?;
        self.stack.push(id);
        Ok(())
    }
}

/// The error of a pickle that is more than a state dict.
pub(super) fn refused(does: impl std::fmt::Display) -> Error {
    Error::failed(format!(
        "its pickle {does}, which no state dict needs; nothing of it was executed. If you trust the file, load it in Python \
         and save `model.state_dict()` alone"
    ))
}

/// A little-endian integer in two's complement, if 64 bits hold it.
fn long(bytes: &[u8]) -> Option<i64> {
    let fill = if bytes.last().is_some_and(|last| *last >= 0x80) { 0xff } else { 0 };
    let mut wide = [fill; 8];
    wide.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(i64::from_le_bytes(wide))
}
