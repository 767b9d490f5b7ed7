//! Types of numbers in files, all read as f32.

/// A type of numbers, little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dtype {
    F64,
    F32,
    F16,
    Bf16,
    I64,
    I32,
    I16,
    I8,
    U8,
    Bool,
}

impl Dtype {
    /// By the name of its storage in PyTorch, without `Storage`.
    pub(crate) fn of_torch(name: &str) -> Option<Self> {
        Some(match name {
            "Double" => Self::F64,
            "Float" => Self::F32,
            "Half" => Self::F16,
            "BFloat16" => Self::Bf16,
            "Long" => Self::I64,
            "Int" => Self::I32,
            "Short" => Self::I16,
            "Char" => Self::I8,
            "Byte" => Self::U8,
            "Bool" => Self::Bool,
            _ => return None,
        })
    }

    /// By its description in numpy, such as `<f4`.
    pub(crate) fn of_numpy(description: &str) -> Option<Self> {
        Some(match description {
            "<f8" => Self::F64,
            "<f4" => Self::F32,
            "<f2" => Self::F16,
            "<i8" => Self::I64,
            "<i4" => Self::I32,
            "<i2" => Self::I16,
            "|i1" => Self::I8,
            "|u1" => Self::U8,
            "|b1" => Self::Bool,
            _ => return None,
        })
    }

    /// Bytes of a number.
    pub(crate) fn size(self) -> usize {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::F16 | Self::Bf16 | Self::I16 => 2,
            Self::I8 | Self::U8 | Self::Bool => 1,
        }
    }

    /// Numbers in single precision, the nearest ones where their type is wider. A rest of less than a number is left out.
    pub(crate) fn singles(self, bytes: &[u8]) -> Vec<f32> {
        fn each<const N: usize>(bytes: &[u8], of: impl Fn([u8; N]) -> f32) -> Vec<f32> {
            bytes.as_chunks::<N>().0.iter().map(|number| of(*number)).collect()
        }
        match self {
            Self::F64 => each(bytes, |number| f64::from_le_bytes(number) as f32),
            Self::F32 => each(bytes, f32::from_le_bytes),
            Self::F16 => each(bytes, |number| half::f16::from_le_bytes(number).to_f32()),
            Self::Bf16 => each(bytes, |number| half::bf16::from_le_bytes(number).to_f32()),
            Self::I64 => each(bytes, |number| i64::from_le_bytes(number) as f32),
            Self::I32 => each(bytes, |number| i32::from_le_bytes(number) as f32),
            Self::I16 => each(bytes, |number| i16::from_le_bytes(number).into()),
            Self::I8 => each(bytes, |number| i8::from_le_bytes(number).into()),
            Self::U8 | Self::Bool => each(bytes, |[number]: [u8; 1]| number.into()),
        }
    }
}
