//! Where the distribution of a set lies, by nearest neighbours.

use equigen_core::{Error, Judgement, Result};

use crate::distances::{between, nearest};

/// Balls around the members of a set, each as wide as the distance to the k-th nearest other member: together they
/// estimate where the distribution of the set lies. A ball holds its border.
#[derive(Debug)]
pub(crate) struct Balls<'a> {
    centres: &'a Judgement,
    radii: Vec<f64>,
}

impl<'a> Balls<'a> {
    /// Balls that reach to the `neighbours`-th nearest other member of `centres`.
    ///
    /// # Errors
    /// If `neighbours` is 0, or the set has no more members than that; `what` names the set and `key` the setting that
    /// makes it larger.
    pub(crate) fn around(centres: &'a Judgement, neighbours: usize, what: &str, key: &str) -> Result<Self> {
        if neighbours == 0 {
            return Err(Error::config("neighbours: it must be at least 1"));
        }
        crate::check(centres, neighbours.saturating_add(1), what, &format!("{key}, or lower neighbours"))?;
        Ok(Self { centres, radii: (0..centres.len()).map(|i| radius(centres, i, neighbours)).collect() })
    }

    /// How many balls hold each of these signals.
    pub(crate) fn holding(&self, signals: &Judgement) -> Vec<usize> {
        let holds = |i: usize, ball: usize| between(signals, i, self.centres, ball) <= self.radii[ball];
        let count = |i: usize| (0..self.radii.len()).filter(|ball| holds(i, *ball)).count();
        (0..signals.len()).map(count).collect()
    }

    /// Share of these signals, one or more, that some ball holds.
    pub(crate) fn share_held(&self, signals: &Judgement) -> f64 {
        let held = self.holding(signals).into_iter().filter(|balls| *balls > 0).count();
        held as f64 / signals.len() as f64
    }

    /// Share of the balls that hold some of these signals, one or more.
    pub(crate) fn share_occupied(&self, signals: &Judgement) -> f64 {
        let nearest = nearest(self.centres, signals);
        let occupied = nearest.iter().zip(&self.radii).filter(|(distance, radius)| distance <= radius).count();
        occupied as f64 / self.radii.len() as f64
    }
}

/// Distance of member `i` to its `neighbours`-th nearest other member; there are as many.
fn radius(set: &Judgement, i: usize, neighbours: usize) -> f64 {
    let others = (0..set.len()).filter(|j| *j != i);
    let mut distances: Vec<f64> = others.map(|j| between(set, i, set, j)).collect();
    let (_, radius, _) = distances.select_nth_unstable_by(neighbours - 1, f64::total_cmp);
    *radius
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::set;

    fn balls(centres: &Judgement, neighbours: usize) -> Balls<'_> {
        Balls::around(centres, neighbours, "the set", "the.key").unwrap()
    }

    #[test]
    fn radii_hand_computed() {
        let line = set(&[0.0, 1.0, 3.0, 7.0], 1);
        assert_eq!(balls(&line, 1).radii, [1.0, 1.0, 2.0, 4.0]);
        assert_eq!(balls(&line, 2).radii, [3.0, 2.0, 3.0, 6.0]);
        assert_eq!(balls(&set(&[0.0, 0.0, 5.0], 1), 1).radii, [0.0, 0.0, 5.0]);
    }

    #[test]
    fn balls_hold_their_border() {
        let line = set(&[0.0, 1.0, 3.0, 7.0], 1);
        let (balls, signals) = (balls(&line, 1), set(&[0.5, 1.0, 11.0, 11.5], 1));
        assert_eq!(balls.holding(&signals), [2, 3, 1, 0]);
        assert_eq!(balls.share_held(&signals), 0.75);
        assert_eq!(balls.share_occupied(&signals), 1.0);
        assert_eq!(balls.share_occupied(&set(&[0.5], 1)), 0.5);
    }

    #[test]
    fn too_few_members_and_no_neighbours_are_errors() {
        let message = |neighbours| {
            let error = Balls::around(&set(&[0.0, 1.0], 1), neighbours, "the set", "the.key").unwrap_err();
            error.to_string()
        };
        assert!(message(0).contains("neighbours: "));
        assert!(message(2).contains("at least 3") && message(2).contains("the.key, or lower neighbours"));
        assert!(message(usize::MAX).contains("the set has 2 signals"));
    }
}
