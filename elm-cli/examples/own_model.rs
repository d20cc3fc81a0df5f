//! The program for a model of one's own: a GRU (Cho et al. 2014, with the
//! reset gate after the product), composed from the backend's primitives.
//!
//! ```sh
//! cargo run --release --example own_model -- train configs/quickstart.toml
//! ```

use elm_cli::config::{Demand, RunConfig};
use elm_cli::{ConfiguredModel, Registry, main_with};
use elm_core::backend::{Backend, Unary};
use elm_core::device::BackendOptions;
use elm_core::model::count::NetworkCount;
use elm_core::model::{
    LayerAnswer, Model, ModelSpec, Pass, Sequences, StoredTensors, flat_values, insert_named,
};
use elm_core::random::{Draws, Purpose};
use elm_core::scan::ScanPath;
use elm_core::spec::{NamedRange, ParameterLayout};
use elm_core::{Error, Result, ops};
use serde::{Deserialize, Serialize};
use std::process::ExitCode;

fn main() -> ExitCode {
    main_with(Registry::standard_for::<Gru>())
}

/// `H` hidden units that read `C` channels, and a linear head.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Gru {
    inputs: usize,
    hidden: usize,
    logits: usize,
}

impl ConfiguredModel for Gru {
    fn configured(config: &RunConfig, demand: Demand) -> anyhow::Result<Self> {
        let hidden = config.value("model.num_hidden").and_then(|value| value.parse().ok());
        let hidden = hidden.ok_or_else(|| config.error("model.num_hidden", "a GRU needs hidden units"))?;
        Ok(Gru { inputs: demand.inputs, hidden, logits: demand.outputs })
    }
}

impl ModelSpec for Gru {
    fn inputs(&self) -> usize {
        self.inputs
    }

    fn logits(&self) -> usize {
        self.logits
    }

    fn layouts(&self) -> Vec<(String, ParameterLayout)> {
        let (mut gru, mut head) = (ParameterLayout::default(), ParameterLayout::default());
        gru.push("input", &[3 * self.hidden, self.inputs]);
        gru.push("recurrent", &[3 * self.hidden, self.hidden]);
        gru.push("bias", &[3 * self.hidden, 1]);
        head.push("weight", &[self.logits, self.hidden]);
        head.push("bias", &[self.logits, 1]);
        vec![("gru".into(), gru), ("head".into(), head)]
    }

    fn count(&self) -> NetworkCount {
        let parameters = self.trainable_parameters();
        NetworkCount {
            trainable_parameters: parameters,
            total_parameters: parameters,
            layers: Vec::new(), // these are the axes of ELM layers
            flops_per_step_forward: 2 * parameters as u64,
            state_floats: self.hidden,
        }
    }

    fn training_memory_bytes(&self, samples: usize, steps: usize, _: &BackendOptions) -> u64 {
        4 * (4 * self.trainable_parameters() + samples * steps * (self.inputs + 12 * self.hidden)) as u64
    }

    /// Uniform in ±1/sqrt(H).
    fn initial_weights(&self, seed: u64) -> StoredTensors {
        let mut stored = StoredTensors::default();
        for (v, (name, layout)) in self.layouts().iter().enumerate() {
            let mut draws = Draws::new(seed, Purpose::Weights, [v as u64, 0]);
            let bound = 1.0 / (self.hidden as f64).sqrt();
            let values: Vec<f32> = (0..layout.len()).map(|_| draws.symmetric(bound)).collect();
            insert_named(&mut stored, name, layout, &values);
        }
        stored
    }

    fn build<B: Backend + 'static>(&self, backend: &B, weights: &StoredTensors) -> Result<Box<dyn Model<B>>> {
        let mut variables = Vec::new();
        for (name, layout) in self.layouts() {
            variables.push(backend.variable(&flat_values(weights, &name, &layout)?, &[layout.len()])?);
        }
        Ok(Box::new(Built { spec: self.clone(), variables }))
    }
}

/// A GRU with its weights: the flat variables `gru` and `head`.
struct Built<B: Backend> {
    spec: Gru,
    variables: Vec<B::Tensor>,
}

impl<B: Backend> Built<B> {
    /// The named tensors of flat variable `v`.
    fn tensors(&self, backend: &B, v: usize) -> Result<Vec<B::Tensor>> {
        let (_, layout) = &self.spec.layouts()[v];
        let cut = |tensor: &NamedRange| {
            let flat = backend.narrow(&self.variables[v], 0, tensor.range.start, tensor.range.len())?;
            backend.reshape(&flat, &tensor.shape)
        };
        layout.tensors.iter().map(cut).collect()
    }
}

impl<B: Backend> Model<B> for Built<B> {
    fn layouts(&self) -> Vec<(String, ParameterLayout)> {
        self.spec.layouts()
    }

    fn variables(&self) -> Vec<B::Tensor> {
        self.variables.clone()
    }

    fn state_rows(&self) -> Vec<usize> {
        vec![self.spec.hidden]
    }

    /// Step by step:
    /// ```text
    /// [z; r; n](x) = W x_t + b,  [z; r; n](h) = U h_{t-1}
    /// z = sigmoid(z(x) + z(h)),  r = sigmoid(r(x) + r(h)),  n = tanh(n(x) + r n(h))
    /// h_t = n + z (h_{t-1} - n)
    /// ```
    fn forward(
        &self,
        backend: &B,
        sequences: &Sequences<'_>,
        pass: &Pass<'_, B>,
    ) -> Result<Vec<LayerAnswer<B>>> {
        let ([input, recurrent, bias], [h]) = (&self.tensors(backend, 0)?[..], pass.state) else {
            return Err(Error::shape("state of a GRU", &[pass.state.len()], "one tensor"));
        };
        let hidden = self.spec.hidden;
        let gate = |x: &B::Tensor, g: usize| backend.narrow(x, 0, g * hidden, hidden);
        let mut h = h.clone(); // [H, B]
        let mut activity = Vec::with_capacity(sequences.steps);
        for x in backend.unstack(&sequences.dense(backend, self.spec.inputs)?)? {
            let from_x = ops::add(backend, &backend.matmul(input, &x)?, bias)?; // [3 H, B]
            let from_h = backend.matmul(recurrent, &h)?; // [3 H, B]
            let open = |g| {
                let sum = ops::add(backend, &gate(&from_x, g)?, &gate(&from_h, g)?)?;
                backend.unary(Unary::Sigmoid, &sum)
            };
            let kept = ops::mul(backend, &open(1)?, &gate(&from_h, 2)?)?;
            let new = backend.unary(Unary::Tanh, &ops::add(backend, &gate(&from_x, 2)?, &kept)?)?;
            let old = ops::mul(backend, &open(0)?, &ops::sub(backend, &h, &new)?)?;
            h = ops::add(backend, &new, &old)?;
            activity.push(h.clone());
        }
        let activity = backend.stack(&activity)?; // [T, H, B]
        Ok(vec![LayerAnswer::new(activity, h, ScanPath::Composed)])
    }

    fn apply_head(&self, backend: &B, rows: &B::Tensor) -> Result<B::Tensor> {
        let tensors = self.tensors(backend, 1)?;
        ops::add(backend, &backend.matmul(&tensors[0], rows)?, &tensors[1])
    }
}
