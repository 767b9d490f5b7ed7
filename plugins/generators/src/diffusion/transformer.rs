//! A transformer over tokens of the weights (G.pt, Peebles et al. 2022; docs/method.md, section 7).

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use equigen_core::Layout;
use equigen_core::nn::{Attention, Init, LayerNorm, Linear};

use super::denoiser::{EMBEDDED, Question, Tokens, embed};
use super::tokens::{columns, groups, placement};

/// Where the branches of a layer start to count (LayerScale, Touvron et al. 2021).
const LAYER_SCALE: f32 = 0.1;

/// Pre-norm layers of self-attention over weight tokens and a time token, cross-attention to the condition, and a
/// perceptron.
#[derive(Module, Debug)]
pub(crate) struct Transformer {
    inputs: Vec<Linear>,
    outputs: Vec<Linear>,
    positions: Param<Tensor<2>>,
    time: Linear,
    condition: Linear,
    layers: Vec<Layer>,
    norm: LayerNorm,
    /// A map from the mean token, where the answer is no set of weights.
    pooled: Option<Linear>,
    condition_tokens: usize,
    /// `reads` of each group, its number of tokens, and where each parameter is written.
    reads: Vec<(Vec<usize>, usize)>,
    place: Vec<usize>,
}

#[derive(Module, Debug)]
struct Layer {
    norms: [LayerNorm; 3],
    attention: Attention,
    cross: Attention,
    widen: Linear,
    narrow: Linear,
    scales: [Param<Tensor<1>>; 3],
}

impl Layer {
    fn new(width: usize, heads: usize, init: &mut Init) -> Self {
        Self {
            norms: std::array::from_fn(|_| LayerNorm::new(width, init)),
            attention: Attention::new(width, width, heads, init),
            cross: Attention::new(width, width, heads, init),
            widen: Linear::new(width, 4 * width, init),
            narrow: Linear::new(4 * width, width, init),
            scales: std::array::from_fn(|_| init.constant([width], LAYER_SCALE)),
        }
    }

    fn forward(&self, x: Tensor<3>, condition: &Tensor<3>) -> Tensor<3> {
        let scale = |branch: usize, y: Tensor<3>| y * self.scales[branch].val().reshape([1, 1, -1]);
        let normed = self.norms[0].forward(x.clone());
        let x = x + scale(0, self.attention.forward(normed.clone(), normed));
        let x = x.clone() + scale(1, self.cross.forward(self.norms[1].forward(x), condition.clone()));
        let inner = self.widen.forward_gelu(self.norms[2].forward(x.clone()));
        x + scale(2, self.narrow.forward(inner))
    }
}

impl Transformer {
    pub(crate) fn new(
        layout: &Layout,
        tokens: Tokens,
        dim: usize,
        outputs: usize,
        (width, layers, heads, condition_tokens): (usize, usize, usize, usize),
        init: &mut Init,
    ) -> Self {
        let groups = groups(layout, tokens);
        let count: usize = groups.iter().map(|group| group.count).sum();
        let writes_weights = outputs == layout.parameters();
        Self {
            inputs: groups.iter().map(|group| Linear::new(group.read_size(), width, init)).collect(),
            outputs: match writes_weights {
                true => groups.iter().map(|group| Linear::scaled(width, group.write_size(), 0.0, init)).collect(),
                false => Vec::new(),
            },
            positions: init.normal([count, width], 0.02),
            time: Linear::new(2 * EMBEDDED, width, init),
            condition: Linear::new(dim, condition_tokens * width, init),
            layers: (0..layers).map(|_| Layer::new(width, heads, init)).collect(),
            norm: LayerNorm::new(width, init),
            pooled: (!writes_weights).then(|| Linear::scaled(width, outputs, 0.0, init)),
            condition_tokens,
            place: placement(&groups, layout.parameters()),
            reads: groups.into_iter().map(|group| (group.reads, group.count)).collect(),
        }
    }

    pub(crate) fn forward(&self, question: Question) -> Tensor<2> {
        let Question { x_t, time, condition, level } = question;
        let n = x_t.dims()[0];
        let read = |(map, (reads, count)): (&Linear, &(Vec<usize>, usize))| {
            map.forward(columns(x_t.clone(), reads).reshape([n, *count, reads.len() / count]))
        };
        let tokens = Tensor::cat(self.inputs.iter().zip(&self.reads).map(read).collect(), 1);
        let tokens = tokens + self.positions.val().unsqueeze_dim::<3>(0);
        let time: Tensor<3> = self.time.forward(Tensor::cat(vec![embed(time), embed(level)], 1)).unsqueeze_dim(1);
        let width = time.dims()[2];
        let condition = self.condition.forward(condition).reshape([n, self.condition_tokens, width]);
        let condition = Tensor::cat(vec![condition, time.clone()], 1);
        let x = Tensor::cat(vec![tokens, time], 1);
        let x = self.norm.forward(self.layers.iter().fold(x, |x, layer| layer.forward(x, &condition)));
        if let Some(pooled) = &self.pooled {
            return pooled.forward(x.mean_dim(1).reshape([n, width]));
        }
        let mut written = Vec::new();
        let mut first = 0;
        for (map, (_, count)) in self.outputs.iter().zip(&self.reads) {
            let y = map.forward(x.clone().slice([0..n, first..first + count, 0..width]));
            let size = y.dims()[2];
            written.push(y.reshape([n, count * size]));
            first += count;
        }
        columns(Tensor::cat(written, 1), &self.place)
    }
}
