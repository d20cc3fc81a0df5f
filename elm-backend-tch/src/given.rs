//! Rust's side of `given.cpp`: adjoints in Rust, gradients of all leaves,
//! tensors over vectors, a device's stream.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use tch::{TchError, Tensor};
use torch_sys::C_tensor;

/// Room for the message of an error, its closing zero included.
const MESSAGE: usize = 512;

/// From the gradient of a value to the gradients of its inputs, in order.
///
/// libtorch may call it on a thread of its own, one call at a time.
pub(crate) type Adjoint = Box<dyn Fn(&Tensor) -> Result<Vec<Tensor>, String> + Send>;

/// Gradients of a scalar with respect to the variables it came from.
pub struct Gradients(NonNull<OpaqueGradients>);

#[repr(C)]
struct OpaqueGradients {
    private: [u8; 0],
}

type RawAdjoint =
    extern "C" fn(*mut c_void, *mut C_tensor, *mut *mut C_tensor, usize, *mut c_char, usize) -> c_int;

unsafe extern "C" {
    fn elm_torch_version() -> *const c_char;
    fn elm_given(
        value: *const C_tensor,
        inputs: *const *const C_tensor,
        count: usize,
        context: *mut c_void,
        adjoint: RawAdjoint,
        release: extern "C" fn(*mut c_void),
        message: *mut c_char,
        capacity: usize,
    ) -> *mut C_tensor;
    fn elm_adopt(
        values: *mut f32,
        length: usize,
        context: *mut c_void,
        release: extern "C" fn(*mut c_void),
        message: *mut c_char,
        capacity: usize,
    ) -> *mut C_tensor;
    fn elm_stream(
        on: *const C_tensor,
        failed: *mut c_int,
        message: *mut c_char,
        capacity: usize,
    ) -> *mut c_void;
    fn elm_backward(loss: *const C_tensor, message: *mut c_char, capacity: usize) -> *mut OpaqueGradients;
    fn elm_gradient(gradients: *const OpaqueGradients, variable: *const C_tensor) -> *mut C_tensor;
    fn elm_free_gradients(gradients: *mut OpaqueGradients);
}

/// Version of libtorch, e.g. `2.11.0`.
pub(crate) fn version() -> String {
    // SAFETY: the function answers a string constant.
    unsafe { CStr::from_ptr(elm_torch_version()) }.to_string_lossy().into_owned()
}

/// `value`, which must have no history, as a function of `inputs`.
///
/// What the adjoint captures must have no history either, or the graph would
/// own itself.
pub(crate) fn given(value: &Tensor, inputs: &[&Tensor], adjoint: Adjoint) -> Result<Tensor, TchError> {
    let inputs: Vec<*const C_tensor> = inputs.iter().map(|input| input.as_ptr()).collect();
    let context = Box::into_raw(Box::new(adjoint)).cast::<c_void>();
    let mut message = [0; MESSAGE];
    // SAFETY: all pointers are valid for the call; C++ takes over `context`,
    // calls `apply` only with it and a valid gradient, and `release` once.
    let answer = unsafe {
        elm_given(
            value.as_ptr(),
            inputs.as_ptr(),
            inputs.len(),
            context,
            apply,
            release,
            message.as_mut_ptr(),
            MESSAGE,
        )
    };
    if answer.is_null() {
        return Err(error(&message));
    }
    // SAFETY: a pointer that is not null is a tensor of ours.
    Ok(unsafe { Tensor::from_ptr(answer) })
}

/// A tensor `[length]` that takes over the memory of a vector, which is not
/// empty.
pub(crate) fn adopt(values: Vec<f32>) -> Result<Tensor, TchError> {
    let mut boxed = Box::new(values);
    let (start, length) = (boxed.as_mut_ptr(), boxed.len());
    let context = Box::into_raw(boxed).cast::<c_void>();
    let mut message = [0; MESSAGE];
    // SAFETY: `start` points to `length` floats that live until C++, which
    // takes over `context`, calls `free` with it, at most once.
    let answer = unsafe { elm_adopt(start, length, context, free, message.as_mut_ptr(), MESSAGE) };
    if answer.is_null() {
        return Err(error(&message));
    }
    // SAFETY: a pointer that is not null is a tensor of ours.
    Ok(unsafe { Tensor::from_ptr(answer) })
}

/// Frees a vector for C++.
extern "C" fn free(context: *mut c_void) {
    // SAFETY: `context` is the box made in `adopt`; C++ calls this once.
    drop(unsafe { Box::from_raw(context.cast::<Vec<f32>>()) });
}

/// The stream in which this thread computes on the device of a tensor.
pub(crate) fn stream(on: &Tensor) -> Result<*mut c_void, TchError> {
    let (mut failed, mut message) = (0, [0; MESSAGE]);
    // SAFETY: all pointers are valid for the call.
    let stream = unsafe { elm_stream(on.as_ptr(), &mut failed, message.as_mut_ptr(), MESSAGE) };
    if failed == 0 { Ok(stream) } else { Err(error(&message)) }
}

/// Gradients of a scalar with respect to every variable it came from.
pub(crate) fn backward(loss: &Tensor) -> Result<Gradients, TchError> {
    let mut message = [0; MESSAGE];
    // SAFETY: both pointers are valid for the call.
    let answer = unsafe { elm_backward(loss.as_ptr(), message.as_mut_ptr(), MESSAGE) };
    NonNull::new(answer).map(Gradients).ok_or_else(|| error(&message))
}

impl Gradients {
    /// The gradient of a variable.
    pub(crate) fn of(&self, variable: &Tensor) -> Option<Tensor> {
        // SAFETY: both pointers are valid for the call.
        let answer = unsafe { elm_gradient(self.0.as_ptr(), variable.as_ptr()) };
        // SAFETY: a pointer that is not null is a tensor of ours.
        NonNull::new(answer).map(|answer| unsafe { Tensor::from_ptr(answer.as_ptr()) })
    }
}

