//! What a mesh's edges say: is it closed, and how many handles does it have?

use crate::Mesh;

/// Counts of a mesh. Vertices at one place that have different indices are different: weld the mesh first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Topology {
    /// Vertices that a triangle uses.
    pub vertices: usize,
    /// Pairs of vertices that are a side of a triangle.
    pub edges: usize,
    /// Triangles.
    pub triangles: usize,
    /// Edges that are a side of one triangle only: the rims of holes.
    pub open: usize,
    /// Edges of three triangles and more, or of two that run along it in the same direction.
    pub tangled: usize,
}

impl Topology {
    /// Counts edges and vertices.
    pub fn of(mesh: &Mesh) -> Self {
        let mut used = vec![false; mesh.vertices().len()];
        // Each side with its lesser vertex first, and whether it was turned for that.
        let mut sides = Vec::with_capacity(3 * mesh.triangles().len());
        for &[a, b, c] in mesh.triangles() {
            for (from, to) in [(a, b), (b, c), (c, a)] {
                used[from as usize] = true;
                sides.push((from.min(to), from.max(to), from > to));
            }
        }
        sides.sort_unstable();
        let (mut edges, mut open, mut tangled) = (0, 0, 0);
        for edge in sides.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
            edges += 1;
            match edge {
                [_] => open += 1,
                [first, second] if first.2 != second.2 => {}
                _ => tangled += 1,
            }
        }
        let vertices = used.iter().filter(|used| **used).count();
        Self { vertices, edges, triangles: mesh.triangles().len(), open, tangled }
    }

    /// Whether every edge is a side of exactly two triangles that run along it in opposite directions, and there is
    /// one.
    pub fn watertight(&self) -> bool {
        self.triangles > 0 && self.open == 0 && self.tangled == 0
    }

    /// Vertices - edges + triangles: 2 for each ball, 0 for a torus, 2 less for each handle.
    pub fn euler_characteristic(&self) -> i64 {
        self.vertices as i64 - self.edges as i64 + self.triangles as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shapes::{cuboid, sphere, torus};

    #[test]
    fn closed_shapes_have_the_characteristic_of_their_kind() {
        for (mesh, expected) in [(cuboid([0.0; 3], [1.0; 3]), 2), (sphere(1.0, 5), 2), (torus(1.0, 0.3, 8), 0)] {
            let topology = Topology::of(&mesh);
            assert!(topology.watertight(), "{topology:?}");
            assert_eq!(topology.euler_characteristic(), expected);
        }
        let two = Mesh::joined([&sphere(1.0, 2), &cuboid([5.0; 3], [6.0; 3])]);
        assert_eq!(Topology::of(&two).euler_characteristic(), 4);
    }

    #[test]
    fn holes_flipped_triangles_and_third_triangles_at_an_edge_are_seen() {
        let cube = cuboid([0.0; 3], [1.0; 3]);
        let with = |change: &dyn Fn(&mut Vec<[u32; 3]>)| {
            let mut triangles = cube.triangles().to_vec();
            change(&mut triangles);
            Topology::of(&Mesh::new(cube.vertices().to_vec(), triangles).unwrap())
        };
        let holed = with(&|triangles| triangles.truncate(11));
        assert_eq!((holed.open, holed.tangled, holed.watertight()), (3, 0, false));
        let flipped = with(&|triangles| triangles[0].swap(0, 1));
        assert_eq!((flipped.open, flipped.tangled, flipped.watertight()), (0, 3, false));
        let doubled = with(&|triangles| triangles.push(triangles[0]));
        assert_eq!((doubled.open, doubled.tangled, doubled.watertight()), (0, 3, false));
        assert!(!Topology::of(&Mesh::default()).watertight());
    }
}
