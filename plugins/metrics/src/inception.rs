//! Inception v3 (Szegedy et al. 2016) as FID uses it, up to its last pool: the network of the TensorFlow release of
//! 2015-12-05, in the port of pytorch-fid.
//!
//! It differs from torchvision's: averages leave padding out, and the last block takes the maximum where the others average.

use burn::tensor::module::{avg_pool2d, max_pool2d};
use burn::tensor::ops::{AvgPoolOptions, MaxPoolOptions};
use burn::tensor::{Device, Tensor};
use equigen_core::{Result, host};
use equigen_exchange::Weights;

use crate::convolution::{Convolution, Form, Loader};

/// Side of the images that it sees.
pub(crate) const SIDE: usize = 299;

/// The network.
#[derive(Debug)]
pub(crate) struct Inception {
    stem: Vec<Step>,
    blocks: Vec<Vec<Branch>>,
    device: Device,
}

#[derive(Debug)]
enum Step {
    Convolution(Box<Convolution>),
    /// Maximum of 3 x 3, in steps of two.
    Shrink,
    /// Maximum of 3 x 3, and mean of those of 3 x 3 that lie within, in steps of one.
    Maximum,
    Mean,
}

/// Steps in a row, and the convolutions into which they may fork.
#[derive(Debug)]
struct Branch {
    steps: Vec<Step>,
    fork: Vec<Convolution>,
}

/// Kernels with the padding that keeps the size.
const ONE: Kernel = Kernel([1, 1], 1, [0, 0]);
const THREE: Kernel = Kernel([3, 3], 1, [1, 1]);
const FIVE: Kernel = Kernel([5, 5], 1, [2, 2]);
const FLAT: Kernel = Kernel([1, 7], 1, [0, 3]);
const TALL: Kernel = Kernel([7, 1], 1, [3, 0]);
const FLAT_3: Kernel = Kernel([1, 3], 1, [0, 1]);
const TALL_3: Kernel = Kernel([3, 1], 1, [1, 0]);
/// Kernels without padding, in steps of one and of two.
const INNER: Kernel = Kernel([3, 3], 1, [0, 0]);
const STRIDE: Kernel = Kernel([3, 3], 2, [0, 0]);

/// Height and width, stride, padding.
#[derive(Clone, Copy)]
struct Kernel([usize; 2], usize, [usize; 2]);

/// A convolution by the end of its name, its kernel, and its number of outputs.
type Part = (&'static str, Kernel, usize);

impl Inception {
    /// From the file `pt_inception-2015-12-05-6726825d.pth` of pytorch-fid.
    ///
    /// # Errors
    /// If the file lacks a tensor, or one has another shape.
    pub(crate) fn load(weights: Weights, device: &Device) -> Result<Self> {
        let mut loader = Loader { weights, device };
        let mut channels = 3;
        let mut stem = Vec::new();
        for (name, kernel, outputs, shrink) in [
            ("Conv2d_1a_3x3", STRIDE, 32, false),
            ("Conv2d_2a_3x3", INNER, 32, false),
            ("Conv2d_2b_3x3", THREE, 64, true),
            ("Conv2d_3b_1x1", ONE, 80, false),
            ("Conv2d_4a_3x3", INNER, 192, true),
        ] {
            stem.push(Step::Convolution(Box::new(convolution(&mut loader, name, kernel, &mut channels, outputs)?)));
            stem.extend(shrink.then_some(Step::Shrink));
        }
        let mut blocks = Vec::new();
        for (name, branches) in blocks_of() {
            let mut block = Vec::new();
            let mut outputs = 0;
            for (pool, parts, fork) in branches {
                let mut inner = channels;
                let mut steps: Vec<Step> = pool.into_iter().collect();
                let mut load = |(part, kernel, outputs): Part, inner: &mut usize| {
                    convolution(&mut loader, &format!("{name}.{part}"), kernel, inner, outputs)
                };
                for part in parts {
                    steps.push(Step::Convolution(Box::new(load(part, &mut inner)?)));
                }
                outputs += if fork.is_empty() { inner } else { fork.iter().map(|part| part.2).sum() };
                let fork = fork.into_iter().map(|part| load(part, &mut inner.clone())).collect::<Result<_>>()?;
                block.push(Branch { steps, fork });
            }
            channels = outputs;
            blocks.push(block);
        }
        Ok(Self { stem, blocks, device: device.clone() })
    }

    /// Planes `[n, 3, 299, 299]` of values in `[0, 1]` to features `[n, 2048]`.
    pub(crate) fn features(&self, planes: Vec<f32>) -> Vec<f32> {
        let n = planes.len() / (3 * SIDE * SIDE);
        let x = host::tensor(planes, [n, 3, SIDE, SIDE], &self.device) * 2.0 - 1.0;
        let mut x = run(&self.stem, x);
        for block in &self.blocks {
            let mut parts = Vec::new();
            for branch in block {
                let inner = run(&branch.steps, x.clone());
                if branch.fork.is_empty() {
                    parts.push(inner);
                } else {
                    parts.extend(branch.fork.iter().map(|part| part.forward(inner.clone())));
                }
            }
            x = Tensor::cat(parts, 1);
        }
        let [n, channels, height, width] = x.dims();
        host::read(x.reshape([n, channels, height * width]).mean_dim(2))
    }
}

fn convolution(
    loader: &mut Loader<'_>,
    name: &str,
    Kernel(kernel, stride, padding): Kernel,
    channels: &mut usize,
    outputs: usize,
) -> Result<Convolution> {
    let form = Form { inputs: std::mem::replace(channels, outputs), outputs, kernel, stride, padding };
    loader.normalised(name, form)
}

fn run(steps: &[Step], x: Tensor<4>) -> Tensor<4> {
    let maximum = MaxPoolOptions::new([3, 3]);
    steps.iter().fold(x, |x, step| match step {
        Step::Convolution(convolution) => convolution.forward(x),
        Step::Shrink => max_pool2d(x, maximum.clone().with_stride([2, 2])),
        Step::Maximum => max_pool2d(x, maximum.clone().with_stride([1, 1]).with_padding([1, 1])),
        Step::Mean => {
            let mean = AvgPoolOptions::new([3, 3]).with_stride([1, 1]).with_padding([1, 1]);
            avg_pool2d(x, mean.with_count_include_pad(false))
        }
    })
}

/// A pool in front, convolutions in a row, and those into which these fork.
type Row = (Option<Step>, Vec<Part>, Vec<Part>);

/// The blocks by name, branches in the order in which they are joined.
fn blocks_of() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        ("Mixed_5b", a(32)),
        ("Mixed_5c", a(64)),
        ("Mixed_5d", a(64)),
        ("Mixed_6a", b()),
        ("Mixed_6b", c(128)),
        ("Mixed_6c", c(160)),
        ("Mixed_6d", c(160)),
        ("Mixed_6e", c(192)),
        ("Mixed_7a", d()),
        ("Mixed_7b", e(Step::Mean)),
        ("Mixed_7c", e(Step::Maximum)),
    ]
}

