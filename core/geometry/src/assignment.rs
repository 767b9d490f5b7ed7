//! The cheapest assignment of rows to columns, exactly.
//!
//! An auction sets prices of columns, in rounds of ever less slack; from these the exact assignment is found by
//! shortest augmenting paths, which are then few and short. Sources: Bertsekas, "The Auction Algorithm", 1988; Jonker,
//! Volgenant, "A Shortest Augmenting Path Algorithm for Dense and Sparse Linear Assignment Problems", 1987. (The crate
//! `lsap` looks for a path for each row; on points of pairs of chairs it takes four to five times as long.)

/// No row or column.
const NONE: usize = usize::MAX;

/// For each row of costs `[n, n]` its column. All costs must be finite.
///
/// # Panics
/// If there are not `n * n` costs.
pub(crate) fn assign(n: usize, costs: &[f64]) -> Vec<usize> {
    assert_eq!(costs.len(), n * n, "the costs are square");
    let mut state = Assignment { n, costs, prices: vec![0.0; n], column: vec![NONE; n], row: vec![NONE; n] };
    state.approach();
    let free = (0..2).fold((0..n).collect(), |free, _| state.reduce_rows(free, 0.0, 8 * n));
    let mut search = Search { distance: vec![0.0; n], from: vec![0; n], open: vec![0.0; n] };
    free.into_iter().for_each(|i| state.augment(i, &mut search));
    state.column
}

/// An assignment of some rows. Every assigned column is its row's cheapest when its price is taken off: so what is
/// assigned is optimal for these rows, at every step.
struct Assignment<'a> {
    n: usize,
    costs: &'a [f64],
    /// Of each column.
    prices: Vec<f64>,
    /// Of each row, and the other way round.
    column: Vec<usize>,
    row: Vec<usize>,
}

/// How much dearer than the cheapest a column may be in the first auction and the last, of the greatest cost.
const FIRST_SLACK: f64 = 0.1;
const LAST_SLACK: f64 = 1e-5;

/// What a search for a path writes to.
struct Search {
    /// Of each column from the row where the path begins.
    distance: Vec<f64>,
    /// The row by which a column is reached.
    from: Vec<usize>,
    /// 0 for columns whose distance may still fall, infinity for the others: added to the distance it leaves them out.
    open: Vec<f64>,
}

