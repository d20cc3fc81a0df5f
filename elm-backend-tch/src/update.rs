//! The optimiser's update in place: one loop over slices on the processor, a
//! few kernels on the device.

use crate::backend::{TchTensor, copy};
use crate::host::{slice, slice_mut};
use elm_core::train::in_place::{sum_of_squares, update_in_place};
use elm_core::train::optimizer::{Moments, OptimizerKind, Update};
use tch::{Kind, TchError, Tensor};

type Result<T> = std::result::Result<T, TchError>;

/// Euclidean norm of all gradients together; waits for the device once.
pub(crate) fn global_norm(gradients: &[TchTensor]) -> Result<f64> {
    let mut squares = 0.0;
    let mut on_device = Vec::new();
    for gradient in gradients {
        let gradient = gradient.tensor().f_detach()?;
        if gradient.device() == tch::Device::Cpu {
            let gradient = gradient.f_contiguous()?;
            squares += sum_of_squares(slice(&gradient)?);
        } else {
            on_device.push(gradient.f_square()?.f_sum(Kind::Float)?);
        }
    }
    if !on_device.is_empty() {
        squares += f64::try_from(Tensor::f_stack(&on_device, 0)?.f_sum(Kind::Double)?)?;
    }
    Ok(squares.sqrt())
}

/// Updates one flat variable and its moments.
pub(crate) fn update_one(
    update: &Update,
    clip: f64,
    parameter: &TchTensor,
    gradient: &TchTensor,
    moments: &mut Moments<crate::TchBackend>,
) -> Result<()> {
    let _guard = tch::no_grad_guard();
    let gradient = gradient.tensor().f_detach()?.f_contiguous()?;
    if moments.first.tensor().data_ptr() == moments.second.tensor().data_ptr() {
        // Two handles of one tensor would be changed twice.
        moments.second = TchTensor::new(copy(moments.second.tensor())?);
    }
    let mut parameter = parameter.tensor().f_detach()?;
    let mut first = moments.first.tensor().shallow_clone();
    let mut second = moments.second.tensor().shallow_clone();
    if parameter.device() != tch::Device::Cpu {
        return on_device(update, clip, &mut parameter, &gradient, &mut first, &mut second);
    }
    let (first, second) = (slice_mut(&mut first)?, slice_mut(&mut second)?);
    update_in_place(update, clip, slice_mut(&mut parameter)?, slice(&gradient)?, first, second);
    Ok(())
}

/// The same by kernels of libtorch, in place.
fn on_device(
    update: &Update,
    clip: f64,
    parameter: &mut Tensor,
    gradient: &Tensor,
    first: &mut Tensor,
    second: &mut Tensor,
) -> Result<()> {
    let (correction1, correction2) = update.bias_corrections();
    let gradient = gradient.f_mul_scalar(clip)?;
    let _ = first.f_lerp_(&gradient, 1.0 - Update::BETA1)?;
    let divisor = match update.kind {
        OptimizerKind::Adam => {
            let _ = second.f_lerp_(&gradient.f_square()?, 1.0 - Update::BETA2)?;
            second.f_mul_scalar(1.0 / correction2)?.f_sqrt_()?.f_add_scalar_(Update::EPSILON)?
        }
        OptimizerKind::Adamax => {
            let now = gradient.f_abs()?.f_add_scalar_(Update::EPSILON)?;
            let largest = second.f_mul_scalar_(Update::BETA2)?.f_maximum(&now)?;
            second.f_copy_(&largest)?;
            largest
        }
    };
    let step = first.f_div(&divisor)?.f_mul_scalar_(update.learning_rate / correction1)?;
    let _ = parameter.f_sub_(&step)?;
    Ok(())
}
