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
    /// One AdamW step, which takes this model's gradients; they are first multiplied by `scale [1]`.
    fn step(&mut self, gradients: &mut Gradients, scale: Tensor<1>, options: &Step);
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
    moments: BTreeMap<String, Moments>,
    steps: u32,
}

impl<M: Module> Learner<M> {
    /// Takes a module whose parameters are all initialised.
    pub fn new(module: M) -> Self {
        Self { module: Some(module), moments: BTreeMap::new(), steps: 0 }
    }

    /// The module in training.
    pub fn module(&self) -> &M {
        self.module.as_ref().expect("the module is only absent inside `step`")
    }

    /// The module to use after training: with the moving average of every parameter that has one.
    pub fn averaged(&self) -> M {
        let averages = self.moments.iter().filter_map(|(path, moments)| Some((path, moments.average.as_ref()?)));
        walk::replace(self.module().clone(), averages.collect())
    }

    /// Changes the module in a way that no gradient does.
    pub fn update(&mut self, change: impl FnOnce(M) -> M) {
        self.module = self.module.take().map(change);
    }

    /// The same, from the averaged parameters; a new average begins.
    pub fn restart(&mut self, change: impl FnOnce(M) -> M) {
        self.module = Some(change(self.averaged()));
        self.moments.values_mut().for_each(|moments| moments.average = None);
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

    fn step(&mut self, gradients: &mut Gradients, scale: Tensor<1>, options: &Step) {
        self.steps += 1;
        let module = self.module.take().expect("the module is only absent inside `step`");
        let optimiser = &mut AdamW::new(gradients, scale, options, self.steps, &mut self.moments);
        self.module = Some(module.map(optimiser));
    }

    fn freeze(&mut self) {
        self.module = self.module.take().map(Module::no_grad);
    }

    fn checkpoint(&self) -> Tensors {
        let mut all = Tensors::default();
        all.extend("live", walk::read(self.module()));
        for (path, moments) in &self.moments {
            let Moments { first, second, average } = moments;
            let kept = [("first", Some(first)), ("second", Some(second)), ("average", average.as_ref())];
            for (name, tensor) in kept.into_iter().filter_map(|(name, tensor)| Some((name, tensor?))) {
                all.insert(format!("{name}/{path}"), &tensor.dims(), host::read(tensor.clone()));
            }
        }
        all.insert("steps", &[1], vec![self.steps as f32]);
        all
    }

    fn resume(&mut self, checkpoint: &Tensors) -> Result<()> {
        self.set_parameters(&checkpoint.subset("live"))?;
        let device = self.module().devices().into_iter().next();
        let device = device.ok_or_else(|| Error::failed("a model without parameters cannot be resumed"))?.inner();
        let (second, average) = (checkpoint.subset("second"), checkpoint.subset("average"));
        for (path, first) in checkpoint.subset("first").tensors {
            let length = [first.values.len()];
            let second = second.get(&path)?.values.clone();
            let moments = Moments {
                first: host::tensor(first.values, length, &device),
                second: host::tensor(second, length, &device),
                average: average.get(&path).ok().map(|found| host::tensor(found.values.clone(), length, &device)),
            };
            self.moments.insert(path, moments);
        }
        self.steps = checkpoint.get("steps")?.values[0] as u32;
        Ok(())
    }

    fn parameters(&self) -> Tensors {
        walk::read(&self.averaged())
    }

    fn set_parameters(&mut self, parameters: &Tensors) -> Result<()> {
        self.steps = 0;
        self.moments.clear();
        self.replace(parameters)
    }
}
