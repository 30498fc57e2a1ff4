//! `wasm-pack.toml`, the build manifest: pinned tools, wasm builds, byte budgets, the model with its SHA-256.
//!
//! Unknown keys are refused, so that a misspelt budget is an error and not a budget that never fails.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::project::{Project, read_text};

/// The whole manifest.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Manifest {
    pub(crate) tools: Tools,
    pub(crate) wasm: Wasm,
    pub(crate) profiles: BTreeMap<String, Profile>,
    pub(crate) budget: Budget,
    pub(crate) model: Model,
}

/// Exact versions of what `.tools/` holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Tools {
    pub(crate) wasm_pack: String,
    pub(crate) wasm_bindgen_cli: String,
    pub(crate) binaryen: String,
}

/// How cargo compiles the module, in every profile.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Wasm {
    pub(crate) cargo_profile: String,
    pub(crate) features: Vec<String>,
    pub(crate) rustflags: Vec<String>,
}

/// What happens to the module after it is linked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Profile {
    /// Arguments of wasm-opt, which does not run when there are none.
    pub(crate) wasm_opt: Vec<String>,
    /// 0..=11.
    pub(crate) brotli_quality: u32,
}

/// Largest sizes, in bytes after brotli.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Budget {
    pub(crate) wasm: usize,
    pub(crate) model: usize,
    pub(crate) page: usize,
    pub(crate) total: usize,
}

/// The detector that the page ships: paths from the repository's root.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Model {
    pub(crate) spec: String,
    pub(crate) file: String,
    pub(crate) sha256: String,
}

impl Manifest {
    /// Reads and checks the repository's manifest.
    pub(crate) fn read(project: &Project) -> Result<Self> {
        let path = project.path("wasm-pack.toml");
        let manifest = Self::parse(&read_text(&path)?).with_context(|| format!("{}", path.display()))?;
        for (lock, package) in [("Cargo.lock", "wasm-bindgen"), ("xtask/bindgen/Cargo.lock", "wasm-bindgen-cli")] {
            let pinned = &manifest.tools.wasm_bindgen_cli;
            let locked = locked_version(&read_text(&project.path(lock))?, package)?;
            if *pinned != locked {
                bail!("wasm-pack.toml pins wasm-bindgen-cli {pinned}, {lock} has {package} {locked}: make them equal");
            }
        }
        Ok(manifest)
    }

    fn parse(text: &str) -> Result<Self> {
        let manifest: Self = toml::from_str(text)?;
        for (name, profile) in &manifest.profiles {
            if profile.wasm_opt.iter().any(|argument| argument == "--all-features") {
                bail!(
                    "profile {name}: --all-features lets wasm-opt write what browsers cannot read; name the features"
                );
            }
            if profile.brotli_quality > 11 {
                bail!("profile {name}: brotli-quality {} is above 11", profile.brotli_quality);
            }
        }
        Ok(manifest)
    }

    /// The profile of that name.
    pub(crate) fn profile(&self, name: &str) -> Result<&Profile> {
        let names = || self.profiles.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        self.profiles.get(name).with_context(|| format!("wasm-pack.toml has no profile {name:?}; it has {}", names()))
    }
}

/// The version of a package in a Cargo.lock.
fn locked_version(lock: &str, name: &str) -> Result<String> {
    #[derive(Deserialize)]
    struct Lock {
        package: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: String,
    }
    let lock: Lock = toml::from_str(lock).context("Cargo.lock")?;
    let package = lock.package.into_iter().find(|package| package.name == name);
    Ok(package.with_context(|| format!("Cargo.lock has no package {name}"))?.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = include_str!("../../wasm-pack.toml");

    #[test]
    fn the_repositorys_manifest_is_read() {
        let manifest = Manifest::parse(GOOD).unwrap();
        assert!(manifest.profile("full").unwrap().wasm_opt.contains(&"-O1".to_string()));
        assert!(manifest.profile("fast").unwrap().wasm_opt.is_empty());
        assert!(manifest.profile("slow").unwrap_err().to_string().contains("full"));
    }

    #[test]
    fn unknown_keys_are_refused_in_every_table() {
        for table in ["tools", "wasm", "profiles.full", "budget", "model"] {
            let text = GOOD.replace(&format!("[{table}]\n"), &format!("[{table}]\nsurprise = 1\n"));
            assert_ne!(text, GOOD, "{table}");
            let error = Manifest::parse(&text).unwrap_err().to_string();
            assert!(error.contains("surprise"), "{table}: {error}");
        }
    }

    #[test]
    fn wasm_opt_may_not_enable_every_feature() {
        let error = Manifest::parse(&GOOD.replace("\"-O1\"", "\"-O1\", \"--all-features\"")).unwrap_err();
        assert!(error.to_string().contains("profile full"), "{error}");
    }

    #[test]
    fn a_locked_version_is_found_by_its_exact_name() {
        let lock = "[[package]]\nname = \"ab\"\nversion = \"1.0.0\"\n[[package]]\nname = \"a\"\nversion = \"2.0.0\"\n";
        assert_eq!(locked_version(lock, "a").unwrap(), "2.0.0");
        assert!(locked_version(lock, "b").is_err());
    }
}
