//! Parse, run, exit.

fn main() -> std::process::ExitCode {
    eco_coder::cli::main()
}
