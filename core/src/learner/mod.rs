//! A burn module with its AdamW moments and a moving average, behind an object-safe trait.
//!
//! The optimiser is ours because three things are missing upstream: clipping by the *global* norm, an exponential moving
//! average of the parameters, and state keyed by parameter path (burn's parameter ids are random, so records that hold
//! them differ from run to run).

mod adamw;
mod walk;

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::{Gradients, Tensor};

pub use adamw::Step;
use adamw::{AdamW, Moments};

use crate::tensors::Tensors;
use crate::{Error, Result, host};

/// What the training loop needs of a model.
pub trait Trainable: Send {
    /// Sum of squares `[1]` of all gradients of this model, on the device; `None` if it got none.
    fn gradient_norm_squared(&self, gradients: &Gradients) -> Option<Tensor<1>>;
    /// One AdamW step; gradients are first multiplied by `scale [1]`.
    fn step(&mut self, gradients: &Gradients, scale: Tensor<1>, options: &Step);
    /// Asks for no more gradients: the parameters become constants.
    fn freeze(&mut self);
    /// Everything that a resumed run needs: parameters, average, moments, step count.
    fn checkpoint(&self) -> Tensors;
    /// Goes back to a checkpoint.
    ///
    /// # Errors
    /// If the checkpoint is of another model.
    fn resume(&mut self, checkpoint: &Tensors) -> Result<()>;
    /// The parameters to use after training: the moving average where there is one.
    fn parameters(&self) -> Tensors;
    /// Sets the parameters, and forgets moments and average.
    ///
    /// # Errors
    /// If a parameter is missing or has another shape.
    fn set_parameters(&mut self, parameters: &Tensors) -> Result<()>;
}

/// A module in training.
#[derive(Debug)]
pub struct Learner<M: Module> {
    module: Option<M>,
    average: Option<M>,
    moments: BTreeMap<String, Moments>,
    steps: u32,
}

impl<M: Module> Learner<M> {
    /// Takes a module whose parameters are all initialised.
    pub fn new(module: M) -> Self {
        Self { module: Some(module), average: None, moments: BTreeMap::new(), steps: 0 }
    }

    /// The module in training.
    pub fn module(&self) -> &M {
        self.module.as_ref().expect("the module is only absent inside `step`")
    }

    /// The module to use after training: the moving average where there is one.
    pub fn averaged(&self) -> &M {
        self.average.as_ref().unwrap_or(self.module())
    }

    /// Changes the module in a way that no gradient does.
    pub fn update(&mut self, change: impl FnOnce(M) -> M) {
        self.module = self.module.take().map(change);
    }

    /// The same, from the averaged parameters; a new average begins.
    pub fn restart(&mut self, change: impl FnOnce(M) -> M) {
        self.module = Some(change(self.averaged().clone()));
        self.average = None;
    }

    fn replace(&mut self, parameters: &Tensors) -> Result<()> {
        let module = self.module.take().expect("the module is only absent inside `step`");
        let (module, outcome) = walk::load(module, parameters);
        self.module = Some(module);
        outcome
    }
}

impl<M: Module> Trainable for Learner<M> {
    fn gradient_norm_squared(&self, gradients: &Gradients) -> Option<Tensor<1>> {
        walk::gradient_norm_squared(self.module(), gradients)
    }

    fn step(&mut self, gradients: &Gradients, scale: Tensor<1>, options: &Step) {
        self.steps += 1;
        let module = self.module.take().expect("the module is only absent inside `step`");
        let module = module.map(&mut AdamW::new(gradients, scale, options, self.steps, &mut self.moments));
        if options.average > 0.0 {
            // The average starts as the parameters and forgets them with a horizon that grows to the asked one.
            let decay = options.average.min((1.0 + f64::from(self.steps)) / (10.0 + f64::from(self.steps)));
            let average = self.average.take().unwrap_or_else(|| module.clone());
            self.average = Some(walk::average(average, &module, decay));
        }
        self.module = Some(module);
    }

    fn freeze(&mut self) {
        self.module = self.module.take().map(Module::no_grad);
    }

    fn checkpoint(&self) -> Tensors {
        let mut all = Tensors::default();
        all.extend("live", walk::read(self.module()));
        if let Some(average) = &self.average {
            all.extend("average", walk::read(average));
        }
        for (path, moments) in &self.moments {
            for (name, tensor) in [("first", &moments.first), ("second", &moments.second)] {
                all.insert(format!("{name}/{path}"), &tensor.dims(), host::read(tensor.clone()));
            }
        }
        all.insert("steps", &[1], vec![self.steps as f32]);
        all
    }

    fn resume(&mut self, checkpoint: &Tensors) -> Result<()> {
        self.set_parameters(&checkpoint.subset("live"))?;
        let average = checkpoint.subset("average");
        if !average.tensors.is_empty() {
            let live = self.module().clone();
            self.replace(&average)?;
            self.average = self.module.replace(live);
        }
        let device = self.module().devices().into_iter().next();
        let device = device.ok_or_else(|| Error::failed("a model without parameters cannot be resumed"))?.inner();
        let second = checkpoint.subset("second");
        for (path, first) in checkpoint.subset("first").tensors {
            let length = [first.values.len()];
            let second = second.get(&path)?.values.clone();
            let moments = Moments {
                first: host::tensor(first.values, length, &device),
                second: host::tensor(second, length, &device),
            };
            self.moments.insert(path, moments);
        }
        self.steps = checkpoint.get("steps")?.values[0] as u32;
        Ok(())
    }

    fn parameters(&self) -> Tensors {
        walk::read(self.averaged())
    }

    fn set_parameters(&mut self, parameters: &Tensors) -> Result<()> {
        (self.average, self.steps) = (None, 0);
        self.moments.clear();
        self.replace(parameters)
    }
}