fn row(parts: Vec<Part>) -> Row {
    (None, parts, vec![])
}

fn a(pooled: usize) -> Vec<Row> {
    vec![
        row(vec![("branch1x1", ONE, 64)]),
        row(vec![("branch5x5_1", ONE, 48), ("branch5x5_2", FIVE, 64)]),
        row(vec![("branch3x3dbl_1", ONE, 64), ("branch3x3dbl_2", THREE, 96), ("branch3x3dbl_3", THREE, 96)]),
        (Some(Step::Mean), vec![("branch_pool", ONE, pooled)], vec![]),
    ]
}

fn b() -> Vec<Row> {
    vec![
        row(vec![("branch3x3", STRIDE, 384)]),
        row(vec![("branch3x3dbl_1", ONE, 64), ("branch3x3dbl_2", THREE, 96), ("branch3x3dbl_3", STRIDE, 96)]),
        (Some(Step::Shrink), vec![], vec![]),
    ]
}

fn c(inner: usize) -> Vec<Row> {
    vec![
        row(vec![("branch1x1", ONE, 192)]),
        row(vec![("branch7x7_1", ONE, inner), ("branch7x7_2", FLAT, inner), ("branch7x7_3", TALL, 192)]),
        row(vec![
            ("branch7x7dbl_1", ONE, inner),
            ("branch7x7dbl_2", TALL, inner),
            ("branch7x7dbl_3", FLAT, inner),
            ("branch7x7dbl_4", TALL, inner),
            ("branch7x7dbl_5", FLAT, 192),
        ]),
        (Some(Step::Mean), vec![("branch_pool", ONE, 192)], vec![]),
    ]
}

fn d() -> Vec<Row> {
    vec![
        row(vec![("branch3x3_1", ONE, 192), ("branch3x3_2", STRIDE, 320)]),
        row(vec![
            ("branch7x7x3_1", ONE, 192),
            ("branch7x7x3_2", FLAT, 192),
            ("branch7x7x3_3", TALL, 192),
            ("branch7x7x3_4", STRIDE, 192),
        ]),
        (Some(Step::Shrink), vec![], vec![]),
    ]
}

fn e(pool: Step) -> Vec<Row> {
    let fork = |flat, tall| vec![(flat, FLAT_3, 384), (tall, TALL_3, 384)];
    vec![
        row(vec![("branch1x1", ONE, 320)]),
        (None, vec![("branch3x3_1", ONE, 384)], fork("branch3x3_2a", "branch3x3_2b")),
        (
            None,
            vec![("branch3x3dbl_1", ONE, 448), ("branch3x3dbl_2", THREE, 384)],
            fork("branch3x3dbl_3a", "branch3x3dbl_3b"),
        ),
        (Some(pool), vec![("branch_pool", ONE, 192)], vec![]),
    ]
}
