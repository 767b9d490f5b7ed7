//! Which points a step of a fit sees.

use std::ops::Range;

/// Random points of a network's set at every step, drawn with replacement, in place of all of them.
///
/// The draws follow from `seed`, the network's number, the step and the place in the batch alone, so that they depend on
/// no thread and no other network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Points of a step.
    pub points: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// Number of the first network of the call: parts of a data set draw as the whole does.
    pub first: u64,
}

/// Increment of SplitMix64 (Steele, Lea and Flood, 2014): consecutive states of its output function.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Output function of SplitMix64.
fn mix(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

impl Batch {
    /// State of the draws of a network of the call.
    fn key(&self, network: usize) -> u64 {
        mix(mix(self.seed.wrapping_add(GOLDEN)) ^ self.first.wrapping_add(network as u64).wrapping_mul(GOLDEN))
    }
}

/// The points of one network and its values there.
#[derive(Clone, Copy)]
pub(crate) struct Examples<'a> {
    /// `[points, inputs]`.
    coordinates: &'a [f32],
    /// `[points, outputs]`.
    targets: &'a [f32],
    outputs: usize,
    points: usize,
    /// Points of a random batch, and the state of its draws; all points in order if absent.
    draws: Option<(usize, u64)>,
}

/// Room for a block of drawn points.
#[derive(Default)]
pub(crate) struct Drawn {
    coordinates: Vec<f32>,
    targets: Vec<f32>,
}

impl<'a> Examples<'a> {
    pub(crate) fn new(
        coordinates: &'a [f32],
        targets: &'a [f32],
        outputs: usize,
        batch: Option<Batch>,
        network: usize,
    ) -> Self {
        let draws = batch.map(|batch| (batch.points, batch.key(network)));
        Self { coordinates, targets, outputs, points: targets.len() / outputs, draws }
    }

    /// Points of one step.
    pub(crate) fn points(&self) -> usize {
        self.draws.map_or(self.points, |(points, _)| points)
    }

    /// Coordinates of a part of the points, in order.
    pub(crate) fn coordinates(&self, part: Range<usize>) -> &'a [f32] {
        let inputs = self.coordinates.len() / self.points;
        &self.coordinates[part.start * inputs..part.end * inputs]
    }

    /// Mean squared distance of the targets from their mean, output by output.
    pub(crate) fn variance(&self) -> f32 {
        let mut sum = 0.0;
        for output in 0..self.outputs {
            let values = || self.targets[output..].iter().step_by(self.outputs).map(|&x| f64::from(x));
            let mean = values().sum::<f64>() / self.points as f64;
            sum += values().map(|x| (x - mean) * (x - mean)).sum::<f64>();
        }
        (sum / self.targets.len() as f64) as f32
    }

    /// Coordinates and targets of a part of the points of step `step`.
    pub(crate) fn block<'b>(&self, step: usize, part: Range<usize>, drawn: &'b mut Drawn) -> (&'b [f32], &'b [f32])
    where
        'a: 'b,
    {
        let inputs = self.coordinates.len() / self.points;
        let Some((_, key)) = self.draws else {
            let of = |width: usize| part.start * width..part.end * width;
            return (&self.coordinates[of(inputs)], &self.targets[of(self.outputs)]);
        };
        drawn.coordinates.resize(part.len() * inputs, 0.0);
        drawn.targets.resize(part.len() * self.outputs, 0.0);
        let state = mix(key.wrapping_add((step as u64).wrapping_mul(GOLDEN)));
        let rows = drawn.coordinates.chunks_exact_mut(inputs).zip(drawn.targets.chunks_exact_mut(self.outputs));
        for (i, (coordinates, targets)) in part.zip(rows) {
            let random = mix(state.wrapping_add((i as u64).wrapping_mul(GOLDEN)));
            // The high word of the product is uniform below the number of points.
            let point = ((u128::from(random) * self.points as u128) >> 64) as usize;
            copy(&self.coordinates[point * inputs..], coordinates);
            copy(&self.targets[point * self.outputs..], targets);
        }
        (&drawn.coordinates, &drawn.targets)
    }
}

/// Copies a short row: a call of `memcpy` would take longer than the copy.
#[inline(always)]
fn copy(from: &[f32], to: &mut [f32]) {
    match (from, to) {
        ([a, ..], [x]) => *x = *a,
        ([a, b, ..], [x, y]) => (*x, *y) = (*a, *b),
        ([a, b, c, ..], [x, y, z]) => (*x, *y, *z) = (*a, *b, *c),
        (from, to) => to.copy_from_slice(&from[..to.len()]),
    }
}

/// An order of so many points in which every run of neighbours is spread over all of them: that of the fractional parts of
/// multiples of the golden section. A stride of as many points, rounded, would be near a ratio of small numbers for some
/// counts, and so fall on few places for long.
pub(crate) fn spread_order(points: usize) -> Vec<usize> {
    let part = |place: usize| (place as f64 * 0.618_033_988_749_895).fract();
    let mut places: Vec<usize> = (0..points).collect();
    places.sort_by(|a, b| part(*a).total_cmp(&part(*b)));
    let mut order = vec![0; points];
    places.into_iter().enumerate().for_each(|(point, place)| order[place] = point);
    order
}

/// The points of a network in another order.
pub(crate) struct Spread<'a> {
    /// Which point stands at each place.
    order: &'a [usize],
    coordinates: Vec<f32>,
    targets: Vec<f32>,
}

