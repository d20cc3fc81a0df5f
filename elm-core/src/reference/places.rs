//! Which element of a tensor stands behind which element of an answer.
//!
//! Elements are numbered in row-major order; every layout operation of the
//! reference backend is a list of such numbers.

use super::operation::MatmulSize;
use crate::error::{Error, Result};

/// A shape seen from one of its axes: `[outer, length, inner]`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Along {
    /// Product of the axes before.
    pub(super) outer: usize,
    /// Length of the axis.
    pub(super) length: usize,
    /// Product of the axes after.
    pub(super) inner: usize,
}

/// Looks at a shape from one axis.
pub(super) fn along(what: &str, shape: &[usize], axis: usize) -> Result<Along> {
    let Some(&length) = shape.get(axis) else {
        return Err(Error::shape(what, shape, format!("a shape with axis {axis}")));
    };
    Ok(Along { outer: shape[..axis].iter().product(), length, inner: shape[axis + 1..].iter().product() })
}

impl Along {
    /// Numbers of the elements whose place on the axis is in
    /// `start..start + length`.
    pub(super) fn entries(&self, start: usize, length: usize) -> Vec<usize> {
        let mut elements = Vec::with_capacity(self.outer * length * self.inner);
        for outer in 0..self.outer {
            let first = (outer * self.length + start) * self.inner;
            elements.extend(first..first + length * self.inner);
        }
        elements
    }

    /// For every element its number once the axis is gone.
    pub(super) fn without_axis(&self) -> Vec<usize> {
        let mut elements = Vec::with_capacity(self.outer * self.length * self.inner);
        for outer in 0..self.outer {
            for _ in 0..self.length {
                elements.extend(outer * self.inner..(outer + 1) * self.inner);
            }
        }
        elements
    }
}

/// The shape of a broadcast pair.
pub(super) fn broadcast_shape(a: &[usize], b: &[usize]) -> Result<Vec<usize>> {
    let axes = a.len().max(b.len());
    let length = |shape: &[usize], axis: usize| {
        let missing = axes - shape.len();
        if axis < missing { 1 } else { shape[axis - missing] }
    };
    (0..axes)
        .map(|axis| match (length(a, axis), length(b, axis)) {
            (left, right) if left == right => Ok(left),
            (1, other) | (other, 1) => Ok(other),
            _ => Err(Error::shape("broadcast", b, format!("a shape that goes with {a:?}"))),
        })
        .collect()
}

/// For every element of the shape `wide` the element of `narrow` it comes from.
pub(super) fn broadcast(narrow: &[usize], wide: &[usize]) -> Vec<usize> {
    let mut elements = vec![0];
    let missing = wide.len() - narrow.len();
    for (axis, &length) in wide.iter().enumerate() {
        let own = if axis < missing { 1 } else { narrow[axis - missing] };
        elements = elements
            .iter()
            .flat_map(|&outer| (0..length).map(move |place| outer * own + if own == 1 { 0 } else { place }))
            .collect();
    }
    elements
}

/// For every element of the shape with `a` and `b` exchanged the element it
/// comes from.
pub(super) fn transposed(shape: &[usize], a: usize, b: usize) -> Result<Vec<usize>> {
    along("transpose", shape, a)?;
    along("transpose", shape, b)?;
    let step = |axis: usize| shape[axis + 1..].iter().product::<usize>();
    let mut order: Vec<usize> = (0..shape.len()).collect();
    order.swap(a, b);
    let mut elements = vec![0];
    for axis in order {
        elements = elements
            .iter()
            .flat_map(|&outer| (0..shape[axis]).map(move |place| outer + place * step(axis)))
            .collect();
    }
    Ok(elements)
}

/// Where the elements of each part lie once the parts are joined along
/// `axis`, and the shape of the whole.
pub(super) fn joined(parts: &[&[usize]], axis: usize) -> Result<(Vec<Vec<usize>>, Vec<usize>)> {
    let Some(first) = parts.first() else {
        return Err(Error::shape("cat", &[], "at least one tensor"));
    };
    let mut whole = first.to_vec();
    along("cat", first, axis)?;
    whole[axis] = 0;
    for part in parts {
        let fits = part.len() == first.len()
            && (0..part.len()).all(|other| other == axis || part[other] == first[other]);
        if !fits {
            return Err(Error::shape("cat", part, format!("{first:?} but for axis {axis}")));
        }
        whole[axis] += part[axis];
    }
    let place = along("cat", &whole, axis)?;
    let mut start = 0;
    let mut places = Vec::with_capacity(parts.len());
    for part in parts {
        places.push(place.entries(start, part[axis]));
        start += part[axis];
    }
    Ok((places, whole))
}

/// Sizes and answer's shape of `[.., m, k] x [.., k, n]`.
pub(super) fn product_shape(a: &[usize], b: &[usize]) -> Result<(MatmulSize, Vec<usize>)> {
    let wanted = || Error::shape("matmul", b, format!("[.., k, n] to go with {a:?} = [.., m, k]"));
    let ([batch_a @ .., m, k], [batch_b @ .., k_b, n]) = (a, b) else {
        return Err(wanted());
    };
    if batch_a != batch_b || k != k_b {
        return Err(wanted());
    }
    let size = MatmulSize { batch: batch_a.iter().product(), m: *m, k: *k, n: *n };
    Ok((size, [batch_a, &[*m, *n]].concat()))
}
