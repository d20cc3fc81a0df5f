//! The primitives of a backend, taken from the naive one.

/// The required items of [`Backend`](crate::Backend), answered by
/// [`Reference`](crate::reference::Reference): for examples and tests of what a
/// backend may add to its primitives.
#[macro_export]
macro_rules! reference_primitives {
    () => {
        type Tensor = $crate::reference::Tensor;
        type Index = std::rc::Rc<[u32]>;
        type Gradients = $crate::reference::Gradients;

        $crate::reference_primitives! {
            description() -> $crate::backend::Description;
            tensor(values: &[f32], shape: &[usize]) -> $crate::Result<Self::Tensor>;
            values(x: &Self::Tensor) -> $crate::Result<Vec<f32>>;
            shape(x: &Self::Tensor) -> Vec<usize>;
            index(rows: &[u32]) -> $crate::Result<Self::Index>;
            variable(values: &[f32], shape: &[usize]) -> $crate::Result<Self::Tensor>;
            assign(variable: &Self::Tensor, x: &Self::Tensor) -> $crate::Result<()>;
            detach(x: &Self::Tensor) -> Self::Tensor;
            backward(loss: &Self::Tensor) -> $crate::Result<Self::Gradients>;
            gradient(of: &Self::Gradients, x: &Self::Tensor) -> Option<Self::Tensor>;
            unary(op: $crate::backend::Unary, x: &Self::Tensor) -> $crate::Result<Self::Tensor>;
            binary(op: $crate::backend::Binary, a: &Self::Tensor, b: &Self::Tensor)
                -> $crate::Result<Self::Tensor>;
            affine(x: &Self::Tensor, scale: f64, shift: f64) -> $crate::Result<Self::Tensor>;
            sum(x: &Self::Tensor, axis: usize) -> $crate::Result<Self::Tensor>;
            max(x: &Self::Tensor, axis: usize) -> $crate::Result<Self::Tensor>;
            matmul(a: &Self::Tensor, b: &Self::Tensor) -> $crate::Result<Self::Tensor>;
            reshape(x: &Self::Tensor, shape: &[usize]) -> $crate::Result<Self::Tensor>;
            transpose(x: &Self::Tensor, a: usize, b: usize) -> $crate::Result<Self::Tensor>;
            narrow(x: &Self::Tensor, axis: usize, start: usize, length: usize)
                -> $crate::Result<Self::Tensor>;
            cat(parts: &[Self::Tensor], axis: usize) -> $crate::Result<Self::Tensor>;
            stack(parts: &[Self::Tensor]) -> $crate::Result<Self::Tensor>;
            unstack(x: &Self::Tensor) -> $crate::Result<Vec<Self::Tensor>>;
            select(x: &Self::Tensor, rows: &Self::Index) -> $crate::Result<Self::Tensor>;
        }
    };
    ($($name:ident($($argument:ident: $of:ty),*) -> $answer:ty;)*) => {
        $(
            fn $name(&self, $($argument: $of),*) -> $answer {
                $crate::Backend::$name(&$crate::reference::Reference, $($argument),*)
            }
        )*
    };
}