impl<'a> Spread<'a> {
    pub(crate) fn new(order: &'a [usize]) -> Self {
        Self { order, coordinates: vec![], targets: vec![] }
    }

    /// All points of `examples`, which has as many.
    pub(crate) fn take(&mut self, examples: &Examples<'_>) -> Examples<'_> {
        let points = examples.points;
        let (inputs, outputs) = (examples.coordinates.len() / points, examples.outputs);
        self.coordinates.resize(points * inputs, 0.0);
        self.targets.resize(points * outputs, 0.0);
        let rows = self.coordinates.chunks_exact_mut(inputs).zip(self.targets.chunks_exact_mut(outputs));
        for (&point, (coordinates, targets)) in self.order.iter().zip(rows) {
            copy(&examples.coordinates[point * inputs..], coordinates);
            copy(&examples.targets[point * outputs..], targets);
        }
        Examples { coordinates: &self.coordinates, targets: &self.targets, outputs, points, draws: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points drawn by a step, of a set whose targets number its points.
    fn draw(batch: Batch, network: usize, step: usize, points: usize, block: usize) -> Vec<usize> {
        let numbers: Vec<f32> = (0..points).map(|i| i as f32).collect();
        let coordinates: Vec<f32> = numbers.iter().flat_map(|&i| [i, -i, 0.5]).collect();
        let examples = Examples::new(&coordinates, &numbers, 1, Some(batch), network);
        let mut drawn = Drawn::default();
        let mut all = Vec::new();
        for first in (0..examples.points()).step_by(block) {
            let part = first..(first + block).min(examples.points());
            let (coordinates, targets) = examples.block(step, part, &mut drawn);
            for (point, &number) in coordinates.chunks(3).zip(targets) {
                assert_eq!(point, [number, -number, 0.5]);
                all.push(number as usize);
            }
        }
        all
    }

    const BATCH: Batch = Batch { points: 4_096, seed: 3, first: 0 };

    #[test]
    fn draws_depend_on_seed_network_step_and_place_alone() {
        let one = draw(BATCH, 5, 7, 1_000, 32);
        assert_eq!(one, draw(BATCH, 5, 7, 1_000, 40));
        assert_eq!(one, draw(Batch { first: 4, ..BATCH }, 1, 7, 1_000, 32));
        assert_eq!(one[..100], draw(Batch { points: 100, ..BATCH }, 5, 7, 1_000, 32));
        for other in [
            draw(BATCH, 6, 7, 1_000, 32),
            draw(BATCH, 5, 8, 1_000, 32),
            draw(Batch { seed: 4, ..BATCH }, 5, 7, 1_000, 32),
        ] {
            let equal = one.iter().zip(&other).filter(|(a, b)| a == b).count();
            assert!(equal < 20, "{equal} of 4,096 draws are equal; 4 are expected");
        }
    }

    #[test]
    fn draws_are_uniform() {
        let mut counts = [0usize; 64];
        for step in 0..50 {
            draw(BATCH, 0, step, 64, 64).into_iter().for_each(|point| counts[point] += 1);
        }
        // 3,200 are expected with a standard deviation of 56.
        let expected = 50.0 * 4_096.0 / 64.0;
        let chi: f64 = counts.iter().map(|&count| (count as f64 - expected).powi(2) / expected).sum();
        assert!((20.0..130.0).contains(&chi), "chi squared of 63 degrees of freedom: {chi}");
    }

    #[test]
    fn without_a_batch_all_points_come_in_order() {
        let (coordinates, targets) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [7.0, 8.0, 9.0]);
        let examples = Examples::new(&coordinates, &targets, 1, None, 0);
        assert_eq!(examples.points(), 3);
        assert_eq!(examples.block(4, 1..3, &mut Drawn::default()), (&coordinates[2..], &targets[1..]));
    }

    #[test]
    fn spread_points_come_once_each_and_a_run_of_them_is_spread_over_all() {
        for points in [1, 2, 3, 6, 60, 784, 1_000] {
            let numbers: Vec<f32> = (0..points).map(|i| i as f32).collect();
            let coordinates: Vec<f32> = numbers.iter().flat_map(|&i| [i, -i]).collect();
            let order = spread_order(points);
            let mut spread = Spread::new(&order);
            let all = spread.take(&Examples::new(&coordinates, &numbers, 1, None, 0));
            let pairs = all.coordinates(0..points).chunks(2).zip(all.targets);
            pairs.for_each(|(point, &number)| assert_eq!(point, [number, -number]));
            let mut order = all.targets.to_vec();
            for run in order[..points / 10 * 10].chunks_mut((points / 6).max(1)).filter(|run| run.len() > 9) {
                run.sort_by(f32::total_cmp);
                let gap = run.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f32::max);
                assert!(gap <= 4.0 * points as f32 / run.len() as f32, "{points} points: a gap of {gap}");
            }
            order.sort_by(f32::total_cmp);
            assert_eq!(order, numbers);
        }
    }

    #[test]
    fn the_variance_is_that_of_each_output_by_itself() {
        let targets = [0.0, 5.0, 1.0, 5.0, 2.0, 5.0, 3.0, 5.0];
        assert_eq!(Examples::new(&[0.0; 4], &targets, 2, None, 0).variance(), 1.25 / 2.0);
    }
}
