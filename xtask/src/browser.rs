//! Chromium and ChromeDriver: found, installed from Debian when that is possible, or named for a person to install.

use std::path::PathBuf;
use std::process::Command;
use std::{env, path::Path};

use anyhow::{Result, bail};

use crate::command::{output, run};

/// The two programs that browser tests need.
#[derive(Debug)]
pub(crate) struct Browser {
    pub(crate) chromium: PathBuf,
    pub(crate) chromedriver: PathBuf,
}

impl Browser {
    /// Finds both, after installing what is missing where that is allowed.
    pub(crate) fn ensure() -> Result<Self> {
        if let Some(browser) = Self::find() {
            return Ok(browser);
        }
        let root = output(Command::new("id").arg("-u")).is_ok_and(|id| id == "0");
        if !root || find_program("apt-get").is_none() {
            bail!(
                "the browser tests need Chromium and ChromeDriver; on Debian and Ubuntu: \
                 sudo apt-get install chromium chromium-driver\n\
                 (or set CHROMIUM and CHROMEDRIVER to the paths of both programs)"
            );
        }
        run(Command::new("apt-get").args(["update", "--quiet"]))?;
        run(Command::new("apt-get")
            .args(["install", "--quiet", "--yes", "--no-install-recommends", "chromium", "chromium-driver"])
            .env("DEBIAN_FRONTEND", "noninteractive"))?;
        match Self::find() {
            Some(browser) => Ok(browser),
            None => bail!("apt-get installed chromium and chromium-driver, yet PATH has no such programs"),
        }
    }

    fn find() -> Option<Self> {
        let named = |variable: &str| env::var_os(variable).map(PathBuf::from);
        let chromium = ["chromium", "chromium-browser", "google-chrome"];
        Some(Self {
            chromium: named("CHROMIUM").or_else(|| chromium.into_iter().find_map(find_program))?,
            chromedriver: named("CHROMEDRIVER").or_else(|| find_program("chromedriver"))?,
        })
    }
}

fn find_program(name: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders).map(|folder| folder.join(name)).find(|path: &PathBuf| Path::is_file(path))
}
