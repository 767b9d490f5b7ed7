//! What the augmentations that move the signal share: their checks, and maps made from one network's drawn numbers.

use equigen_core::{AffineMaps, Draws, Error, Layout, Result, seed, seed::Rng};

/// Draws `columns` numbers per network, uniform in `centre ± range`.
pub(crate) fn draw_uniform(n: usize, columns: usize, centre: f64, range: f64, rng: &mut Rng) -> Draws {
    let (low, high) = ((centre - range) as f32, (centre + range) as f32);
    Draws { columns, values: seed::uniform(rng, n * columns, low, high) }
}

/// Refuses layouts on which a coordinate map is not exact: those whose first layer does not read raw coordinates.
pub(crate) fn check_affine(name: &str, layout: &Layout) -> Result<()> {
    if layout.affine_in_coordinates() {
        return Ok(());
    }
    Err(Error::config(format!(
        "{name}: the first layer of networks {layout} reads encoded coordinates, on which no weights move the signal \
         exactly; leave `{name}` out, or use an INR on raw coordinates such as `siren`"
    )))
}

/// Refuses a setting outside `0..limit`.
pub(crate) fn check_range(name: &str, key: &str, value: f64, limit: f64) -> Result<()> {
    if value >= 0.0 && value < limit {
        return Ok(());
    }
    let most = if limit.is_finite() { format!(" and below {limit}") } else { String::new() };
    Err(Error::config(format!("{name}: `{key}` = {value}: give a number of at least 0{most}")))
}

/// Maps `T x = A x`, with `A` changed from the identity in each network by `fill(drawn numbers, A)`; `A` is row-major.
pub(crate) fn linear_maps(layout: &Layout, draws: &Draws, fill: impl Fn(&[f32], &mut [f32])) -> AffineMaps {
    let dimensions = layout.inputs();
    let networks = draws.values.len() / draws.columns;
    let mut maps = AffineMaps::identity(networks, dimensions);
    for (numbers, linear) in draws.rows().zip(maps.linear.chunks_mut(dimensions * dimensions)) {
        fill(numbers, linear);
    }
    maps
}

/// Implements what is the same for all of them, given `fn maps(&self, layout, draws) -> AffineMaps`: weights composed with
/// the coordinate map, and the claim.
macro_rules! moves_signal {
    () => {
        fn apply(&self, weights: &Weights, draws: &Draws) -> Weights {
            equigen_core::move_signal(weights, &self.maps(weights.layout(), draws))
        }

        fn coordinate_map(&self, layout: &Layout, draws: &Draws) -> Option<AffineMaps> {
            Some(self.maps(layout, draws))
        }

        fn claims(&self) -> Vec<Claim> {
            vec![Claim::MovesSignal]
        }
    };
}
pub(crate) use moves_signal;
