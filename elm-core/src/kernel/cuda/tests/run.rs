//! Cases of the CPU kernel's tests on the emulated card.

use crate::error::Result;
use crate::kernel::cuda::driver::Slice;
use crate::kernel::cuda::emulated::{Emulated, HostBlock, HostMemory};
use crate::kernel::cuda::{CudaKernel, DeviceCotangents, DeviceGradients, DeviceOutputs};
use crate::kernel::tests::cases::{Case, Choices, Numbers, Results};
use crate::spec::{Activation, Input, LambdaMode, LayerRun, MlpActivation, Trace};

pub(super) const MUCH_MEMORY: usize = 1 << 30;
/// Shared memory of a block of a large card.
pub(super) const SHARED: usize = 227 << 10;

pub(super) type TestKernel = CudaKernel<Emulated, HostBlock>;

/// A kernel on a card of so many multiprocessors, or `None`, said aloud,
/// without a C++ compiler.
pub(super) fn kernel(multiprocessors: usize, shared_bytes: usize, budget: usize) -> Option<TestKernel> {
    let driver = Emulated::new(multiprocessors, shared_bytes).unwrap();
    if driver.is_none() {
        eprintln!("SKIPPED: no C++ compiler, the CUDA kernels were not emulated");
    }
    driver.map(|driver| CudaKernel::new(driver, budget))
}

fn reading(values: &[f32]) -> Slice {
    Slice { address: values.as_ptr().expose_provenance() as u64, len: values.len() }
}

fn writing(values: &mut [f32]) -> Slice {
    Slice { address: values.as_mut_ptr().expose_provenance() as u64, len: values.len() }
}

/// The run with addresses for slices.
fn on_device(run: &LayerRun<&[f32]>) -> LayerRun<Slice> {
    let input = match &run.input {
        Input::Dense(x) => Input::Dense(reading(x)),
        Input::Tokens(tokens) => Input::Tokens(tokens.clone()),
        Input::Events(events) => Input::Events(events.clone()),
    };
    run.with((), reading(run.parameters), reading(run.state), input)
}

/// Forward and backward; results start as what is not a number.
pub(super) fn results(case: &Case, kernel: &TestKernel) -> Result<Results<f32>> {
    let numbers = Numbers::<f32>::of(case);
    let host = numbers.arguments(case, true);
    let run = on_device(&host);
    let nan = |len: usize| vec![f32::NAN; len];
    let mut results = Results::<f32> {
        activity: nan(case.activity_gradient.len()),
        state: nan(case.state.len()),
        magnitude: nan(case.magnitude_gradient.len()),
        parameters: nan(case.parameters.len()),
        start: nan(case.state.len()),
        input: nan(if case.is_dense() { case.dense.len() } else { 0 }),
        ..Results::default()
    };
    let outputs = DeviceOutputs {
        activity: writing(&mut results.activity),
        state: writing(&mut results.state),
        magnitude: Some(writing(&mut results.magnitude)),
    };
    let (activity, state, magnitude) = numbers.cotangents();
    let cotangents = DeviceCotangents {
        activity: Some(reading(activity)),
        state: Some(reading(state)),
        magnitude: Some(reading(magnitude)),
    };
    let gradients = DeviceGradients {
        parameters: writing(&mut results.parameters),
        state: writing(&mut results.start),
        input: case.is_dense().then(|| writing(&mut results.input)),
    };
    // SAFETY: all slices are of vectors that live until the end, and the
    // emulated card is done when a call returns.
    unsafe {
        let history = kernel.forward(&HostMemory, &run, outputs)?.expect("asked for");
        kernel.backward(&HostMemory, &run, &history, cotangents, gradients)?;
    }
    Ok(results)
}

/// A recurrent layer with tokens, one hidden layer, a high-pass.
pub(super) fn plain() -> Choices {
    Choices {
        neurons: 9,
        outputs: 1,
        inputs: 4,
        memory: 4,
        branches: 5,
        per_branch: 3,
        hidden_layers: 1,
        hidden: 6,
        rows: 4,
        steps: 5,
        mlp_activation: MlpActivation::Relu,
        activation: Activation::Relu,
        lambda_mode: LambdaMode::TimescaleRatio,
        trace: Trace::None,
        high_pass: true,
        learnable: true,
        rectified: false,
        recurrent: true,
        feedback: false,
        fixed: false,
        masks: [false; 3],
        input: 0,
        seed: 1,
    }
}
