//! The laws that components keep: one public function per law, for a crate's own tests, for the tests over every
//! registered component, and for `equigen check`.
//!
//! A law takes a component and one [`Case`], and says what is wrong. [`Law::holds`] tries it on many cases and shrinks one
//! that fails. Tolerances are stated at each law.

pub mod augmentation;
mod case;
mod context;
pub mod deformation;
pub mod disturbance;
pub mod encoder;
mod every;
pub mod generator;
mod gradient;
pub mod inr;
pub mod metric;
pub mod objective;
pub mod symmetry;

use std::sync::OnceLock;

use burn::tensor::Device;
pub use case::{Asked, Case, DenseNetworks, OMEGA, cases};
pub use every::{Effort, Outcome, check};
use proptest::test_runner::{
    Config, FileFailurePersistence, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner,
};

static DEVICE: OnceLock<Device> = OnceLock::new();

/// The device on which this process tries laws: `flex`, unless [`try_on`] has named another.
pub fn device() -> Device {
    DEVICE.get_or_init(Device::flex).clone()
}

/// Tries laws on this device, without autodiff, from now on.
///
/// # Panics
/// If laws were tried on another before: a process has one.
pub fn try_on(device: &Device) {
    assert_eq!(DEVICE.get_or_init(|| device.clone()), device, "laws were tried on another device before");
}

/// What a law says of one case.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It holds.
    Holds,
    /// The component has no meaning for the case's layout, and says so.
    Refused,
    /// It is broken, and how.
    Broken(String),
}

impl Verdict {
    /// Holds, unless `wrong` says what is.
    pub fn of(wrong: Option<String>) -> Self {
        wrong.map_or(Self::Holds, Self::Broken)
    }
}

/// A case that breaks a law, shrunk.
#[derive(Debug, Clone, PartialEq)]
pub struct CounterExample {
    /// What is wrong.
    pub message: String,
    /// The smallest case found where it is.
    pub case: Option<Case>,
}

impl std::fmt::Display for CounterExample {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.message)?;
        self.case.as_ref().map_or(Ok(()), |case| write!(f, "; smallest case: {case:?}"))
    }
}

/// A law of one component.
pub struct Law<'a> {
    /// Its name.
    pub name: String,
    /// Which cases it is tried on.
    pub asked: Asked,
    /// Whether it trains or differentiates, so that fewer cases are asked of it.
    pub slow: bool,
    /// What it says of a case.
    pub verdict: Box<dyn Fn(&Case) -> Verdict + 'a>,
}

impl<'a> Law<'a> {
    /// A law over every layout.
    pub fn new(name: impl Into<String>, verdict: impl Fn(&Case) -> Verdict + 'a) -> Self {
        Self { name: name.into(), asked: Asked::ANY, slow: false, verdict: Box::new(verdict) }
    }

    /// The same over small layouts, tried less often.
    pub fn slow(name: impl Into<String>, verdict: impl Fn(&Case) -> Verdict + 'a) -> Self {
        Self { asked: Asked::SMALL, slow: true, ..Self::new(name, verdict) }
    }

    /// Tries the law on `count` cases that the component does not refuse, the same ones each time. `persist` is the source
    /// file of a test (`file!()`), beside which failing cases are kept and tried first.
    ///
    /// # Errors
    /// The counter-example, shrunk; or that the component refuses nearly every case, for a law that is never tried holds
    /// nothing.
    pub fn holds(&self, count: u32, persist: Option<&'static str>) -> std::result::Result<(), CounterExample> {
        let config = Config {
            cases: count,
            max_global_rejects: 20 * count,
            max_shrink_iters: 400,
            failure_persistence: persist.map(|_| Box::new(FileFailurePersistence::default()) as _),
            source_file: persist,
            ..Config::default()
        };
        let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
        let outcome = runner.run(&cases(self.asked), |case| match (self.verdict)(&case) {
            Verdict::Refused => Err(TestCaseError::reject("refused")),
            Verdict::Holds => Ok(()),
            Verdict::Broken(message) => Err(TestCaseError::fail(message)),
        });
        match outcome {
            Ok(()) => Ok(()),
            Err(TestError::Fail(reason, case)) => {
                Err(CounterExample { message: reason.message().to_owned(), case: Some(case) })
            }
            Err(TestError::Abort(_)) => {
                Err(CounterExample { message: "nearly every layout is refused".to_owned(), case: None })
            }
        }
    }
}

/// What differs between two lists of numbers by more than `tolerance * (1 + |value|)`, or is not finite.
pub fn difference<T: Copy + Into<f64>>(got: &[T], expected: &[T], tolerance: f64) -> Option<String> {
    if got.len() != expected.len() {
        return Some(format!("{} numbers where {} were expected", got.len(), expected.len()));
    }
    let pairs = got.iter().zip(expected).map(|(a, b)| ((*a).into(), (*b).into()));
    // A NaN is near nothing.
    let near = |a: f64, b: f64| (a - b).abs() <= tolerance * (1.0 + b.abs());
    let wrong = pairs.enumerate().find(|(_, (a, b))| !near(*a, *b));
    wrong.map(|(i, (a, b))| format!("number {i} is {a}, expected {b}"))
}
