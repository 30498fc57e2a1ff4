//! The bill of materials of the page: every package that is compiled into the module, the model, and their digests, as
//! CycloneDX 1.5 in JSON. In goes what cargo resolves for WebAssembly; without time and serial number, so that two builds
//! of one commit give the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context, Result, bail};
use cyclonedx_bom::models::component::Classification;
use cyclonedx_bom::models::hash::{Hash, HashAlgorithm, HashValue, Hashes};
use cyclonedx_bom::models::license::{LicenseChoice, Licenses};
use cyclonedx_bom::models::metadata::Metadata;
use cyclonedx_bom::prelude::{Bom, Component, Components, NormalizedString, Purl, SpecVersion, Validate as _};
use serde::Deserialize;

use crate::command::output;
use crate::manifest::{Model, Wasm};
use crate::project::{Project, read_text};

/// The package that the page is made from.
const ROOT: &str = "lesionlens";

/// What of `cargo metadata` is read.
#[derive(Deserialize)]
struct Cargo {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    /// None for what is compiled into the module, or runs while it is.
    kind: Option<String>,
}

/// The bill as JSON.
pub(super) fn bill(project: &Project, wasm: &Wasm, model: &Model) -> Result<Vec<u8>> {
    let mut command = Command::new("cargo");
    command.args(["metadata", "--format-version", "1", "--filter-platform", "wasm32-unknown-unknown"]);
    command.args(["--locked", "--no-default-features", "--features", &wasm.features.join(",")]);
    let cargo: Cargo = serde_json::from_str(&output(command.current_dir(project.root()))?)?;
    let checksums = checksums(&read_text(&project.path("Cargo.lock"))?)?;
    let (root, packages) = compiled(&cargo)?;

    let mut parts = packages.iter().map(|package| component(package, &checksums)).collect::<Result<Vec<_>>>()?;
    let mut net = Component::new(Classification::MachineLearningModel, &model.file, &root.version, None);
    net.hashes = Some(sha256(&model.sha256));
    parts.push(net);
    let mut metadata = Metadata::default();
    let mut page = component(root, &checksums)?;
    page.component_type = Classification::Application;
    metadata.component = Some(page);
    let bom = Bom {
        serial_number: None,
        metadata: Some(metadata),
        components: Some(Components(parts)),
        spec_version: SpecVersion::V1_5,
        ..Bom::default()
    };
    let validated = bom.validate();
    if !validated.passed() {
        bail!("the bill of materials is not valid: {validated:?}");
    }
    let mut json = Vec::new();
    bom.output_as_json_v1_5(&mut json)?;
    Ok(json)
}

/// The page's own package, and all that it is made with, in the order of their names.
fn compiled(cargo: &Cargo) -> Result<(&Package, Vec<&Package>)> {
    let root = cargo.packages.iter().find(|package| package.name == ROOT).context("cargo knows no such package")?;
    let nodes: BTreeMap<_, _> = cargo.resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let mut reached = BTreeSet::new();
    let mut next = vec![&root.id];
    while let Some(id) = next.pop() {
        let deps = nodes.get(id).into_iter().flat_map(|node| &node.deps);
        let normal = deps.filter(|dependency| dependency.dep_kinds.iter().any(|kind| kind.kind.is_none()));
        next.extend(normal.map(|dependency| &dependency.pkg).filter(|id| reached.insert(*id)));
    }
    let mut packages: Vec<_> = cargo.packages.iter().filter(|package| reached.contains(&package.id)).collect();
    packages.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    Ok((root, packages))
}

fn component(package: &Package, checksums: &BTreeMap<(String, String), String>) -> Result<Component> {
    let Package { name, version, license, .. } = package;
    let mut component = Component::new(Classification::Library, name, version, None);
    component.version = Some(NormalizedString::new(version));
    component.purl = Some(Purl::new("cargo", name, version)?);
    // Old manifests write "MIT/Apache-2.0".
    let license = license.as_ref().with_context(|| format!("{name} names no license"))?.replace('/', " OR ");
    component.licenses = Some(Licenses(vec![LicenseChoice::expression(&license)]));
    component.hashes = checksums.get(&(name.clone(), version.clone())).map(|checksum| sha256(checksum));
    Ok(component)
}

fn sha256(hex: &str) -> Hashes {
    Hashes(vec![Hash { alg: HashAlgorithm::SHA_256, content: HashValue(hex.to_string()) }])
}

/// SHA-256 of each package as the registry serves it, by name and version.
fn checksums(lock: &str) -> Result<BTreeMap<(String, String), String>> {
    #[derive(Deserialize)]
    struct Lock {
        package: Vec<Locked>,
    }
    #[derive(Deserialize)]
    struct Locked {
        name: String,
        version: String,
        checksum: Option<String>,
    }
    let lock: Lock = toml::from_str(lock)?;
    Ok(lock.package.into_iter().filter_map(|one| Some(((one.name, one.version), one.checksum?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str) -> serde_json::Value {
        serde_json::json!({ "id": name, "name": name, "version": "1.0.0", "license": "MIT/Apache-2.0" })
    }

    #[test]
    fn what_only_tests_and_build_scripts_use_is_no_part() {
        let dependency =
            |name: &str, kind: Option<&str>| serde_json::json!({ "pkg": name, "dep_kinds": [{ "kind": kind }] });
        let packages = ["far", "lesionlens", "near", "script", "test"].map(package);
        let cargo: Cargo = serde_json::from_value(serde_json::json!({
            "packages": packages,
            "resolve": { "nodes": [
                { "id": "lesionlens", "deps": [dependency("near", None), dependency("test", Some("dev"))] },
                { "id": "near", "deps": [dependency("far", None), dependency("script", Some("build"))] },
            ] },
        }))
        .unwrap();
        let (root, packages) = compiled(&cargo).unwrap();
        assert_eq!(root.name, "lesionlens");
        assert_eq!(packages.iter().map(|package| &*package.name).collect::<Vec<_>>(), ["far", "near"]);
    }

    #[test]
    fn checksums_are_those_of_the_registry() {
        let lock = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nchecksum = \"00ff\"\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"";
        let found = checksums(lock).unwrap();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [(("a".into(), "1.0.0".into()), "00ff".into())]);
    }
}
