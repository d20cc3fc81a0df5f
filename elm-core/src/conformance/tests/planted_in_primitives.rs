//! Defects of primitives.

use super::altered::{Planted, plant, scaled_gradient, with_values};
use super::each_is_caught;
use crate::backend::{Backend, Binary, Unary};
use crate::error::Result;
use crate::reference::{Reference, Tensor};

/// Just beyond what rounding can do.
const FACTOR: f64 = 1.0 + 1e-5;

#[test]
fn defects_of_functions_are_caught() {
    each_is_caught(functions());
    each_is_caught(edges());
}

#[test]
fn defects_of_layouts_are_caught() {
    each_is_caught(layouts());
}

#[test]
fn defects_of_variables_are_caught() {
    each_is_caught(variables());
}

#[test]
fn accepted_nonsense_is_caught() {
    each_is_caught(accepted());
}

pub(super) fn functions() -> Vec<Planted> {
    macro_rules! scaled {
        ($op:ident) => {
            plant(concat!("gradient of ", stringify!($op), " scaled"), "unary_functions", |a| {
                a.unary = |op, x| {
                    let y = Reference.unary(op, x)?;
                    if op == Unary::$op { scaled_gradient(&y, FACTOR) } else { Ok(y) }
                }
            })
        };
    }
    vec![
        scaled!(Exp),
        scaled!(Log),
        scaled!(Sqrt),
        scaled!(Tanh),
        scaled!(Sigmoid),
        scaled!(Relu),
        scaled!(Abs),
        plant("values of unary functions scaled", "unary_functions", |a| {
            a.unary = |op, x| Reference.affine(&Reference.unary(op, x)?, FACTOR, 0.0)
        }),
        plant("step carries a gradient", "unary_functions", |a| {
            a.unary = |op, x| {
                let y = Reference.unary(op, x)?;
                if op == Unary::Step { with_values(x, &y) } else { Ok(y) }
            }
        }),
        plant("gradient of the right side scaled", "binary_functions", |a| {
            a.binary = |op, x, y| Reference.binary(op, x, &scaled_gradient(y, FACTOR)?)
        }),
        plant("subtraction is addition", "binary_functions", |a| {
            a.binary = |op, x, y| Reference.binary(if op == Binary::Sub { Binary::Add } else { op }, x, y)
        }),
        plant("gradient of a broadcast side lost", "broadcasting", |a| {
            a.binary = |op, x, y| {
                let narrow = Reference.shape(y) != Reference.shape(x);
                Reference.binary(op, x, &if narrow { Reference.detach(y) } else { y.clone() })
            }
        }),
        plant("shift ignored", "affine_maps", |a| a.affine = |x, scale, _| Reference.affine(x, scale, 0.0)),
        plant("scale missing in the gradient", "affine_maps", |a| {
            a.affine = |x, scale, shift| with_values(x, &Reference.affine(x, scale, shift)?)
        }),
        plant("gradient of a sum scaled", "sums", |a| {
            a.sum = |x, axis| scaled_gradient(&Reference.sum(x, axis)?, FACTOR)
        }),
        plant("last element left out of a sum", "sums", |a| {
            a.sum = |x, axis| {
                let length = Reference.shape(x)[axis];
                Reference.sum(&Reference.narrow(x, axis, 0, length.max(2) - 1)?, axis)
            }
        }),
        plant("maximum of absolute values", "largest_values", |a| {
            a.max = |x, axis| Reference.max(&Reference.unary(Unary::Abs, x)?, axis)
        }),
        plant("maximum carries a gradient", "largest_values", |a| {
            a.max = |x, axis| {
                let mean = Reference.narrow(x, axis, 0, 1)?;
                with_values(&mean, &Reference.max(x, axis)?)
            }
        }),
        plant("gradient of the left factor scaled", "matrix_products", |a| {
            a.matmul = |x, y| Reference.matmul(&scaled_gradient(x, FACTOR)?, y)
        }),
        plant("gradient of the right factor scaled", "matrix_products", |a| {
            a.matmul = |x, y| Reference.matmul(x, &scaled_gradient(y, FACTOR)?)
        }),
        plant("a spike through a detach that keeps the history", "composed_functions", |a| {
            a.detach = |x| x.clone()
        }),
    ]
}

