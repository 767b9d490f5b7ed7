//! One error type: what is wrong with which file, on which line, and what to do, in one message.

use std::fmt::Display;

/// The result of everything here that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// An error that a person reads. The text names file and line, where there are some, and the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

impl Error {
    /// An error of this text.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// An error on a line of a text file; lines count from 1.
    pub fn on_line(line: usize, message: impl Display) -> Self {
        Self(format!("line {line}: {message}"))
    }

    /// The same error with `context: ` in front, such as the name of the file.
    pub fn within(self, context: impl Display) -> Self {
        Self(format!("{context}: {}", self.0))
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}
