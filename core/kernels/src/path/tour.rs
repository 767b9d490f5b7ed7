//! A closed tour as an array with positions.

/// Cities in the order of a closed tour.
#[derive(Clone)]
pub(super) struct Tour {
    order: Vec<u32>,
    position: Vec<u32>,
}

impl Tour {
    /// The tour that visits `order`, a permutation.
    pub(super) fn new(order: Vec<u32>) -> Self {
        let mut position = vec![0; order.len()];
        for (i, &city) in order.iter().enumerate() {
            position[city as usize] = i as u32;
        }
        Self { order, position }
    }

    /// Takes over another tour of the same size.
    pub(super) fn copy_from(&mut self, other: &Self) {
        self.order.copy_from_slice(&other.order);
        self.position.copy_from_slice(&other.position);
    }

    /// City `i` places on, for positions below twice the number of cities.
    #[inline(always)]
    pub(super) fn at(&self, position: usize) -> usize {
        let n = self.order.len();
        self.order[if position >= n { position - n } else { position }] as usize
    }

    /// Place of a city.
    #[inline(always)]
    pub(super) fn position(&self, city: usize) -> usize {
        self.position[city] as usize
    }

    /// City that is `offset` places, at most one round, after or before a place.
    #[inline(always)]
    pub(super) fn beside(&self, position: usize, offset: usize, forward: bool) -> usize {
        self.at(if forward { position + offset } else { position + self.order.len() - offset })
    }

    /// Reverses the stretch from city `from` on to city `to`; as a closed tour this equals reversing the rest, so the
    /// shorter of the two is done.
    pub(super) fn reverse(&mut self, from: usize, to: usize) {
        let n = self.order.len();
        let (mut i, mut j) = (self.position(from), self.position(to));
        let inside = if j >= i { j - i + 1 } else { j + n - i + 1 };
        let mut swaps = inside / 2;
        if 2 * inside > n {
            (i, j) = (if j + 1 == n { 0 } else { j + 1 }, if i == 0 { n - 1 } else { i - 1 });
            swaps = (n - inside) / 2;
        }
        for _ in 0..swaps {
            let (a, b) = (self.order[i], self.order[j]);
            self.order[i] = b;
            self.order[j] = a;
            self.position[b as usize] = i as u32;
            self.position[a as usize] = j as u32;
            i = if i + 1 == n { 0 } else { i + 1 };
            j = if j == 0 { n - 1 } else { j - 1 };
        }
    }
}