pub(super) fn edges() -> Vec<Planted> {
    /// Adds `slope` to the gradient where `at` holds.
    fn with_slope(x: &Tensor, y: &Tensor, slope: f64, at: fn(f64) -> bool) -> Result<Tensor> {
        let slopes: Vec<f64> =
            Reference.values64(x).iter().map(|&x| if at(x) { slope } else { 0.0 }).collect();
        let slopes = Reference.tensor64(&slopes, &Reference.shape(x))?;
        let finite: Vec<f64> = Reference.values64(x).iter().map(|x| x.clamp(-1e30, 1e30)).collect();
        let carrier = with_values(x, &Reference.tensor64(&finite, &Reference.shape(x))?)?;
        let line = Reference.binary(Binary::Mul, &carrier, &slopes)?;
        let nothing = Reference.binary(Binary::Sub, &line, &Reference.detach(&line))?;
        Reference.binary(Binary::Add, y, &nothing)
    }
    let caught_by = "unary_functions_at_their_edges";
    vec![
        plant("gradient of relu at 0 is 1", caught_by, |a| {
            a.unary = |op, x| {
                let y = Reference.unary(op, x)?;
                if op == Unary::Relu { with_slope(x, &y, 1.0, |x| x == 0.0) } else { Ok(y) }
            }
        }),
        plant("gradient of abs at 0 is 1", caught_by, |a| {
            a.unary = |op, x| {
                let y = Reference.unary(op, x)?;
                if op == Unary::Abs { with_slope(x, &y, 1.0, |x| x == 0.0) } else { Ok(y) }
            }
        }),
        plant("step of 0 is 1", caught_by, |a| {
            a.unary = |op, x| match op {
                Unary::Step => Reference.unary(op, &Reference.affine(x, 1.0, 1e-40)?),
                _ => Reference.unary(op, x),
            }
        }),
        plant("sigmoid by exp(x) / (1 + exp(x))", caught_by, |a| {
            a.unary = |op, x| match op {
                Unary::Sigmoid => {
                    let e = Reference.unary(Unary::Exp, x)?;
                    Reference.binary(Binary::Div, &e, &Reference.affine(&e, 1.0, 1.0)?)
                }
                _ => Reference.unary(op, x),
            }
        }),
    ]
}

pub(super) fn layouts() -> Vec<Planted> {
    vec![
        plant("gradient of reshape scaled", "layouts", |a| {
            a.reshape = |x, shape| scaled_gradient(&Reference.reshape(x, shape)?, FACTOR)
        }),
        plant("transposed shape, untransposed values", "layouts", |a| {
            a.transpose = |x, first, second| {
                let shape = Reference.shape(&Reference.transpose(x, first, second)?);
                Reference.reshape(x, &shape)
            }
        }),
        plant("narrow starts at 0", "layouts", |a| {
            a.narrow = |x, axis, start, length| {
                Reference.narrow(x, axis, start, length)?;
                Reference.narrow(x, axis, 0, length)
            }
        }),
        plant("cat keeps the first gradient only", "joining", |a| {
            a.cat = |parts, axis| {
                let mut parts: Vec<_> = parts.to_vec();
                parts.iter_mut().skip(1).for_each(|part| *part = Reference.detach(part));
                Reference.cat(&parts, axis)
            }
        }),
        plant("cat reverses its parts", "joining", |a| {
            a.cat = |parts, axis| Reference.cat(&parts.iter().rev().cloned().collect::<Vec<_>>(), axis)
        }),
        plant("stack loses its last gradient", "joining", |a| {
            a.stack = |parts| {
                let mut parts: Vec<_> = parts.to_vec();
                if let Some(last) = parts.last_mut() {
                    *last = Reference.detach(last);
                }
                Reference.stack(&parts)
            }
        }),
        plant("unstack loses its first gradient", "unstacking", |a| {
            a.unstack = |x| {
                let mut parts = Reference.unstack(x)?;
                parts[0] = Reference.detach(&parts[0]);
                Ok(parts)
            }
        }),
        plant("unstack gives each part the gradient of all", "unstacking", |a| {
            a.unstack = |x| {
                let parts = Reference.unstack(x)?;
                let all = Reference.sum(x, 0)?;
                parts.iter().map(|part| with_values(&all, part)).collect()
            }
        }),
        plant("select overwrites the gradients of repeated rows", "selecting_rows", |a| {
            a.select = |x, rows| {
                let mut parts = Reference.unstack(&Reference.select(x, rows)?)?;
                for (place, row) in rows.iter().enumerate() {
                    if rows[place + 1..].contains(row) {
                        parts[place] = Reference.detach(&parts[place]);
                    }
                }
                Reference.stack(&parts)
            }
        }),
    ]
}

