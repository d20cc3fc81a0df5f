//! Tells the program which commit it is built from, and lets it find libtorch
//! when it runs (feature `tch`).
//!
//! A run path counts only in the package of the binary, so elm-backend-tch
//! hands the folder on; see its build script.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    tell_the_commit();
    let Ok(lib) = std::env::var("DEP_ELM_TCH_LIBTORCH_LIB") else { return };
    println!("cargo::rustc-link-arg=-Wl,-rpath,{lib}");
    if std::env::var("DEP_ELM_TCH_LIBTORCH_CUDA").is_ok_and(|cuda| cuda == "1") {
        // Nothing refers to the CUDA half by name, so the linker would drop it.
        println!("cargo::rustc-link-arg=-Wl,--no-as-needed,-L{lib},-ltorch_cuda,--as-needed");
    }
}

/// `ELM_COMMIT` where this is a checkout with its history.
fn tell_the_commit() {
    let git = |arguments: &[&str]| {
        let answer = std::process::Command::new("git").args(arguments).output().ok()?;
        let text = String::from_utf8(answer.stdout).ok().filter(|_| answer.status.success())?;
        Some(text.trim().to_string())
    };
    // Written with every commit; a path that is not there would build always.
    let log =
        git(&["rev-parse", "--git-path", "logs/HEAD"]).filter(|path| std::path::Path::new(path).exists());
    // Not that of a repository that this is merely unpacked in.
    let tracked = git(&["ls-files", "build.rs"]).is_some_and(|listed| !listed.is_empty());
    if let (Some(log), true, Some(commit)) = (log, tracked, git(&["rev-parse", "--short=12", "HEAD"])) {
        println!("cargo::rerun-if-changed={log}");
        println!("cargo::rustc-env=ELM_COMMIT={commit}");
    }
}
