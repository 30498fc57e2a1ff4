//! The order of the modules in `src/`: each imports only from its own layer or an earlier one.
//!
//! Read from the `crate::` paths of the code, tests at the end of a file left out. Two modules of one layer may not
//! import each other both ways. Foreign packages that one file alone may name are checked in the same pass.

/// Module names, earliest layer first. lib.rs and the programs in src/bin stand outside.
const LAYERS: [&[&str]; 11] = [
    &["geometry", "hounsfield"],
    &["slice", "detection"],
    &["series", "decode"],
    &["input", "model"],
    &["measure"],
    &["heads", "nms"],
    &["detector"],
    &["link"],
    &["froc", "view", "export"],
    &["study", "phantom"],
    &["wasm"],
];

/// Beginnings of names, and the one file, with the folder of the same name, that may use them.
const FOREIGN: [(&str, &str); 5] = [
    ("tract_", "src/model/tract.rs"),
    ("wasm_bindgen", "src/wasm.rs"),
    ("js_sys", "src/wasm.rs"),
    ("web_sys", "src/wasm.rs"),
    ("serde_wasm_bindgen", "src/wasm.rs"),
];

/// Findings for the files of `src/`, given as path and text.
pub(super) fn check(files: &[(String, String)]) -> Vec<String> {
    let mut findings = Vec::new();
    let mut edges: Vec<(String, String)> = Vec::new();
    for (file, text) in files {
        let code = code(text);
        for (start, owner) in FOREIGN {
            let owns = file == owner || file.starts_with(&format!("{}/", owner.trim_end_matches(".rs")));
            if !owns && names(&code).any(|name| name.starts_with(start)) {
                findings.push(format!("{file}: only {owner} may name {start}"));
            }
        }
        let Some(module) = module(file) else { continue };
        let Some(own) = layer(module) else {
            findings.push(format!("{file}: module {module} stands in no layer of xtask/src/tidy/layers.rs"));
            continue;
        };
        if code.contains("super::super") {
            findings.push(format!("{file}: name other modules from `crate::`, not by `super::super`"));
        }
        for import in imports(&code).into_iter().filter(|import| *import != module) {
            if layer(import).is_some_and(|other| other > own) {
                findings.push(format!("{file}: {module} may not import the later module {import}"));
            }
            edges.push((module.to_string(), import.to_string()));
        }
    }
    edges.sort();
    edges.dedup();
    for (from, to) in edges.iter().filter(|(from, to)| from < to) {
        if edges.contains(&(to.clone(), from.clone())) {
            findings.push(format!("src: {from} and {to} import each other"));
        }
    }
    findings
}

/// The top-level module that a file of `src/` belongs to.
fn module(file: &str) -> Option<&str> {
    let path = file.strip_prefix("src/")?;
    let name = path.split('/').next()?;
    (name != "lib.rs" && name != "bin").then(|| name.trim_end_matches(".rs"))
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// The text without line comments and without the tests that end the file.
fn code(text: &str) -> String {
    let lines = text.lines().take_while(|line| line.trim() != "#[cfg(test)]");
    lines.map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

fn names(code: &str) -> impl Iterator<Item = &str> {
    code.split(|character: char| !character.is_alphanumeric() && character != '_')
}

/// The first names behind every `crate::`, those of a braced group included.
fn imports(code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, start) in code.match_indices("crate::") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|character| character.is_alphanumeric() || character == '_') {
            continue;
        }
        let rest = &code[at + start.len()..];
        match rest.strip_prefix('{') {
            Some(group) => found.extend(first_names(group)),
            None => found.extend(names(rest).next()),
        }
    }
    found
}

/// The names that stand at the start of each part of a group, up to its closing brace.
fn first_names(group: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut depth = 0;
    let mut part = 0;
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            ',' | '}' if depth == 0 => {
                found.extend(names(group[part..at].trim_start()).next().filter(|name| !name.is_empty()));
                part = at + 1;
                if character == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_one(file: &str, text: &str) -> Vec<String> {
        check(&[(file.to_string(), text.to_string())])
    }

    #[test]
    fn earlier_layers_may_be_imported_and_later_ones_not() {
        assert_eq!(check_one("src/nms.rs", "use crate::detection::Detection;\nuse crate::nms::Own;"), [""; 0]);
        assert_eq!(
            check_one("src/decode/png.rs", "use crate::{\n  geometry::{BBox, Spacing},\n  slice::Slice,\n};"),
            [""; 0]
        );
        let late = check_one("src/decode/png.rs", "use crate::{geometry::{BBox, Spacing}, view::Window};");
        assert_eq!(late, ["src/decode/png.rs: decode may not import the later module view"]);
        let inline = check_one("src/slice.rs", "fn f() -> crate::detector::Detector {}");
        assert_eq!(inline, ["src/slice.rs: slice may not import the later module detector"]);
    }

    #[test]
    fn comments_tests_and_longer_names_are_no_imports() {
        let text = "// crate::wasm\nuse my_crate::wasm::A;\n#[cfg(test)]\nmod tests { use crate::wasm::B; }";
        assert_eq!(check_one("src/slice.rs", text), [""; 0]);
    }

    #[test]
    fn one_layer_is_free_of_circles() {
        let files = [("src/series.rs", "use crate::decode::A;"), ("src/decode/dicom.rs", "use crate::series::B;")];
        let files = files.map(|(file, text)| (file.to_string(), text.to_string()));
        assert_eq!(check(&files[..1]), [""; 0]);
        assert_eq!(check(&files), ["src: decode and series import each other"]);
    }

    #[test]
    fn foreign_packages_have_one_owner() {
        assert_eq!(check_one("src/model/tract.rs", "use tract_onnx::prelude::*;"), [""; 0]);
        assert_eq!(check_one("src/model.rs", "mod tract;\nuse tract::Net;"), [""; 0]);
        let found = check_one("src/view.rs", "use web_sys::ImageData;");
        assert_eq!(found, ["src/view.rs: only src/wasm.rs may name web_sys"]);
    }

    #[test]
    fn a_module_without_a_layer_is_found() {
        assert_eq!(check_one("src/new.rs", "").len(), 1);
        assert_eq!(check_one("src/bin/lesionlens.rs", "use crate::wasm::A;"), [""; 0]);
    }
}
