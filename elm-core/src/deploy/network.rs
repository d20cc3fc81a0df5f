//! A deployed network, step by step.

use super::file::LiveFile;
use super::form::{InputForm, OutputForm, OutputKind};
use crate::error::{Error, Result};
use crate::kernel::{LiveInput, Simd};
use crate::model::LiveNetwork;

/// A [`LiveNetwork`] that knows what its inputs and outputs are. Nothing is
/// allocated after it was made.
#[derive(Debug)]
pub struct DeployedNetwork {
    input: InputForm,
    output: OutputForm,
    inputs: usize,
    outputs: usize,
    network: LiveNetwork,
    /// Values as the network reads them, `[C]`; empty where they are not scaled.
    scaled: Vec<f32>,
}

impl DeployedNetwork {
    /// The network of a file; state starts at zero. Large layers are shared by
    /// up to `threads` threads.
    ///
    /// # Errors
    /// As [`LiveNetwork::new`].
    pub fn new(file: &LiveFile, simd: Simd, threads: usize) -> Result<Self> {
        let network = LiveNetwork::new(&file.network, &file.weights, simd, threads)?;
        let inputs = file.network.inputs();
        Ok(DeployedNetwork {
            input: file.input.clone(),
            output: file.output.clone(),
            inputs,
            outputs: file.network.logits(),
            network,
            scaled: vec![0.0; if file.input.scaling.is_some() { inputs } else { 0 }],
        })
    }

    /// Takes the network through one time step and answers `[O]` numbers, see
    /// [`OutputForm::kind`]. Values are scaled as those it was trained on;
    /// counting spikes ([`InputForm::counts`]) and taking steps of the data
    /// together ([`InputForm::group`]) is up to the caller.
    ///
    /// # Errors
    /// As [`LiveNetwork::step`]; then no time has passed.
    pub fn step(&mut self, input: LiveInput<'_>) -> Result<&[f32]> {
        match (input, self.input.scaling) {
            (LiveInput::Dense(values), _) if values.len() != self.inputs => {
                Err(Error::shape("input of a step", &[values.len()], format!("[{}]", self.inputs)))
            }
            (LiveInput::Dense(values), Some(scaling)) => {
                for (scaled, value) in self.scaled.iter_mut().zip(values) {
                    *scaled = scaling.of(*value);
                }
                self.network.step(LiveInput::Dense(&self.scaled))
            }
            _ => self.network.step(input),
        }
    }

    /// Back to the state before the first step.
    pub fn reset(&mut self) {
        self.network.reset();
    }

    /// Input channels, or symbols.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Numbers that a step answers.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// What a step takes.
    pub fn input(&self) -> &InputForm {
        &self.input
    }

    /// What a step answers.
    pub fn output(&self) -> &OutputForm {
        &self.output
    }

    /// The name of output `index`, where it has one: of a class or value, or
    /// the symbol that comes next.
    pub fn output_name(&self, index: usize) -> Option<&[u8]> {
        match &self.output.names {
            Some(names) => names.get(index).map(|name| name.as_bytes()),
            None if self.output.kind == OutputKind::NextSymbol => self.input.name(index),
            None => None,
        }
    }
}
