//! Compiles `src/given.cpp` against the libtorch that torch-sys found, and
//! says where that lies.
//!
//! A run path can only be set by the package whose binary it goes into. The
//! build script of a program that depends on this crate directly finds
//! * `DEP_ELM_TCH_LIBTORCH_LIB`: the folder for its `-Wl,-rpath`,
//! * `DEP_ELM_TCH_LIBTORCH_CUDA`: `1` if libtorch comes with CUDA, whose half
//!   the linker drops unless told `-Wl,--no-as-needed -ltorch_cuda`.

use std::env;
use std::path::PathBuf;

fn main() {
    println!("cargo::rerun-if-changed=src/given.cpp");
    println!("cargo::rerun-if-env-changed=LIBTORCH_INCLUDE");
    println!("cargo::rerun-if-env-changed=LIBTORCH_CXX11_ABI");
    let Some(lib) = env::var_os("DEP_TCH_LIBTORCH_LIB").map(PathBuf::from) else {
        println!("cargo::error=torch-sys did not say where libtorch is");
        return;
    };
    let home =
        env::var_os("LIBTORCH_INCLUDE").map(PathBuf::from).or_else(|| Some(lib.parent()?.to_path_buf()));
    let include = home.unwrap_or_default().join("include");
    let abi = env::var("LIBTORCH_CXX11_ABI").unwrap_or_else(|_| "1".into());
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .warnings(false)
        .include(&include)
        .include(include.join("torch/csrc/api/include"))
        .define("_GLIBCXX_USE_CXX11_ABI", abi.as_str())
        .file("src/given.cpp")
        .compile("elm_tch");
    let cuda = lib.join("libtorch_cuda.so").exists();
    println!("cargo::metadata=libtorch_lib={}", lib.display());
    println!("cargo::metadata=libtorch_cuda={}", u8::from(cuda));
    // For this package's own tests and examples.
    println!("cargo::rustc-link-arg=-Wl,-rpath,{}", lib.display());
    if cuda {
        println!("cargo::rustc-link-arg=-Wl,--no-as-needed,-ltorch_cuda,--as-needed");
    }
}
