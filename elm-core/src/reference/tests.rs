//! Known answers and the promises of the tape.

use super::Reference;
use crate::backend::{Backend, Binary, Unary};

#[test]
fn a_long_history_needs_no_stack() {
    let reference = Reference;
    let start = reference.variable64(&[0.5, -0.5], &[2]).unwrap();
    let mut x = start.clone();
    for _ in 0..200_000 {
        x = reference.affine(&x, 1.0, 1e-6).unwrap();
    }
    let loss = reference.sum(&x, 0).unwrap();
    let gradients = reference.backward(&loss).unwrap();
    assert_eq!(reference.values64(&reference.gradient(&gradients, &start).unwrap()), [1.0, 1.0]);
    drop(loss);
    drop(x);
}

#[test]
fn a_tensor_used_twice_gets_both_gradients() {
    let reference = Reference;
    let x = reference.variable64(&[3.0], &[1]).unwrap();
    let square = reference.binary(Binary::Mul, &x, &x).unwrap();
    let sum = reference.binary(Binary::Add, &square, &x).unwrap();
    let gradients = reference.backward(&sum).unwrap();
    assert_eq!(reference.values64(&reference.gradient(&gradients, &x).unwrap()), [7.0]);
}

#[test]
fn detached_and_unused_variables_get_no_gradient() {
    let reference = Reference;
    let x = reference.variable64(&[3.0], &[1]).unwrap();
    let unused = reference.variable64(&[3.0], &[1]).unwrap();
    let loss = reference.unary(Unary::Exp, &reference.detach(&x)).unwrap();
    let gradients = reference.backward(&loss).unwrap();
    assert!(reference.gradient(&gradients, &x).is_none());
    assert!(reference.gradient(&gradients, &unused).is_none());
}

#[test]
fn a_detached_copy_keeps_its_values_when_the_variable_is_overwritten() {
    let reference = Reference;
    let x = reference.variable64(&[1.0, 2.0], &[2]).unwrap();
    let copy = reference.detach(&x);
    reference.assign(&x, &reference.affine(&copy, 10.0, 0.0).unwrap()).unwrap();
    assert_eq!(reference.values64(&x), [10.0, 20.0]);
    assert_eq!(reference.values64(&copy), [1.0, 2.0]);
}

#[test]
fn layouts_have_their_known_answers() {
    let reference = Reference;
    let counted: Vec<f64> = (0..12).map(f64::from).collect();
    let x = reference.tensor64(&counted, &[2, 3, 2]).unwrap();
    let swapped = reference.transpose(&x, 0, 2).unwrap();
    assert_eq!(reference.shape(&swapped), [2, 3, 2]);
    assert_eq!(reference.values64(&swapped), [0., 6., 2., 8., 4., 10., 1., 7., 3., 9., 5., 11.]);
    let middle = reference.narrow(&x, 1, 1, 2).unwrap();
    assert_eq!(reference.values64(&middle), [2., 3., 4., 5., 8., 9., 10., 11.]);
    let joined = reference.cat(&[middle, x.clone()], 1).unwrap();
    assert_eq!(reference.shape(&joined), [2, 5, 2]);
    assert_eq!(reference.values64(&joined)[..10], [2., 3., 4., 5., 0., 1., 2., 3., 4., 5.]);
    let sum = reference.sum(&x, 1).unwrap();
    assert_eq!(reference.values64(&sum), [6., 9., 24., 27.]);
    let largest = reference.max(&x, 0).unwrap();
    assert_eq!(reference.values64(&largest), [6., 7., 8., 9., 10., 11.]);
    let column = reference.tensor64(&[1.0, 10.0, 100.0], &[3, 1]).unwrap();
    let product = reference.binary(Binary::Mul, &x, &column).unwrap();
    let wanted = [0., 1., 20., 30., 400., 500., 6., 7., 80., 90., 1000., 1100.];
    assert_eq!(reference.values64(&product), wanted);
}

#[test]
fn a_batched_product_has_its_known_answer() {
    let reference = Reference;
    let a = reference.tensor64(&[1., 2., 3., 4., 5., 6., 7., 8.], &[2, 2, 2]).unwrap();
    let b = reference.tensor64(&[1., -1., 2., 3.], &[2, 2, 1]).unwrap();
    let product = reference.matmul(&a, &b).unwrap();
    assert_eq!(reference.shape(&product), [2, 2, 1]);
    assert_eq!(reference.values64(&product), [-1., -1., 28., 38.]);
}
