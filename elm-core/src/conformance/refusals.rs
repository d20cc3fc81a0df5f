//! What does not fit must be an error: no panic, and no answer.

use super::call::{Call, Operand};
use super::tolerance::{Failure, Result};
use crate::backend::{Backend, Binary};

/// Fails when the call succeeded.
pub(super) fn refused<T>(what: &str, outcome: crate::Result<T>) -> Result<()> {
    match outcome {
        Ok(_) => Err(Failure::Accepted { what: what.into() }),
        Err(_) => Ok(()),
    }
}

/// Shapes and axes that do not fit a primitive.
pub fn impossible_shapes_are_refused<B: Backend>(b: &B) -> Result<()> {
    let impossible: Vec<(Call, Vec<&[usize]>)> = vec![
        (Call::Binary(Binary::Add), vec![&[2, 3], &[2]]),
        (Call::Binary(Binary::Mul), vec![&[2, 3], &[3, 3]]),
        (Call::Binary(Binary::Div), vec![&[2, 1, 3], &[2, 3, 4]]),
        (Call::Sum(2), vec![&[2, 3]]),
        (Call::Sum(0), vec![&[]]),
        (Call::Max(1), vec![&[4]]),
        (Call::Matmul, vec![&[2, 3], &[2, 3]]),
        (Call::Matmul, vec![&[2, 3], &[3]]),
        (Call::Matmul, vec![&[2, 2, 3], &[3, 3, 2]]),
        (Call::Matmul, vec![&[2, 2, 3], &[3, 2]]),
        (Call::Reshape(vec![5]), vec![&[2, 3]]),
        (Call::Reshape(vec![2, 3, 2]), vec![&[2, 3]]),
        (Call::Transpose(0, 2), vec![&[2, 3]]),
        (Call::Narrow(2, 0, 1), vec![&[2, 3]]),
        (Call::Narrow(1, 2, 2), vec![&[2, 3]]),
        (Call::Narrow(1, usize::MAX, 2), vec![&[2, 3]]),
        (Call::Cat(0), vec![]),
        (Call::Cat(0), vec![&[2, 3], &[2, 4]]),
        (Call::Cat(2), vec![&[2, 3], &[2, 3]]),
        (Call::Cat(0), vec![&[2, 3], &[2, 3, 1]]),
        (Call::Stack, vec![]),
        (Call::Stack, vec![&[2, 3], &[3, 2]]),
        (Call::UnstackReversed, vec![&[]]),
        (Call::Lstm, vec![&[8, 3], &[8, 2], &[8, 1], &[2, 5], &[2, 5], &[4, 7, 5]]),
        (Call::Lstm, vec![&[8, 3], &[8, 3], &[8, 1], &[2, 5], &[2, 5], &[3, 7, 5]]),
        (Call::Lstm, vec![&[8, 3], &[8, 2], &[8, 1], &[2, 5], &[2, 4], &[3, 7, 5]]),
        (Call::Gru, vec![&[8, 3], &[8, 2], &[8, 1], &[8, 1], &[2, 5], &[3, 7, 5]]),
        (Call::Gru, vec![&[6, 3], &[6, 2], &[6, 1], &[5, 1], &[2, 5], &[3, 7, 5]]),
        (Call::Attention, vec![&[2, 7, 1, 4], &[2, 6, 1, 4], &[2, 6, 1, 4]]),
        (Call::Attention, vec![&[2, 7, 1, 4], &[2, 7, 1, 4], &[2, 7, 1, 5]]),
        (Call::LogSoftmax, vec![&[3]]),
    ];
    for (call, shapes) in impossible {
        let operands = shapes
            .iter()
            .map(|shape| b.tensor(&Operand::made_up(0, shape).values, shape))
            .collect::<crate::Result<Vec<_>>>()?;
        refused(&format!("{call:?} of {shapes:?}"), call.apply(b, &operands))?;
    }
    Ok(())
}

/// Host values that do not fill their shape, and an update of another shape.
pub fn impossible_transfers_are_refused<B: Backend>(b: &B) -> Result<()> {
    refused("a tensor [2, 2] of 3 values", b.tensor(&[1.0; 3], &[2, 2]))?;
    refused("a tensor [] of no value", b.tensor(&[], &[]))?;
    refused("a variable [2] of 3 values", b.variable(&[1.0; 3], &[2]))?;
    let variable = b.variable(&[1.0; 6], &[2, 3])?;
    refused("assigning [3, 2] to [2, 3]", b.assign(&variable, &b.tensor(&[1.0; 6], &[3, 2])?))?;
    refused("assigning [1] to [2, 3]", b.assign(&variable, &b.tensor(&[1.0], &[1])?))
}

/// Rows that do not exist.
pub fn impossible_rows_are_refused<B: Backend>(b: &B) -> Result<()> {
    let x = b.tensor(&[1.0; 6], &[3, 2])?;
    for rows in [&[3][..], &[0, 1, 7], &[u32::MAX]] {
        refused(
            &format!("select of rows {rows:?} of 3"),
            b.index(rows).and_then(|rows| b.select(&x, &rows)),
        )?;
    }
    Ok(())
}

/// Only a scalar can be differentiated.
pub fn backward_of_many_numbers_is_refused<B: Backend>(b: &B) -> Result<()> {
    refused("backward of [2]", b.backward(&b.variable(&[1.0, 2.0], &[2])?))
}
