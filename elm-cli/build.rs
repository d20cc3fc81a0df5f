//! Lets the program find libtorch when it runs (feature `tch`).
//!
//! A run path counts only in the package of the binary, so elm-backend-tch
//! hands the folder on; see its build script.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let Ok(lib) = std::env::var("DEP_ELM_TCH_LIBTORCH_LIB") else { return };
    println!("cargo::rustc-link-arg=-Wl,-rpath,{lib}");
    if std::env::var("DEP_ELM_TCH_LIBTORCH_CUDA").is_ok_and(|cuda| cuda == "1") {
        // Nothing refers to the CUDA half by name, so the linker would drop it.
        println!("cargo::rustc-link-arg=-Wl,--no-as-needed,-L{lib},-ltorch_cuda,--as-needed");
    }
}
