//! TensorBoard's event files: records of TFRecord, each an `Event` of protocol buffers with scalars.
//!
//! Two messages of six fields are all that scalars need, so they are written by hand. Sources: tensorflow's
//! `core/lib/io/record_writer.h` (records and their masked checksums), `core/util/event.proto`, `core/framework/summary.proto`.

/// Fields of `Event`.
const WALL_TIME: u64 = 1;
const STEP: u64 = 2;
const FILE_VERSION: u64 = 3;
const SUMMARY: u64 = 5;
/// Of `Summary`, and of its `Value`.
const VALUE: u64 = 1;
const TAG: u64 = 1;
const SIMPLE_VALUE: u64 = 2;
/// Forms in which a field is written.
const VARINT: u64 = 0;
const FIXED_64: u64 = 1;
const BYTES: u64 = 2;
const FIXED_32: u64 = 5;

/// The record with which a file begins.
pub(super) fn first(time: f64) -> Vec<u8> {
    let mut event = wall_time(time);
    bytes(&mut event, FILE_VERSION, b"brain.Event:2");
    framed(&event)
}

/// The record of a step's scalars, by tag. `time` is in seconds since 1970.
pub(super) fn scalars(time: f64, step: u64, scalars: &[(String, f32)]) -> Vec<u8> {
    let mut event = wall_time(time);
    number(&mut event, STEP, VARINT);
    varint(&mut event, step);
    let mut summary = Vec::new();
    for (tag, scalar) in scalars {
        let mut value = Vec::new();
        bytes(&mut value, TAG, tag.as_bytes());
        number(&mut value, SIMPLE_VALUE, FIXED_32);
        value.extend(scalar.to_le_bytes());
        bytes(&mut summary, VALUE, &value);
    }
    bytes(&mut event, SUMMARY, &summary);
    framed(&event)
}

fn wall_time(time: f64) -> Vec<u8> {
    let mut event = Vec::new();
    number(&mut event, WALL_TIME, FIXED_64);
    event.extend(time.to_le_bytes());
    event
}

/// A field's number and form.
fn number(out: &mut Vec<u8>, field: u64, form: u64) {
    varint(out, field << 3 | form);
}

fn bytes(out: &mut Vec<u8>, field: u64, value: &[u8]) {
    number(out, field, BYTES);
    varint(out, value.len() as u64);
    out.extend(value);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// An event as a record: its length and its bytes, each with a checksum behind it.
fn framed(event: &[u8]) -> Vec<u8> {
    let length = (event.len() as u64).to_le_bytes();
    [&length[..], &masked(&length), event, &masked(event)].concat()
}

fn masked(data: &[u8]) -> [u8; 4] {
    crc32c::crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}

/// Where each whole record of a file ends, and the step of its scalars; none for the first. A record that was cut off or
/// damaged, and what lies behind it, is not there.
pub(super) fn records(file: &[u8]) -> Vec<(Option<u64>, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some((event, length)) = record(&file[at..]) {
        at += length;
        found.push((step(event), at));
    }
    found
}

/// The event of the record with which these bytes begin, and the record's length.
fn record(file: &[u8]) -> Option<(&[u8], usize)> {
    let (length, rest) = file.split_at_checked(8)?;
    let size = usize::try_from(u64::from_le_bytes(length.try_into().ok()?)).ok()?;
    let (checksum, rest) = rest.split_at_checked(4)?;
    let (event, rest) = rest.split_at_checked(size)?;
    let whole = checksum == masked(length) && rest.get(..4)? == masked(event);
    whole.then_some((event, 8 + 4 + size + 4))
}

/// The step of an event that [`scalars`] wrote: the field behind its time.
fn step(event: &[u8]) -> Option<u64> {
    let rest = event.get(9..)?;
    let (key, rest) = rest.split_first()?;
    if u64::from(*key) != STEP << 3 | VARINT {
        return None;
    }
    let mut step = 0;
    for (i, byte) in rest.iter().enumerate().take(9) {
        step |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return Some(step);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes that TensorBoard's own writer makes of these events (`tensorboard.summary.writer.record_writer`).
    #[test]
    fn records_are_those_of_tensorflow() {
        let written = [first(1.5), scalars(2.5, 300, &[("loss/a".into(), 0.25)])].concat();
        let hex: String = written.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c1d00000000000000\
                         602fdf2309000000000000044010ac022a0f0a0d0a066c6f73732f61150000803ed9774589"
        );
    }

    #[test]
    fn what_was_cut_off_or_damaged_is_not_there() {
        let parts = [first(1.0), scalars(2.0, 0, &[("a".into(), 1.0)]), scalars(3.0, 1 << 20, &[("b".into(), 2.0)])];
        let file = parts.concat();
        let ends: Vec<usize> = (1..=3).map(|count| parts[..count].concat().len()).collect();
        let all = [(None, ends[0]), (Some(0), ends[1]), (Some(1 << 20), ends[2])];
        assert_eq!(records(&file), all);
        for cut in 0..file.len() {
            assert_eq!(records(&file[..cut]), all[..ends.iter().filter(|end| **end <= cut).count()]);
        }
        let mut damaged = file;
        damaged[ends[1] + 20] ^= 1;
        assert_eq!(records(&damaged), all[..2]);
    }
}
