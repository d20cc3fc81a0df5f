//! What is asked of the driver, and how it refuses.

use super::super::nvidia::{Nvidia, NvidiaModule};
use super::super::{Driver, Grid, Launch, NvidiaMemory, Slice, Stream};
use super::fake::Fake;
use crate::error::Result;
use crate::kernel::cuda::Memory;

const STREAM: Stream = Stream(0x5 as *mut std::ffi::c_void);

fn launch(card: &Nvidia, module: &NvidiaModule, kernel: &str, blocks: u32, launch: Launch) -> Result<()> {
    let grid = Grid { blocks, threads: 64, shared_bytes: 5000, launch };
    // SAFETY: the fake driver reads four bytes of the arguments and runs nothing.
    unsafe { card.launch(STREAM, module, kernel, &grid, b"args") }
}

#[test]
fn a_card_is_what_its_driver_says() {
    let Some(fake) = Fake::new() else { return };
    let card = fake.open();
    assert_eq!((card.version(), card.nvrtc().version()), ((13, 0), (13, 0)));
    let card = card.card();
    assert_eq!((card.name.as_str(), card.multiprocessors, card.shared_bytes), ("Fake 70", 3, 232448));
    assert_eq!(card.capability, (9, 0));
    let error = Nvidia::open_at(1, &fake.places()).err().unwrap().to_string();
    assert!(error.contains("cuDeviceGet") && error.contains("101"), "{error}");
}

#[test]
fn a_source_is_compiled_for_the_card_and_loaded_in_its_context() {
    let Some(fake) = Fake::new() else { return };
    let card = fake.open();
    let module = card.compile("", &[("ELM_N".into(), 7), ("ELM_HIGH_PASS".into(), -1)]).unwrap();
    let wanted = [
        "option --std=c++17",
        "option --ptxas-options=-v",
        "option --gpu-architecture=sm_90",
        "option -DELM_N=7",
        "option -DELM_HIGH_PASS=-1",
        "load cubin",
    ];
    assert_eq!(fake.calls(), wanted);
    assert_eq!((module.usage()[0].kernel.as_str(), module.usage()[0].registers), ("walk", 40));
    let error = card.compile("wrong", &[]).err().unwrap().to_string();
    assert!(error.contains("nvrtcCompileProgram") && error.contains("elm.cu(1): wrong"), "{error}");
}

#[test]
fn a_kernel_is_made_ready_once_for_each_size_of_launch() {
    let Some(fake) = Fake::new() else { return };
    let card = fake.open();
    let module = card.compile("", &[]).unwrap();
    let before = fake.calls().len();
    for blocks in [6, 6, 4] {
        launch(&card, &module, "walk", blocks, Launch::Cooperative).unwrap();
    }
    launch(&card, &module, "walk", 8, Launch::Cluster(4)).unwrap();
    launch(&card, &module, "gather", 900, Launch::Plain).unwrap();
    let launched = |blocks, how| format!("launch {blocks} 1 1 x 64 1 1, 5000 bytes, stream 0x5, {how}, args");
    let ready = ["function walk".into(), "attribute 8 = 5000".into()];
    let asked = ["blocks at once: 64 threads, 5000 bytes".to_string()];
    let mut wanted =
        [&ready[..], &asked, &[launched(6, "cooperative 1"), launched(6, "cooperative 1")]].concat();
    wanted.extend([&ready[..], &asked, &[launched(4, "cooperative 1")]].concat());
    wanted.extend([&ready[..], &["clusters at once: of 4".into(), launched(8, "cluster 4 1 1")]].concat());
    wanted.extend(["function gather".into(), "attribute 8 = 5000".into(), launched(900, "plain")]);
    assert_eq!(fake.calls()[before..], wanted);
}

/// They would be refused by the driver too, or never end.
#[test]
fn grids_that_cannot_run_at_once_are_refused_in_words() {
    let Some(fake) = Fake::new() else { return };
    let card = fake.open();
    let module = card.compile("", &[]).unwrap();
    let refused = |blocks, how| launch(&card, &module, "walk", blocks, how).unwrap_err().to_string();
    let error = refused(7, Launch::Cooperative);
    assert!(
        error.contains("walk: 7 blocks of 64 threads and 5000 bytes") && error.contains("6 can"),
        "{error}"
    );
    fake.room(2, 0);
    assert!(refused(8, Launch::Cluster(8)).contains("no cluster of 8 blocks"));
    let grid = Grid { blocks: 1, threads: 64, shared_bytes: 232449, launch: Launch::Plain };
    // SAFETY: it is refused before anything runs.
    let error = unsafe { card.launch(STREAM, &module, "walk", &grid, b"args") }.unwrap_err().to_string();
    assert!(error.contains("needs 232449 bytes") && error.contains("has 232448"), "{error}");
    let error = launch(&card, &module, "missing", 1, Launch::Plain).unwrap_err().to_string();
    for part in ["cuModuleGetFunction", "missing", "CUDA_ERROR_NOT_FOUND, named symbol not found"] {
        assert!(error.contains(part), "{error}");
    }
    assert!(!fake.calls().iter().any(|call| call.starts_with("launch")));
}

#[test]
fn bytes_are_copied_in_the_stream_and_waited_for_only_where_the_card_reads_the_hosts_pages() {
    for (reads, waits) in [(0, false), (1, true)] {
        let Some(fake) = Fake::new() else { return };
        fake.attribute(100, reads);
        let card = fake.open();
        let to = Slice { address: 0xabc0, len: 2 };
        card.upload(STREAM, to, &[1; 8]).unwrap();
        card.upload(STREAM, to, &[]).unwrap();
        assert!(card.upload(STREAM, to, &[1; 9]).is_err());
        let mut wanted = vec!["copy 8 bytes to abc0, stream 0x5"];
        wanted.extend(waits.then_some("wait for 0x5"));
        assert_eq!(fake.calls(), wanted);
    }
}

#[test]
fn memory_that_is_dropped_serves_the_next_block_of_its_length() {
    let Some(fake) = Fake::new() else { return };
    let card = fake.open();
    let memory = NvidiaMemory::new(&card);
    drop(memory.alloc(4).unwrap());
    let block = memory.put(&card, &[1.0, 2.0, 3.0, 4.0]).unwrap();
    let other = memory.alloc(4).unwrap();
    assert_ne!(memory.slice(&block).address, memory.slice(&other).address);
    assert_eq!(memory.get(&block).unwrap(), [0.0; 4]);
    let wanted = [
        "room for 16 bytes",
        "copy 16 bytes to 1000, stream (nil)",
        "room for 16 bytes",
        "wait for (nil)",
        "copy 16 bytes from 1000",
    ];
    assert_eq!(fake.calls(), wanted);
}
