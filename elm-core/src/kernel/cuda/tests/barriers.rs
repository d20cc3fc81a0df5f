//! Every barrier of the source is left out in turn: results must change.

use super::run::{MUCH_MEMORY, SHARED, TestKernel, kernel, plain, results};
use crate::kernel::cuda::plan::Plan;
use crate::kernel::cuda::shapes::SOURCE;
use crate::kernel::cuda::sizes::Sizes;
use crate::kernel::tests::cases::{Case, Choices, Results};

/// Schedules that are tried; the first are in order, the others at random.
const SCHEDULES: i32 = 8;

/// A case on its kernel with what it answers with all barriers in place.
struct Tried {
    case: Case,
    kernel: TestKernel,
    wanted: Results<f32>,
}

fn tried(choices: &Choices, change: impl FnOnce(&mut Plan)) -> Option<Tried> {
    use crate::kernel::cuda::driver::Driver;
    let kernel = kernel(3, SHARED, MUCH_MEMORY)?;
    let case = choices.case();
    let mut plan = Plan::new(&Sizes::new(&case.layer, case.rows), kernel.driver().card()).unwrap();
    change(&mut plan);
    kernel.divide(plan);
    let wanted = results(&case, &kernel).unwrap();
    Some(Tried { case, kernel, wanted })
}

/// Several neurons a warp and turns a step, so that all kinds of waiting occur.
fn all_tried() -> Option<Vec<Tried>> {
    let plain = Choices { neurons: 13, rows: 8, steps: 4, input: 2, ..plain() };
    let flat = Choices { hidden_layers: 0, ..plain.clone() };
    let blocks = |groups, blocks, width, sub, slices| {
        move |plan: &mut Plan| {
            (plan.groups, plan.blocks, plan.width, plan.sub, plan.slices) =
                (groups, blocks, width, sub, slices);
            (plan.warps, plan.units) = (4, 4);
        }
    };
    Some(vec![
        tried(&plain, blocks(1, 3, 4, 2, 1))?,
        tried(&flat, blocks(1, 2, 2, 2, 2))?,
        tried(
            &Choices { recurrent: false, branches: 60, per_branch: 1, steps: 10, ..plain },
            blocks(1, 1, 4, 1, 2),
        )?,
    ])
}

fn is_noticed(all: &[Tried], line: usize) -> bool {
    all.iter().any(|tried| {
        let driver = tried.kernel.driver();
        driver.leave_out(line as i32);
        let noticed = (0..SCHEDULES).any(|schedule| {
            driver.set_schedule(schedule);
            results(&tried.case, &tried.kernel).map_or(true, |got| got != tried.wanted)
        });
        driver.leave_out(0);
        noticed
    })
}

#[test]
fn no_barrier_can_be_left_out_unnoticed() {
    let Some(all) = all_tried() else { return };
    let waits = ["__syncthreads()", "__syncwarp()", "emulated_meet("];
    let lines = SOURCE.lines().enumerate().filter(|(_, line)| waits.iter().any(|wait| line.contains(wait)));
    let unnoticed: Vec<String> = lines
        .filter(|&(at, _)| !is_noticed(&all, at + 1))
        .map(|(at, line)| format!("{}: {}", at + 1, line.trim()))
        .collect();
    assert!(unnoticed.is_empty(), "{unnoticed:#?}");
}
