//! One error type: what went wrong, where, and what to do, in one message.

/// The result of everything in equigen that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// An error that a person reads. The text names the file or key and the remedy.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The command or the pipeline file is wrong: exit code 2.
    #[error("{0}")]
    Config(String),
    /// The work could not be done: exit code 1.
    #[error("{0}")]
    Failed(String),
}

impl Error {
    /// A mistake in the pipeline file or on the command line.
    pub fn config(message: impl Into<String>) -> Self {
        Self::Config(message.into())
    }

    /// A failure of the work itself.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }

    /// The process's exit code: 2 for configuration, 1 for everything else.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) => 2,
            Self::Failed(_) => 1,
        }
    }

    /// The same error with `context: ` in front.
    pub fn within(self, context: impl std::fmt::Display) -> Self {
        match self {
            Self::Config(message) => Self::Config(format!("{context}: {message}")),
            Self::Failed(message) => Self::Failed(format!("{context}: {message}")),
        }
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        let remedy = match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                ": free some space and run the same command again, it continues from here"
            }
            _ => "",
        };
        Self::Failed(format!("{error}{remedy}"))
    }
}