impl Assignment<'_> {
    fn costs_of(&self, i: usize) -> &[f64] {
        &self.costs[i * self.n..(i + 1) * self.n]
    }

    /// Sets prices by auctions: all rows are assigned with some slack, and again with less.
    fn approach(&mut self) {
        let scale = self.costs.iter().fold(0.0, |most: f64, cost| most.max(cost.abs()));
        let slacks = std::iter::successors(Some(FIRST_SLACK), |slack| Some(slack / 5.0));
        for slack in slacks.take_while(|slack| *slack > LAST_SLACK && scale > 0.0) {
            self.reduce_rows((0..self.n).collect(), slack * scale, usize::MAX);
            self.column.fill(NONE);
            self.row.fill(NONE);
        }
    }

    /// Each free row takes its cheapest column, whose price falls until the second cheapest costs as much, and by the
    /// slack further; a row that loses its column comes next. Returns the rows that are still free: none if there is
    /// slack and the steps suffice. Without slack prices may fall by ever less, so the steps are limited.
    fn reduce_rows(&mut self, mut free: Vec<usize>, slack: f64, mut steps: usize) -> Vec<usize> {
        let mut still_free = Vec::new();
        free.reverse();
        while let Some(i) = free.pop() {
            if steps == 0 {
                still_free.push(i);
                continue;
            }
            steps -= 1;
            let (mut first, mut second) = ((f64::INFINITY, NONE), (f64::INFINITY, NONE));
            for (j, (cost, price)) in self.costs_of(i).iter().zip(&self.prices).enumerate() {
                let cost = cost - price;
                if cost < second.0 {
                    second = (cost, j);
                    if cost < first.0 {
                        (first, second) = (second, first);
                    }
                }
            }
            let falls = first.0 < second.0 + slack && second.1 != NONE;
            let j = if !falls && self.row[first.1] != NONE && second.1 != NONE { second.1 } else { first.1 };
            if falls {
                self.prices[j] -= second.0 - first.0 + slack;
            }
            let loser = std::mem::replace(&mut self.row[j], i);
            self.column[i] = j;
            if loser != NONE {
                self.column[loser] = NONE;
                if falls { free.push(loser) } else { still_free.push(loser) }
            }
        }
        still_free
    }

    /// Assigns a free row by the shortest path to a free column, along which all rows change theirs.
    fn augment(&mut self, start: usize, search: &mut Search) {
        let Search { distance, from, open } = search;
        open.fill(0.0);
        distance.fill(f64::INFINITY);
        let mut done: Vec<usize> = Vec::new();
        // The row at the end of the path so far, and the length up to it.
        let (mut i, mut length) = (start, 0.0);
        let end = loop {
            let offset = match self.column[i] {
                NONE => 0.0,
                j => length - (self.costs_of(i)[j] - self.prices[j]),
            };
            let mut nearest = f64::INFINITY;
            let costs = self.costs_of(i).iter().zip(&self.prices);
            for (((cost, price), (distance, from)), open) in
                costs.zip(distance.iter_mut().zip(from.iter_mut())).zip(&*open)
            {
                let through = cost - price + offset;
                if through < *distance && *open == 0.0 {
                    (*distance, *from) = (through, i);
                }
                nearest = nearest.min(*distance + open);
            }
            let j = (0..self.n).find(|j| distance[*j] + open[*j] == nearest).expect("a column is open");
            length = nearest;
            if self.row[j] == NONE {
                break j;
            }
            open[j] = f64::INFINITY;
            done.push(j);
            i = self.row[j];
        };
        for j in done {
            self.prices[j] += distance[j] - length;
        }
        let mut j = end;
        while j != NONE {
            let i = from[j];
            self.row[j] = i;
            j = std::mem::replace(&mut self.column[i], j);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cost(n: usize, costs: &[f64], columns: &[usize]) -> f64 {
        columns.iter().enumerate().map(|(i, j)| costs[i * n + j]).sum()
    }

    fn matrix(entry: impl Strategy<Value = f64> + Clone) -> impl Strategy<Value = (usize, Vec<f64>)> {
        (0..40usize).prop_flat_map(move |n| (Just(n), prop::collection::vec(entry.clone(), n * n)))
    }

    fn agrees((n, costs): (usize, Vec<f64>)) -> Result<(), TestCaseError> {
        let found = assign(n, &costs);
        let mut columns = found.clone();
        columns.sort_unstable();
        prop_assert_eq!(columns, (0..n).collect::<Vec<_>>());
        let (_, expected) = lsap::solve(n, n, &costs, false).unwrap();
        let (found, expected) = (cost(n, &costs, &found), cost(n, &costs, &expected));
        prop_assert!((found - expected).abs() <= 1e-9 * (1.0 + expected.abs()), "{} {}", found, expected);
        Ok(())
    }

    proptest! {
        #[test]
        fn any_costs_are_assigned_as_scipys_algorithm_does(case in matrix(-1.0..1.0f64)) {
            agrees(case)?;
        }

        /// Many ties, where prices do not fall.
        #[test]
        fn ties_are_assigned_as_well(case in matrix((0..4i32).prop_map(f64::from))) {
            agrees(case)?;
        }

        /// Costs that differ by rounding only, and by many orders of magnitude.
        #[test]
        fn near_ties_and_huge_costs_come_to_an_end(
            case in matrix(prop_oneof![0.0..1e-15f64, 1.0..1.000000000000001f64, 0.0..1e12f64]),
        ) {
            agrees(case)?;
        }
    }
}
