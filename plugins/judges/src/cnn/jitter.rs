//! Small random shifts and rotations of a batch of images, on the host.

use equigen_core::seed::Rng;
use rand::RngExt;

/// Moves each image by a random shift and a random rotation about its centre, with bilinear interpolation; what comes in
/// at the border is the nearest pixel of the image.
#[derive(Debug, Clone, Copy)]
pub(super) struct Jitter {
    pub(super) image: [usize; 3],
    /// Largest shift, pixels.
    pub(super) shift: f32,
    /// Largest rotation, degrees.
    pub(super) degrees: f32,
}

impl Jitter {
    /// Images `[n, height * width, channels]`, each moved by draws of its own.
    pub(super) fn apply(&self, images: &[f32], rng: &mut Rng) -> Vec<f32> {
        let length: usize = self.image.iter().product();
        let mut moved = Vec::with_capacity(images.len());
        for image in images.chunks(length) {
            let mut draw = |most: f32| (2.0 * rng.random::<f32>() - 1.0) * most;
            let (right, down, angle) = (draw(self.shift), draw(self.shift), draw(self.degrees));
            self.resample(image, [right, down], angle.to_radians(), &mut moved);
        }
        moved
    }

    /// Appends the image rotated by `angle` (radians, clockwise on the screen) and then shifted by `[right, down]` pixels.
    fn resample(&self, image: &[f32], [right, down]: [f32; 2], angle: f32, moved: &mut Vec<f32>) {
        let [height, width, channels] = self.image;
        let (sine, cosine) = angle.sin_cos();
        let centre = [(width - 1) as f32 / 2.0, (height - 1) as f32 / 2.0];
        for row in 0..height {
            for column in 0..width {
                // Where this pixel comes from: the inverse of the move.
                let x = column as f32 - centre[0] - right;
                let y = row as f32 - centre[1] - down;
                let (left, across) = split(cosine * x + sine * y + centre[0], width);
                let (top, along) = split(cosine * y - sine * x + centre[1], height);
                for channel in 0..channels {
                    let at = |row: usize, column: usize| image[(row * width + column) * channels + channel];
                    let line = |row: usize| at(row, left) * (1.0 - across) + at(row, left + 1) * across;
                    moved.push(line(top) * (1.0 - along) + line(top + 1) * along);
                }
            }
        }
    }
}

/// The pixel before a position on an axis of `n` pixels and the share of the next one; positions outside are moved to the
/// border.
fn split(at: f32, n: usize) -> (usize, f32) {
    let at = at.clamp(0.0, (n - 1) as f32);
    let low = (at as usize).min(n - 2);
    (low, at - low as f32)
}

#[cfg(test)]
mod tests {
    use equigen_core::Seed;

    use super::*;

    const SIDE: usize = 13;

    fn jitter(shift: f32, degrees: f32, channels: usize) -> Jitter {
        Jitter { image: [SIDE, SIDE, channels], shift, degrees }
    }

    fn dot(row: usize, column: usize) -> Vec<f32> {
        let mut image = vec![0.0; SIDE * SIDE];
        image[row * SIDE + column] = 1.0;
        image
    }

    fn moved(image: &[f32], shift: [f32; 2], degrees: f32) -> Vec<f32> {
        let mut out = Vec::new();
        jitter(0.0, 0.0, 1).resample(image, shift, degrees.to_radians(), &mut out);
        out
    }

    #[test]
    fn no_jitter_changes_nothing() {
        let images: Vec<f32> = (0..2 * 3 * SIDE * SIDE).map(|i| (i % 17) as f32 / 17.0).collect();
        assert_eq!(jitter(0.0, 0.0, 3).apply(&images, &mut Seed::new(1).stream(0)), images);
    }

    #[test]
    fn shifts_and_quarter_turns_are_exact() {
        assert_eq!(moved(&dot(4, 5), [2.0, -1.0], 0.0), dot(3, 7));
        let half = moved(&dot(4, 5), [0.5, 0.0], 0.0);
        assert_eq!([half[4 * SIDE + 5], half[4 * SIDE + 6]], [0.5, 0.5]);
        // Clockwise: what is above the centre comes to its right.
        let turned = moved(&dot(2, 6), [0.0, 0.0], 90.0);
        assert!((turned[6 * SIDE + 10] - 1.0).abs() < 1e-4);
    }

    #[test]
    fn draws_differ_by_image_and_stay_in_range() {
        let image = dot(6, 6);
        let both = jitter(2.0, 10.0, 1).apply(&[image.clone(), image].concat(), &mut Seed::new(1).stream(0));
        let (one, other) = both.split_at(SIDE * SIDE);
        assert_ne!(one, other);
        for moved in [one, other] {
            let mass: f32 = moved.iter().sum();
            assert!((mass - 1.0).abs() < 0.1, "{mass}");
            let far = (0..SIDE * SIDE).filter(|i| (i / SIDE).abs_diff(6) > 3 || (i % SIDE).abs_diff(6) > 3);
            assert!(far.into_iter().all(|i| moved[i] == 0.0));
        }
    }
}
