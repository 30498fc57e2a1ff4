//! `wasm-bindgen-test-runner`: cargo's runner for tests of the WebAssembly module.

fn main() -> anyhow::Result<()> {
    wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(std::env::args_os())
}
