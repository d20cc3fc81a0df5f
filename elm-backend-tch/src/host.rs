//! The values of libtorch's tensors as slices, on the processor.

use tch::{Kind, TchError, Tensor};

type Result<T> = std::result::Result<T, TchError>;

/// The values of a contiguous tensor.
pub(crate) fn slice(tensor: &Tensor) -> Result<&[f32]> {
    let length = check(tensor)?;
    if length == 0 {
        return Ok(&[]);
    }
    // SAFETY: the tensor holds `length` floats in a row and lives as long as
    // the slice; nobody writes to them meanwhile.
    Ok(unsafe { std::slice::from_raw_parts(tensor.data_ptr().cast(), length) })
}

/// The values of a contiguous tensor that shares them with no other that is
/// in use.
pub(crate) fn slice_mut(tensor: &mut Tensor) -> Result<&mut [f32]> {
    let length = check(tensor)?;
    if length == 0 {
        return Ok(&mut []);
    }
    // SAFETY: as in `slice`, and by the caller's word these floats have no
    // other slice.
    Ok(unsafe { std::slice::from_raw_parts_mut(tensor.data_ptr().cast(), length) })
}

/// Number of floats, if it is a tensor that can be a slice.
fn check(tensor: &Tensor) -> Result<usize> {
    if tensor.kind() != Kind::Float || tensor.device() != tch::Device::Cpu || !tensor.is_contiguous() {
        return Err(TchError::Kind("wanted contiguous 32-bit floats on the processor".into()));
    }
    Ok(tensor.numel())
}
