//! Tiles of registers: how many rows a tile has is known when it is compiled.

/// Calls `$tile::<V, R>` with `$count`, which is one of the given, as `R`.
///
/// # Panics
/// When `$count` is another: its rows would be left out in silence.
macro_rules! with_count {
    ($count:expr, [$($n:literal),*], $tile:ident::<$vector:ty, R> $arguments:tt) => {
        match $count {
            $($n => $tile::<$vector, $n> $arguments,)*
            count => unreachable!("no tile of {count} rows was compiled"),
        }
    };
    ($count:expr, [$($n:literal),*], $tile:ident::<$vector:ty, R, $more:tt> $arguments:tt) => {
        match $count {
            $($n => $tile::<$vector, $n, $more> $arguments,)*
            count => unreachable!("no tile of {count} rows was compiled"),
        }
    };
}

pub(super) use with_count;
