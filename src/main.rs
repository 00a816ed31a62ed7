//! Parse, run, exit.

/// The gateway takes and gives back some two hundred pieces of memory for each call, which is a fifth of its time with
/// the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    eco_coder::cli::main()
}
