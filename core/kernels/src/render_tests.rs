//! Laws of [`forward`](crate::forward) and [`backward`](crate::backward) on every instruction set.

use proptest::prelude::*;

use crate::reference::{Uniform, add_gradients, evaluate, random_weights, relative_error};
use crate::render::{backward_on, forward_on};
use crate::simd::InstructionSet;
use crate::stack::{Activation, Coordinates, DenseStack, Positional};

/// Stacks of 1 to 5 layers, each hidden one with its own activation, some behind a positional encoding.
fn stacks() -> impl Strategy<Value = DenseStack> {
    let activation = prop_oneof![
        3 => (1.0f32..30.0).prop_map(|omega| Activation::Sine { omega }),
        1 => Just(Activation::Relu),
    ];
    let hidden = prop::collection::vec((1usize..=64, activation), 0..=4);
    let encoding = (1usize..=4, 0usize..=5, any::<bool>()).prop_map(|(coordinates, octaves, include_input)| {
        let encoding = Positional { octaves, include_input: include_input || octaves == 0 };
        (coordinates * encoding.features(), Some(encoding))
    });
    let inputs = prop_oneof![2 => (1usize..=30).prop_map(|inputs| (inputs, None)), 1 => encoding];
    (inputs, hidden, 1usize..=20, -1.0f32..1.0).prop_map(|((inputs, encoding), hidden, outputs, output_offset)| {
        let middle = hidden.iter().map(|&(width, _)| width);
        let widths = std::iter::once(inputs).chain(middle).chain(std::iter::once(outputs)).collect();
        let activations = hidden.iter().map(|&(_, activation)| activation).collect();
        DenseStack { widths, activations, output_offset, encoding }
    })
}

fn sets() -> impl Iterator<Item = InstructionSet> {
    InstructionSet::ALL.into_iter().filter(|set| set.available())
}

/// A problem and its exact answers, concatenated over networks.
struct Case {
    stack: DenseStack,
    points: usize,
    weights: Vec<f32>,
    coordinates: Vec<f32>,
    grad_out: Vec<f32>,
    values: Vec<f64>,
    grad_weights: Vec<f64>,
    grad_coordinates: Vec<f64>,
    nearest_kink: f64,
}

fn case(stack: DenseStack, n: usize, points: usize, seed: u64) -> Case {
    let mut random = Uniform(seed);
    let (inputs, outputs, parameters) = (stack.inputs(), stack.outputs(), stack.parameters());
    let mut case = Case {
        weights: random_weights(&stack, n, &mut random),
        coordinates: random.vector(n * points * inputs),
        grad_out: random.vector(n * points * outputs),
        values: vec![],
        grad_weights: vec![0.0; n * parameters],
        grad_coordinates: vec![0.0; n * points * inputs],
        nearest_kink: f64::INFINITY,
        stack,
        points,
    };
    for network in 0..n {
        let weights = &case.weights[network * parameters..(network + 1) * parameters];
        for point in network * points..(network + 1) * points {
            let at = &case.coordinates[point * inputs..(point + 1) * inputs];
            let evaluation = evaluate(&case.stack, weights, at);
            case.values.extend(&evaluation.values);
            case.nearest_kink = case.nearest_kink.min(evaluation.nearest_kink);
            add_gradients(
                &case.stack,
                weights,
                at,
                &evaluation,
                &case.grad_out[point * outputs..(point + 1) * outputs],
                &mut case.grad_weights[network * parameters..(network + 1) * parameters],
                &mut case.grad_coordinates[point * inputs..(point + 1) * inputs],
            );
        }
    }
    case
}

/// Gradients by weights and by coordinates.
fn gradients(case: &Case, set: InstructionSet, coordinates: Coordinates<'_>) -> (Vec<f32>, Vec<f32>) {
    let size = match coordinates {
        Coordinates::Shared(all) | Coordinates::PerNetwork(all) => all.len(),
    };
    let (mut by_weights, mut by_coordinates) = (vec![9.0; case.weights.len()], vec![9.0; size]);
    let (stack, weights, grad_out) = (&case.stack, &case.weights, &case.grad_out);
    let to = Some(&mut by_coordinates[..]);
    backward_on(set, stack, weights, coordinates, case.points, grad_out, &mut by_weights, to);
    (by_weights, by_coordinates)
}

/// Checks every tensor of every network.
fn check_tensors(stack: &DenseStack, values: &[f32], exact: &[f64], limit: f64) -> Result<(), TestCaseError> {
    for (values, exact) in values.chunks(stack.parameters()).zip(exact.chunks(stack.parameters())) {
        let mut start = 0;
        for pair in stack.widths.windows(2) {
            for size in [pair[0] * pair[1], pair[1]] {
                let error = relative_error(&values[start..start + size], &exact[start..start + size]);
                prop_assert!(error < limit, "relative error {} of a gradient in {:?}", error, stack);
                start += size;
            }
        }
    }
    Ok(())
}

