//! Serves the built page on this machine with `serve.mjs`, as a plain static host would.

use std::process::Command;

use anyhow::{Result, bail};

use crate::project::Project;
use crate::{tools, web};

/// Serves `dist/` on the first free port from that one on, until the program is ended.
pub(crate) fn serve(project: &Project, port: u16) -> Result<()> {
    tools::npm_ci(project, "")?;
    let mut node = Command::new(web::node());
    node.arg(project.path("xtask/serve.mjs")).arg(project.dist()).arg(port.to_string());
    replace_by(&mut node)
}

/// Goes on as that program, so that whoever ends this process ends the server.
#[cfg(unix)]
fn replace_by(program: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;

    let error = program.exec();
    bail!("cannot start {}: {error}", program.get_program().display())
}

#[cfg(not(unix))]
fn replace_by(program: &mut Command) -> Result<()> {
    crate::command::run(program)
}
