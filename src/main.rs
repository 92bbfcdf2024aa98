//! The `app-connect` command: parse arguments, run the command, exit.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    app_connect::cli::main()
}