pub(super) fn variables() -> Vec<Planted> {
    vec![
        plant("host values lose their sign of zero", "host_values_round_trip", |a| {
            a.tensor = |values, shape| {
                Reference.tensor(&values.iter().map(|value| value + 0.0).collect::<Vec<_>>(), shape)
            }
        }),
        plant("zeros are whatever was there", "host_values_round_trip", |a| {
            a.zeros = |shape| Reference.tensor(&vec![1e-30; shape.iter().product()], shape)
        }),
        plant("assign does nothing", "assigning_changes_a_variable_in_place", |a| a.assign = |_, _| Ok(())),
        plant("assign writes columns first", "assigning_a_view", |a| {
            a.assign = |variable, x| {
                let shape = Reference.shape(x);
                if shape.len() != 2 {
                    return Reference.assign(variable, x);
                }
                Reference.assign(variable, &Reference.reshape(&Reference.transpose(x, 0, 1)?, &shape)?)
            }
        }),
        plant("constants get a gradient", "scan_of_constants", |a| {
            a.gradient =
                |gradients, x| Reference.gradient(gradients, x).or_else(|| Reference.affine(x, 0.0, 0.0).ok())
        }),
        plant("gradient of a cut scaled", "scan_of_views", |a| {
            a.narrow =
                |x, axis, start, length| scaled_gradient(&Reference.narrow(x, axis, start, length)?, 1.0003)
        }),
        plant("a variable gets no gradient", "only_what_is_used_gets_a_gradient", |a| {
            a.variable = |values, shape| Reference.tensor(values, shape)
        }),
        plant("detach keeps the history", "only_what_is_used_gets_a_gradient", |a| a.detach = |x| x.clone()),
        plant("an unused variable gets zeros", "only_what_is_used_gets_a_gradient", |a| {
            a.gradient =
                |gradients, x| Reference.gradient(gradients, x).or_else(|| Reference.affine(x, 0.0, 0.0).ok())
        }),
        plant("gradients doubled", "backward_starts_from_nothing", |a| {
            a.backward = |loss| Reference.backward(&Reference.affine(loss, 2.0, 0.0)?)
        }),
    ]
}

pub(super) fn accepted() -> Vec<Planted> {
    vec![
        plant("backward sums up", "backward_of_many_numbers_is_refused", |a| {
            a.backward = |loss| {
                let elements = Reference.values64(loss).len();
                Reference.backward(&Reference.sum(&Reference.reshape(loss, &[elements])?, 0)?)
            }
        }),
        plant("select clamps", "impossible_rows_are_refused", |a| {
            a.select = |x, rows| {
                let last = Reference.shape(x)[0] as u32 - 1;
                Reference.select(x, &rows.iter().map(|row| *row.min(&last)).collect())
            }
        }),
        plant("reshape cuts off", "impossible_shapes_are_refused", |a| {
            a.reshape = |x, shape| {
                let flat = Reference.reshape(x, &[Reference.values64(x).len()])?;
                Reference.reshape(&Reference.narrow(&flat, 0, 0, shape.iter().product())?, shape)
            }
        }),
        plant("stack of nothing", "impossible_shapes_are_refused", |a| {
            a.stack =
                |parts| if parts.is_empty() { Reference.tensor(&[], &[0]) } else { Reference.stack(parts) }
        }),
        plant("products broadcast their batch", "impossible_shapes_are_refused", |a| {
            a.matmul = |x, y| match (Reference.shape(x).len(), Reference.shape(y).len()) {
                (3, 2) => Reference.matmul(&Reference.unstack(x)?[0], y),
                _ => Reference.matmul(x, y),
            }
        }),
        plant("values padded", "impossible_transfers_are_refused", |a| {
            a.tensor = |values, shape| {
                let mut values = values.to_vec();
                values.resize(shape.iter().product(), 0.0);
                Reference.tensor(&values, shape)
            }
        }),
        plant("assign reshapes", "impossible_transfers_are_refused", |a| {
            a.assign =
                |variable, x| Reference.assign(variable, &Reference.reshape(x, &Reference.shape(variable))?)
        }),
    ]
}