/// Checks values and gradients on every set.
fn check_case(case: &Case) -> Result<(), TestCaseError> {
    // The sums of a tensor of very few entries can cancel, and then its norm says nothing of what was added up.
    let hidden = &case.stack.widths[1..case.stack.widths.len() - 1];
    let limit = if hidden.iter().all(|&width| width >= 4) { 1e-4 } else { 1e-2 };
    let coordinates = Coordinates::PerNetwork(&case.coordinates);
    for set in sets() {
        let mut out = vec![9.0; case.values.len()];
        forward_on(set, &case.stack, &case.weights, coordinates, case.points, &mut out);
        for (value, exact) in out.iter().zip(&case.values) {
            let error = (f64::from(*value) - exact).abs();
            prop_assert!(error < 1e-4 * (1.0 + exact.abs()), "{:?}: {} {}", set, value, exact);
        }
        let (by_weights, by_coordinates) = gradients(case, set, coordinates);
        check_tensors(&case.stack, &by_weights, &case.grad_weights, limit)?;
        let error = relative_error(&by_coordinates, &case.grad_coordinates);
        prop_assert!(error < limit, "{:?}: relative error {} of coordinates", set, error);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn values_and_gradients_equal_the_plain_ones(
        stack in stacks(), n in 1usize..4, points in 1usize..90, seed in any::<u64>(),
    ) {
        let case = case(stack, n, points, seed);
        prop_assume!(case.nearest_kink > 1e-5);
        check_case(&case)?;
    }

    #[test]
    fn a_batch_equals_its_networks_one_by_one(
        stack in stacks(), n in 2usize..5, points in 1usize..60, seed in any::<u64>(),
    ) {
        let case = case(stack, n, points, seed);
        let (inputs, outputs, parameters) = (case.stack.inputs(), case.stack.outputs(), case.stack.parameters());
        let shared = &case.coordinates[..points * inputs];
        for set in sets() {
            let mut together = vec![0.0; n * points * outputs];
            forward_on(set, &case.stack, &case.weights, Coordinates::Shared(shared), points, &mut together);
            let (by_weights, by_coordinates) = gradients(&case, set, Coordinates::Shared(shared));
            let mut sum = vec![0.0; points * inputs];
            for network in 0..n {
                let weights = &case.weights[network * parameters..(network + 1) * parameters];
                let place = network * points * outputs..(network + 1) * points * outputs;
                let mut alone = vec![0.0; points * outputs];
                forward_on(set, &case.stack, weights, Coordinates::PerNetwork(shared), points, &mut alone);
                prop_assert_eq!(&alone[..], &together[place.clone()]);
                let (mut to, mut point) = (vec![0.0; parameters], vec![0.0; points * inputs]);
                let coordinates = Coordinates::PerNetwork(shared);
                let grad_out = &case.grad_out[place];
                backward_on(set, &case.stack, weights, coordinates, points, grad_out, &mut to, Some(&mut point));
                prop_assert_eq!(&to[..], &by_weights[network * parameters..(network + 1) * parameters]);
                sum.iter_mut().zip(&point).for_each(|(sum, x)| *sum += x);
            }
            prop_assert_eq!(&sum, &by_coordinates);
        }
    }
}

/// The stacks that are fitted to shapes, as wide and deep as they are.
#[test]
fn values_and_gradients_of_wide_stacks_equal_the_plain_ones() {
    let encoded = DenseStack::relu(&[27, 128, 128, 128, 1]).encoded(Positional { octaves: 4, include_input: true });
    let siren = DenseStack::siren(&[3, 128, 128, 128, 1], 30.0);
    for stack in [encoded, siren, DenseStack::siren(&[2, 64, 64, 3], 30.0)] {
        check_case(&case(stack, 2, 70, 8)).expect("values and gradients");
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let case = case(DenseStack::siren(&[2, 32, 32, 1], 30.0), 40, 70, 3);
    let shared = Coordinates::Shared(&case.coordinates[..140]);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| gradients(&case, InstructionSet::best(), shared))
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn no_networks_and_no_points_are_fine() {
    let stack = DenseStack::siren(&[2, 8, 1], 30.0);
    let weights = vec![1.0; stack.parameters()];
    crate::forward(&stack, &[], Coordinates::Shared(&[0.0; 4]), 2, &mut []);
    let (mut to, mut point) = (vec![9.0; stack.parameters()], vec![]);
    crate::backward(&stack, &weights, Coordinates::Shared(&[]), 0, &[], &mut to, Some(&mut point));
    assert!(to.iter().all(|&x| x == 0.0));
}

#[test]
#[should_panic(expected = "shared coordinates [3, 2] hold 4 values")]
fn coordinates_must_fit() {
    let stack = DenseStack::siren(&[2, 8, 1], 30.0);
    let weights = vec![0.0; stack.parameters()];
    crate::forward(&stack, &weights, Coordinates::Shared(&[0.0; 4]), 3, &mut [0.0; 3]);
}

#[test]
#[should_panic(expected = "no whole number of networks of 33 parameters")]
fn weights_must_fit() {
    let stack = DenseStack::siren(&[2, 8, 1], 30.0);
    crate::forward(&stack, &[0.0; 34], Coordinates::Shared(&[0.0; 4]), 2, &mut [0.0; 2]);
}
