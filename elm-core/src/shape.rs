//! Shape rules of the primitives, for backends whose library panics, guesses
//! or words its errors differently.

use crate::error::{Error, Result};

/// The shape of a pair broadcast as in NumPy.
///
/// # Errors
/// [`Error::Shape`] when two lengths differ and neither is 1.
pub fn broadcast(a: &[usize], b: &[usize]) -> Result<Vec<usize>> {
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

/// The shape of `[.., m, k] x [.., k, n]`.
///
/// # Errors
/// [`Error::Shape`] when leading axes or `k` differ.
pub fn product(a: &[usize], b: &[usize]) -> Result<Vec<usize>> {
    if let ([batch @ .., m, k], [other @ .., k_b, n]) = (a, b)
        && batch == other
        && k == k_b
    {
        return Ok([batch, &[*m, *n]].concat());
    }
    Err(Error::shape("matmul", b, format!("[.., k, n] to go with {a:?} = [.., m, k]")))
}

/// Checks that a shape holds this many elements.
///
/// # Errors
/// [`Error::Shape`] when it does not.
pub fn filled(what: &str, elements: usize, shape: &[usize]) -> Result<()> {
    if shape.iter().try_fold(1usize, |product, &length| product.checked_mul(length)) == Some(elements) {
        return Ok(());
    }
    Err(Error::shape(what, shape, format!("a shape of {elements} elements")))
}

/// Checks that two shapes are equal.
///
/// # Errors
/// [`Error::Shape`] when they are not.
pub fn equal(what: &str, got: &[usize], wanted: &[usize]) -> Result<()> {
    if got == wanted { Ok(()) } else { Err(Error::shape(what, got, format!("{wanted:?}"))) }
}

/// The length of an axis.
///
/// # Errors
/// [`Error::Shape`] when there is no such axis.
pub fn axis(what: &str, shape: &[usize], axis: usize) -> Result<usize> {
    shape.get(axis).copied().ok_or_else(|| Error::shape(what, shape, format!("a shape with axis {axis}")))
}

/// Checks that `length` entries from `start` on lie within an axis.
///
/// # Errors
/// [`Error::Shape`] when they do not.
pub fn within(what: &str, shape: &[usize], of: usize, start: usize, length: usize) -> Result<()> {
    if start.checked_add(length).is_some_and(|end| axis(what, shape, of).is_ok_and(|there| end <= there)) {
        return Ok(());
    }
    Err(Error::shape(what, shape, format!("{length} entries of axis {of} from {start} on")))
}

/// Checks that tensors can be joined along an existing axis.
///
/// # Errors
/// [`Error::Shape`] when there is none, or one differs in another axis.
pub fn joined(parts: &[Vec<usize>], along: usize) -> Result<()> {
    let Some(first) = parts.first() else {
        return Err(Error::shape("cat", &[], "at least one tensor"));
    };
    axis("cat", first, along)?;
    let fits = |part: &Vec<usize>| {
        part.len() == first.len()
            && (0..part.len()).all(|other| other == along || part[other] == first[other])
    };
    match parts.iter().find(|part| !fits(part)) {
        Some(part) => Err(Error::shape("cat", part, format!("{first:?} but for axis {along}"))),
        None => Ok(()),
    }
}

/// Checks that tensors can be joined along a new axis.
///
/// # Errors
/// [`Error::Shape`] when there is none, or two differ.
pub fn stacked(parts: &[Vec<usize>]) -> Result<()> {
    let Some(first) = parts.first() else {
        return Err(Error::shape("stack", &[], "at least one tensor"));
    };
    parts.iter().try_for_each(|part| equal("stack", part, first))
}

/// Checks row numbers by the largest of them.
///
/// # Errors
/// [`Error::Index`] when that row does not exist, [`Error::Shape`] when there
/// is no first axis.
pub fn rows(shape: &[usize], largest: Option<u32>) -> Result<()> {
    let len = axis("select", shape, 0)?;
    match largest {
        Some(row) if row as usize >= len => {
            Err(Error::Index { what: "select".into(), index: row as usize, len })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadcasting_stretches_ones_on_both_sides() {
        assert_eq!(broadcast(&[4, 1, 3], &[2, 1]).ok(), Some(vec![4, 2, 3]));
        assert_eq!(broadcast(&[], &[5]).ok(), Some(vec![5]));
        assert!(broadcast(&[2, 3], &[2]).is_err());
    }

    #[test]
    fn possible_shapes_pass() {
        assert_eq!(product(&[2, 3, 4], &[2, 4, 5]).ok(), Some(vec![2, 3, 5]));
        assert!(filled("tensor", 6, &[2, 3]).is_ok());
        assert!(within("narrow", &[5], 0, 2, 3).is_ok());
        assert!(joined(&[vec![2, 3], vec![2, 1]], 1).is_ok());
        assert!(rows(&[3, 2], Some(2)).is_ok());
    }

    #[test]
    fn impossible_shapes_are_named() {
        let names = |refused: Result<()>, words: &[&str]| {
            let text = refused.expect_err("it is impossible").to_string();
            assert!(words.iter().all(|word| text.contains(word)), "{text} lacks one of {words:?}");
        };
        names(broadcast(&[2, 3], &[2]).map(drop), &["broadcast", "[2]", "[2, 3]"]);
        names(product(&[3, 4], &[2, 4, 5]).map(drop), &["matmul", "[2, 4, 5]", "[3, 4]"]);
        names(product(&[4], &[4]).map(drop), &["matmul", "[4]"]);
        names(filled("tensor", 6, &[usize::MAX, 7]), &["tensor", &usize::MAX.to_string(), "6 elements"]);
        names(equal("stack", &[2], &[3]), &["stack", "[2]", "[3]"]);
        names(within("narrow", &[5], 0, 3, usize::MAX), &["narrow", "[5]", "axis 0", "from 3"]);
        names(joined(&[vec![2, 3], vec![1, 3]], 1), &["cat", "[1, 3]", "[2, 3]", "axis 1"]);
        names(joined(&[], 0), &["cat", "at least one"]);
        names(stacked(&[]), &["stack", "at least one"]);
        names(rows(&[3, 2], Some(3)), &["select", "3"]);
    }
}