impl Drop for Gradients {
    fn drop(&mut self) {
        // SAFETY: the pointer came from `elm_backward` and is freed only here.
        unsafe { elm_free_gradients(self.0.as_ptr()) }
    }
}

fn error(message: &[c_char; MESSAGE]) -> TchError {
    // SAFETY: C++ closes every message with a zero, and it starts as zeros.
    let text = unsafe { CStr::from_ptr(message.as_ptr()) }.to_string_lossy().into_owned();
    TchError::Torch(text)
}

/// Calls an adjoint for C++. A panic ends here and is reported as an error.
extern "C" fn apply(
    context: *mut c_void,
    gradient: *mut C_tensor,
    results: *mut *mut C_tensor,
    count: usize,
    message: *mut c_char,
    capacity: usize,
) -> c_int {
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: `context` is the box made in `given`, which C++ keeps until
        // `release`; `gradient` is a valid tensor, cloned and not taken.
        let (adjoint, gradient) = unsafe { (&*context.cast::<Adjoint>(), Tensor::clone_from_ptr(gradient)) };
        adjoint(&gradient)
    }));
    let outcome = outcome.unwrap_or_else(|_| Err("the adjoint panicked".into()));
    let complaint = match outcome {
        Ok(gradients) if gradients.len() == count => {
            for (place, gradient) in gradients.into_iter().enumerate() {
                // SAFETY: `results` has room for `count` pointers; C++ takes
                // the tensor over, so it must not be freed here.
                unsafe { *results.add(place) = std::mem::ManuallyDrop::new(gradient).as_mut_ptr() };
            }
            return 0;
        }
        Ok(gradients) => format!("the adjoint answered {} gradients, wanted {count}", gradients.len()),
        Err(complaint) => complaint,
    };
    let bytes = complaint.as_bytes();
    let length = bytes.len().min(capacity.saturating_sub(1));
    // SAFETY: `message` has room for `capacity` bytes and starts as zeros.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr().cast(), message, length) };
    1
}

/// Frees an adjoint for C++.
extern "C" fn release(context: *mut c_void) {
    // SAFETY: `context` is the box made in `given`; C++ calls this once.
    let adjoint = unsafe { Box::from_raw(context.cast::<Adjoint>()) };
    // A panic must not cross into C++; there is nobody to report it to.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(adjoint)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    fn leaf(value: f32) -> Tensor {
        Tensor::from_slice(&[value]).set_requires_grad(true)
    }

    #[test]
    fn an_adjoint_in_rust_is_called_with_the_gradient() {
        let (x, y) = (leaf(2.0), leaf(3.0));
        let adjoint = |gradient: &Tensor| Ok(vec![gradient * 10.0, gradient * 100.0]);
        let value = given(&Tensor::from_slice(&[7.0f32]), &[&x, &y], Box::new(adjoint)).unwrap();
        let gradients = backward(&(value * 2.0).sum(tch::Kind::Float)).unwrap();
        assert_eq!(gradients.of(&x).unwrap().double_value(&[0]), 20.0);
        assert_eq!(gradients.of(&y).unwrap().double_value(&[0]), 200.0);
        assert!(gradients.of(&leaf(1.0)).is_none());
    }

    #[test]
    fn errors_and_panics_of_an_adjoint_come_back_as_errors() {
        let adjoints: [(Adjoint, &str); 3] = [
            (Box::new(|_| Err("no such luck".into())), "no such luck"),
            (Box::new(|_| panic!("in Rust")), "panicked"),
            (Box::new(|_| Ok(vec![])), "answered 0 gradients, wanted 1"),
        ];
        for (adjoint, wanted) in adjoints {
            let x = leaf(1.0);
            let value = given(&Tensor::from_slice(&[7.0f32]), &[&x], adjoint).unwrap();
            let Err(error) = backward(&value.sum(tch::Kind::Float)) else { panic!("{wanted}: accepted") };
            assert!(error.to_string().contains(wanted), "{error}");
        }
    }

    #[test]
    fn a_vector_becomes_a_tensor_without_a_copy() {
        let values = vec![1.0f32, 2.0, 3.0];
        let start = values.as_ptr();
        let tensor = adopt(values).unwrap();
        assert_eq!(tensor.data_ptr().cast_const().cast(), start);
        let view = tensor.narrow(0, 1, 2);
        drop(tensor);
        assert_eq!(Vec::<f32>::try_from(view).unwrap(), [2.0, 3.0]);
    }

    /// Without a card there is no stream of one; the processor has none.
    #[test]
    fn asking_for_a_stream_never_ends_the_process() {
        if let Ok(stream) = stream(&leaf(1.0)) {
            assert!(stream.is_null());
        }
    }

    #[test]
    fn an_adjoint_is_released_with_the_graph() {
        struct Flag(Arc<AtomicBool>);
        impl Drop for Flag {
            fn drop(&mut self) {
                self.0.store(true, Ordering::SeqCst);
            }
        }
        let released = Arc::new(AtomicBool::new(false));
        let flag = Flag(released.clone());
        let x = leaf(1.0);
        let adjoint = move |gradient: &Tensor| {
            let _held = &flag;
            Ok(vec![gradient.shallow_clone()])
        };
        let value = given(&Tensor::from_slice(&[7.0f32]), &[&x], Box::new(adjoint)).unwrap();
        drop(backward(&value).unwrap());
        assert!(!released.load(Ordering::SeqCst));
        drop(value);
        assert!(released.load(Ordering::SeqCst));
    }
}
