//! What a kernel is given: the mirror of `source/arguments.h`, field by field.

use super::driver::Slice;

macro_rules! arguments {
    ($($kind:ident { $($name:ident),* $(,)? })*) => {
        /// All arguments of all kernels, as C lays them out; an address of 0
        /// stands for what is not there.
        #[repr(C)]
        #[derive(Clone, Copy, Default)]
        pub(super) struct Arguments { $($(pub $name: arguments!(@type $kind),)*)* }

        #[cfg(test)]
        const NAMES: &[&str] = &[$($(stringify!($name),)*)*];
    };
    (@type pointer) => { u64 };
    (@type double) => { f64 };
    (@type float) => { f32 };
    (@type int) => { i32 };
}

arguments! {
    pointer {
        parameters, state, dense, tau_raw, input_mask, activity_mask, memory_mask,
        activity, end_state, magnitude,
        d_activity, d_end_state, d_magnitude, d_parameters, d_state, d_dense,
        source, origin, starts, edge_row, edge_at, in_starts, in_row, in_at,
        event_step, event_place, event_value,
        weights, synapses, edges, x, seen, carried, carried_on, records,
        d_carried, deltas, partial, sums, source_trace, d_source_trace, counter,
    }
    double { delta_t, lambda, tau_low, tau_high, fixed_weight }
    float { input_scale, input_factor, average_decay, average_take, trace_decay }
    int { steps, first, last, events, keep, again, add, lambda_scale, rectified }
}

// Bytes between fields would not be initialised.
const _: () = assert!(size_of::<Arguments>() == 42 * 8 + 5 * 8 + 14 * 4);

impl Arguments {
    /// Their bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        // SAFETY: plain numbers without padding, as checked above.
        unsafe { std::slice::from_raw_parts(std::ptr::from_ref(self).cast(), size_of::<Self>()) }
    }
}

/// The address of what may be absent.
pub(super) fn address(slice: Option<Slice>) -> u64 {
    slice.map_or(0, |slice| slice.address)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_header_has_the_same_fields_in_the_same_order() {
        let header = include_str!("source/arguments.h");
        let body = &header[header.find("struct Args {").unwrap() + "struct Args {".len()..];
        let plain = body.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join(" ");
        let mut names = Vec::new();
        for declaration in plain.split(';').take_while(|part| !part.trim().starts_with('}')) {
            for name in declaration.split(',') {
                let name = name.trim_end().rsplit([' ', '*']).next().unwrap();
                names.push(name.to_string());
            }
        }
        assert_eq!(names, super::NAMES);
    }
}
