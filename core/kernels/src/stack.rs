//! What is computed: dense stacks, their parameters and their coordinates.

/// Function of the hidden neurons of a layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// sin(ω z), as in SIREN.
    Sine {
        /// ω, in radians per unit of z.
        omega: f32,
    },
    /// max(z, 0), with derivative 0 at 0.
    Relu,
}

/// Positional encoding: what the first layer reads in place of a point x, the point itself if asked for, then sin(2^k x)
/// and cos(2^k x) for k = 0, 1, ..., each over all coordinates.
///
/// Source: Mildenhall et al. 2020, "NeRF", with the frequencies of HyperDiffusion (Erkoç et al. 2023): no factor of π.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Positional {
    /// Number of frequencies 1, 2, 4, ..., in radians per unit of the coordinate.
    pub octaves: usize,
    /// Whether the point itself comes first.
    pub include_input: bool,
}

impl Positional {
    /// Features for one coordinate.
    pub fn features(&self) -> usize {
        usize::from(self.include_input) + 2 * self.octaves
    }
}

/// A dense network `widths[0] -> ... -> widths.last()`: z = W x + b in every layer, an activation after all but the last.
///
/// Parameters are flat: for each layer the weight, row-major `[out, in]`, then the bias `[out]`.
#[derive(Clone, Debug, PartialEq)]
pub struct DenseStack {
    /// Inputs of the first layer, hidden neurons of each layer, outputs: at least two, none of them zero.
    pub widths: Vec<usize>,
    /// One for each hidden layer: `widths.len() - 2` of them.
    pub activations: Vec<Activation>,
    /// Constant added to every output.
    pub output_offset: f32,
    /// How coordinates become the inputs of the first layer, once per point; `None` if they are those inputs.
    pub encoding: Option<Positional>,
}

impl DenseStack {
    /// A SIREN: every hidden layer sin(ω z), no output offset.
    ///
    /// ```
    /// let siren = equigen_kernels::DenseStack::siren(&[2, 32, 32, 1], 30.0);
    /// assert_eq!(siren.parameters(), 1_185);
    /// ```
    pub fn siren(widths: &[usize], omega: f32) -> Self {
        let activations = vec![Activation::Sine { omega }; widths.len().saturating_sub(2)];
        Self { widths: widths.to_vec(), activations, output_offset: 0.0, encoding: None }
    }

    /// A multilayer perceptron: every hidden layer max(z, 0), no output offset.
    pub fn relu(widths: &[usize]) -> Self {
        let activations = vec![Activation::Relu; widths.len().saturating_sub(2)];
        Self { widths: widths.to_vec(), activations, output_offset: 0.0, encoding: None }
    }

    /// The same stack behind a positional encoding, whose features `widths[0]` counts.
    ///
    /// ```
    /// use equigen_kernels::{DenseStack, Positional};
    /// let encoding = Positional { octaves: 4, include_input: true };
    /// let stack = DenseStack::relu(&[27, 128, 128, 128, 1]).encoded(encoding);
    /// assert_eq!((stack.inputs(), stack.parameters()), (3, 36_737));
    /// ```
    pub fn encoded(self, encoding: Positional) -> Self {
        Self { encoding: Some(encoding), ..self }
    }

    /// Number of parameters of one network.
    pub fn parameters(&self) -> usize {
        self.widths.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum()
    }

    /// Width of a coordinate vector, before any encoding.
    ///
    /// # Panics
    /// If `widths` is empty, or an encoding has no features.
    pub fn inputs(&self) -> usize {
        self.encoding.map_or(self.widths[0], |encoding| self.widths[0] / encoding.features())
    }

    /// Width of a value.
    ///
    /// # Panics
    /// If `widths` is empty.
    pub fn outputs(&self) -> usize {
        self.widths[self.widths.len() - 1]
    }

    /// Multiply-adds for one point of one network: forward alone, and forward with all gradients but those of the
    /// coordinates.
    pub fn multiply_adds(&self) -> (usize, usize) {
        let forward: usize = self.widths.windows(2).map(|pair| pair[0] * pair[1]).sum();
        (forward, 3 * forward - self.widths[0] * self.widths[1])
    }

    /// # Panics
    /// If the fields contradict each other.
    pub(crate) fn check(&self) {
        let features = self.encoding.map_or(1, |encoding| encoding.features());
        assert!(features > 0, "a positional encoding without input and octaves has no features");
        assert!(self.widths.len() >= 2, "a dense stack needs inputs and outputs, not widths {:?}", self.widths);
        assert!(!self.widths.contains(&0), "a dense stack has no empty layer: {:?}", self.widths);
        assert!(
            self.activations.len() == self.widths.len() - 2,
            "widths {:?} need {} activations, one per hidden layer, not {}",
            self.widths,
            self.widths.len() - 2,
            self.activations.len()
        );
        assert!(
            self.widths[0].is_multiple_of(features),
            "{} inputs are no whole number of coordinates with {features} features each",
            self.widths[0]
        );
    }
}

/// Where the networks are evaluated.
#[derive(Clone, Copy, Debug)]
pub enum Coordinates<'a> {
    /// `[points, inputs]`, the same for every network.
    Shared(&'a [f32]),
    /// `[n, points, inputs]`.
    PerNetwork(&'a [f32]),
}

impl<'a> Coordinates<'a> {
    /// The coordinates of one network, `[points, inputs]`; `size` is points x inputs.
    pub(crate) fn of(self, network: usize, size: usize) -> &'a [f32] {
        match self {
            Self::Shared(all) => all,
            Self::PerNetwork(all) => &all[network * size..(network + 1) * size],
        }
    }

    /// # Panics
    /// If the length is not that of `n` networks at `points` points.
    pub(crate) fn check(self, stack: &DenseStack, n: usize, points: usize) {
        let inputs = stack.inputs();
        match self {
            Self::Shared(all) => assert!(
                all.len() == points * inputs,
                "shared coordinates [{points}, {inputs}] hold {} values",
                all.len()
            ),
            Self::PerNetwork(all) => assert!(
                all.len() == n * points * inputs,
                "coordinates [{n}, {points}, {inputs}] hold {} values",
                all.len()
            ),
        }
    }
}

/// Number of networks in `weights`, `[n, parameters]`.
///
/// # Panics
/// If the stack is contradictory or `weights` holds no whole number of networks.
pub(crate) fn networks(stack: &DenseStack, weights: &[f32]) -> usize {
    stack.check();
    let parameters = stack.parameters();
    assert!(
        weights.len().is_multiple_of(parameters),
        "{} weights are no whole number of networks of {parameters} parameters",
        weights.len()
    );
    weights.len() / parameters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_counted() {
        assert_eq!(DenseStack::siren(&[2, 64, 64, 3], 30.0).parameters(), 4_547);
        assert_eq!(DenseStack::relu(&[27, 128, 128, 128, 1]).parameters(), 36_737);
    }

    #[test]
    fn multiply_adds_are_counted() {
        assert_eq!(DenseStack::siren(&[2, 32, 32, 1], 30.0).multiply_adds(), (1_120, 3_296));
    }

    #[test]
    #[should_panic(expected = "need 2 activations")]
    fn activations_must_match() {
        DenseStack { activations: vec![], ..DenseStack::relu(&[2, 3, 4, 1]) }.check();
    }

    #[test]
    #[should_panic(expected = "28 inputs are no whole number of coordinates with 9 features each")]
    fn encodings_must_fill_the_inputs() {
        DenseStack::relu(&[28, 4, 1]).encoded(Positional { octaves: 4, include_input: true }).check();
    }
}
