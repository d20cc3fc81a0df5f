//! The suite that tells whether a backend is right (feature `conformance`).
//!
//! Every case is a plain function `fn case<B: Backend>(backend: &B) ->
//! Result<()>`; [`conformance_tests!`](crate::conformance_tests) lists them
//! all as tests:
//!
//! ```ignore
//! elm_core::conformance_tests!(MyBackend::new());
//! ```
//!
//! Results are compared with [`Reference`](crate::reference::Reference), with
//! closed formulas, or with each other; how far they may lie apart is said in
//! [`Tolerance`] and nowhere else. A failure names the operation, its shape,
//! the worst element and both values.

mod baselines;
mod call;
mod layers;
mod primitives;
mod refusals;
mod scan;
mod tolerance;
mod transfer;
mod update_formulas;
mod updates;

#[cfg(test)]
mod tests;

pub use baselines::*;
pub use layers::{attention_of_several_heads, layers_of_gru_units, layers_of_lstm_units};
pub use primitives::*;
pub use refusals::{
    backward_of_many_numbers_is_refused, impossible_rows_are_refused, impossible_shapes_are_refused,
    impossible_transfers_are_refused,
};
pub use scan::*;
pub use tolerance::{Failure, Result, Tolerance};
pub use transfer::*;
pub use update_formulas::*;
pub use updates::{
    impossible_updates_are_refused, updates_refuse_what_is_not_finite, updates_take_gradients_of_any_layout,
    updates_take_gradients_of_zeros, updates_train_a_variable,
};

/// Lists every case of the suite as a test of the backend that the given
/// expression makes; the expression is evaluated anew in every test. With
/// `recurrence of` before it, only those cases that scan; with `only`, names
/// of cases and `; of`, only these.
#[macro_export]
macro_rules! conformance_tests {
    (@every ($($with:tt)*)) => {
        $crate::conformance_tests! { @recurrence ($($with)*
            host_values_round_trip
            assigning_changes_a_variable_in_place
            assigning_a_view
            only_what_is_used_gets_a_gradient
            backward_starts_from_nothing
            unary_functions
            unary_functions_at_their_edges
            binary_functions
            broadcasting
            affine_maps
            sums
            largest_values
            matrix_products
            layouts
            joining
            unstacking
            selecting_rows
            composed_functions
            impossible_shapes_are_refused
            impossible_transfers_are_refused
            impossible_rows_are_refused
            backward_of_many_numbers_is_refused
            adam_follows_its_formula
            adamax_follows_its_formula
            adamw_follows_its_formula
            sgd_follows_its_formula
            weight_decay_joins_gradients
            updates_take_gradients_of_zeros
            updates_take_gradients_of_any_layout
            updates_refuse_what_is_not_finite
            impossible_updates_are_refused
            updates_train_a_variable
            layers_of_lstm_units
            layers_of_gru_units
            attention_of_several_heads
            baselines_answer_as_pytorch
            baselines_in_parts_are_the_whole
            baselines_give_their_start_state_a_gradient
        ) }
    };
    (@recurrence ($($with:tt)*)) => {
        $crate::conformance_tests! { $($with)*
            scan_with_every_activation
            scan_with_every_lambda_mode
            scan_with_every_trace
            scan_with_and_without_high_pass
            scan_with_every_depth
            scan_with_several_outputs
            scan_with_feedback
            scan_with_dropout_masks
            scan_with_learnable_timescales
            scan_with_rectified_and_unconnected_synapses
            scan_with_every_share_of_recurrence
            scan_with_other_constants
            scan_of_every_size
            scan_of_published_shapes
            scan_of_many_sources
            scan_with_drawn_options
            scan_of_every_input
            scan_without_gradient
            scan_with_monitors
            scan_with_a_loss_of_one_answer
            scan_of_views
            scan_of_constants
            scan_of_a_long_sequence
            scan_is_deterministic
            scan_is_causal
            scan_with_a_silent_mlp_only_decays
            scan_gives_every_parameter_a_gradient
            scan_keeps_rows_apart
            scan_of_a_batch_is_the_scan_of_its_rows
            scan_in_parts_is_the_whole_scan
            scan_of_a_scan
            impossible_scans_are_refused
            impossible_layers_are_refused
        }
    };
    (@test ($backend:expr) $($case:ident)*) => {
        $(
            #[test]
            fn $case() {
                let backend = $backend;
                if let Err(failure) = $crate::conformance::$case(&backend) {
                    panic!("{failure}");
                }
            }
        )*
    };
    (@list ($backend:ty) $($case:ident)*) => {
        vec![$((stringify!($case), $crate::conformance::$case::<$backend> as fn(&$backend) -> _)),*]
    };
    (only $($case:ident),+; of $backend:expr) => {
        $crate::conformance_tests! { @test ($backend) $($case)+ }
    };
    (recurrence of $backend:expr) => {
        $crate::conformance_tests! { @recurrence (@test ($backend)) }
    };
    ($backend:expr) => {
        $crate::conformance_tests! { @every (@test ($backend)) }
    };
}

/// Names and functions of all cases.
pub fn cases<B: crate::Backend + 'static>() -> Vec<(&'static str, fn(&B) -> Result<()>)> {
    crate::conformance_tests! { @every (@list (B)) }
}
