//! The triangles of marching cubes: for each way the surface can pass between the eight corners of a cell.
//!
//! The table is derived, not copied. On each side of the cell the surface leaves a line for each run of inside corners
//! around it; the lines make closed loops, and loops are cut into triangles. Two cells that share a side see the same
//! corners and draw the same lines, so the surface has no holes. No triangle's edge lies across a side, where the
//! neighbour could draw the same one again: so each edge has exactly two triangles, and the surface is a manifold.

use std::sync::LazyLock;

/// For each set of inside corners (bit c: corner c is inside) triangles, whose corners lie on edges of the cell.
///
/// Corner c lies at x = bit 0 of c, y = bit 1, z = bit 2. Edge `4 axis + k` runs along an axis; the bits of k are the
/// places on the two other axes, the lower axis first. Seen from outside, triangles are counter-clockwise.
pub static TRIANGLES: LazyLock<Vec<Vec<[u8; 3]>>> =
    LazyLock::new(|| (0..256).map(|inside| loops(inside).iter().flat_map(|rim| cut(rim)).collect()).collect());

/// The corners around each side, counter-clockwise from outside.
const SIDES: [[u8; 4]; 6] = [[0, 4, 6, 2], [1, 3, 7, 5], [0, 1, 5, 4], [2, 6, 7, 3], [0, 2, 3, 1], [4, 5, 7, 6]];

/// The edge between two corners that differ in one place.
fn edge(a: u8, b: u8) -> u8 {
    let axis = (a ^ b).trailing_zeros() as u8;
    // The other two bits, moved together.
    let low = a & ((1 << axis) - 1);
    let high = a >> (axis + 1) << axis;
    4 * axis + (low | high)
}

/// The loops that the surface draws on a cell's sides, as edges of the cell.
fn loops(inside: u32) -> Vec<Vec<u8>> {
    let is_inside = |corner: u8| inside >> corner & 1 == 1;
    // Where the surface goes on from an edge. Each crossed edge is left by a run on one of its sides and entered on the
    // other, so it has one successor.
    let mut next = [None; 12];
    for side in SIDES {
        for start in 0..4 {
            let corner = |k: usize| side[(start + k) % 4];
            if is_inside(corner(0)) || !is_inside(corner(1)) {
                continue;
            }
            let end = (1..=3).take_while(|k| is_inside(corner(*k))).last().expect("a run has a corner");
            next[edge(corner(0), corner(1)) as usize] = Some(edge(corner(end), corner(end + 1)));
        }
    }
    let mut all = Vec::new();
    for start in 0..12 {
        let mut rim = Vec::new();
        let mut at = start;
        while let Some(following) = next[at].take() {
            rim.push(at as u8);
            at = following as usize;
        }
        if !rim.is_empty() {
            all.push(rim);
        }
    }
    all
}

/// Whether two edges of the cell lie on one side.
fn share_side(a: u8, b: u8) -> bool {
    let on = |side: &[u8; 4], e: u8| (0..4).any(|k| edge(side[k], side[(k + 1) % 4]) == e);
    SIDES.iter().any(|side| on(side, a) && on(side, b))
}

/// A loop as triangles, without a diagonal that lies on a side of the cell.
fn cut(rim: &[u8]) -> Vec<[u8; 3]> {
    // The triangle at the edge from the last to the first, and what is left on both sides of it.
    fn between(rim: &[u8], first: usize, last: usize) -> Option<Vec<[u8; 3]>> {
        if last - first < 2 {
            return Some(Vec::new());
        }
        let allowed = |i: usize, j: usize| j - i < 2 || !share_side(rim[i], rim[j]);
        (first + 1..last).filter(|&apex| allowed(first, apex) && allowed(apex, last)).find_map(|apex| {
            let mut triangles = between(rim, first, apex)?;
            triangles.extend(between(rim, apex, last)?);
            triangles.push([rim[first], rim[apex], rim[last]]);
            Some(triangles)
        })
    }
    between(rim, 0, rim.len() - 1).expect("every loop of the 256 cells can be cut")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_pass_each_crossed_edge_once_and_every_cell_can_be_cut() {
        for inside in 0..256u32 {
            let is_inside = |c: u8| inside >> c & 1 == 1;
            let mut expected: Vec<u8> = Vec::new();
            for c in 0..8u8 {
                for axis in 0..3 {
                    let other = c ^ (1 << axis);
                    if c < other && is_inside(c) != is_inside(other) {
                        expected.push(edge(c, other));
                    }
                }
            }
            let mut found = loops(inside).concat();
            found.sort_unstable();
            expected.sort_unstable();
            assert_eq!(found, expected, "{inside:08b}");
            let triangles: usize = loops(inside).iter().map(|rim| rim.len() - 2).sum();
            assert_eq!(TRIANGLES[inside as usize].len(), triangles, "{inside:08b}");
        }
    }
}
