//! A binary tree of boxes, which finds the nearest of many triangles or points.

use crate::mesh::Bounds;
use crate::{Point, vector};

/// Items at a leaf, at most.
pub(crate) const LEAF: usize = 8;

/// Items sorted into nested boxes. Nodes stand in depth-first order: a node's first child is the next node.
pub(crate) struct Tree {
    pub(crate) nodes: Vec<Node>,
    /// The items, so that each node's lie together.
    pub(crate) order: Vec<u32>,
}

/// One box and the items in it: `order[start..end]`.
pub(crate) struct Node {
    pub(crate) bounds: Bounds,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// The second child; 0 at a leaf.
    pub(crate) second: usize,
}

impl Tree {
    /// A tree over items with these boxes, halved at the median of the centres along the box's longest side.
    pub(crate) fn new(boxes: &[Bounds]) -> Self {
        let mut tree = Self { nodes: Vec::new(), order: (0..boxes.len() as u32).collect() };
        if !boxes.is_empty() {
            let centres: Vec<Point> = boxes.iter().map(Bounds::centre).collect();
            tree.split(boxes, &centres, 0, boxes.len());
        }
        tree
    }

    fn split(&mut self, boxes: &[Bounds], centres: &[Point], start: usize, end: usize) {
        let items = &mut self.order[start..end];
        let around = |bounds: Bounds, other: Bounds| bounds.with(other.low).with(other.high);
        let bounds = items.iter().map(|&i| boxes[i as usize]).reduce(around).expect("a node holds an item");
        let node = self.nodes.len();
        self.nodes.push(Node { bounds, start, end, second: 0 });
        if end - start <= LEAF {
            return;
        }
        let size = bounds.size();
        let axis = (0..3).max_by(|&i, &j| size[i].total_cmp(&size[j])).expect("three axes");
        let half = (end - start) / 2;
        // The index decides between equal centres, so that the tree does not depend on the selection's inner workings.
        let key = |i: &u32| (centres[*i as usize][axis], *i);
        items.select_nth_unstable_by(half, |i, j| {
            let ((x, i), (y, j)) = (key(i), key(j));
            x.total_cmp(&y).then(i.cmp(&j))
        });
        self.split(boxes, centres, start, start + half);
        self.nodes[node].second = self.nodes.len();
        self.split(boxes, centres, start + half, end);
    }

    /// The least of `distance(place)` over places in `order`, where `distance` is squared and no less than that to the
    /// item's box; or `limit` if none is below it. A small limit leaves most of the tree unseen.
    pub(crate) fn nearest(&self, point: Point, limit: f64, mut distance: impl FnMut(usize) -> f64) -> f64 {
        let mut best = limit;
        let mut waiting = Vec::with_capacity(64);
        if let Some(root) = self.nodes.first() {
            waiting.push((to_box(point, &root.bounds), 0));
        }
        while let Some((bound, node)) = waiting.pop() {
            if bound >= best {
                continue;
            }
            let Node { start, end, second, .. } = self.nodes[node];
            if second == 0 {
                for place in start..end {
                    best = best.min(distance(place));
                }
                continue;
            }
            let children = [node + 1, second].map(|child| (to_box(point, &self.nodes[child].bounds), child));
            // The nearer child is looked at first.
            let (near, far) = if children[0].0 <= children[1].0 { (0, 1) } else { (1, 0) };
            waiting.extend([children[far], children[near]]);
        }
        best
    }
}

/// Squared distance from a point to a box, 0 within.
fn to_box(point: Point, bounds: &Bounds) -> f64 {
    let outside: Point = std::array::from_fn(|k| (bounds.low[k] - point[k]).max(point[k] - bounds.high[k]).max(0.0));
    vector::dot(outside, outside)
}
