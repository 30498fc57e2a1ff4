//! The order of the rooms in the three trees, read from the import lines of their files: `src` (modules), `www` (folders of
//! scripts) and `training` (folders of the package).
//!
//! A file at the top of a tree that is no room of its own, such as lib.rs or main.js, may import everything. Names of foreign
//! packages and of what a browser offers that only one room may use are checked in the same pass.

mod javascript;
mod python;
mod rust;

use javascript::Token;

/// Modules of `src`, earliest layer first: each imports only from its own layer or an earlier one, and two of one layer do
/// not import each other. lib.rs and the programs in src/bin stand outside.
const SRC: [&[&str]; 16] = [
    &["geometry", "hounsfield", "fault"],
    &["slice"],
    &["detection"],
    &["lesion"],
    &["decode"],
    &["series"],
    &["input"],
    &["model"],
    &["measure", "thorough"],
    &["heads", "nms", "link"],
    &["detector"],
    &["froc", "view", "phantom"],
    &["report"],
    &["study"],
    &["codes"],
    &["wasm"],
];

/// Beginnings of names in `src`, and the one file, with the folder of the same name, that may use them.
const SRC_NAMES: [(&str, &str); 5] = [
    ("tract_", "src/model/tract.rs"),
    ("wasm_bindgen", "src/wasm.rs"),
    ("js_sys", "src/wasm.rs"),
    ("web_sys", "src/wasm.rs"),
    ("serde_wasm_bindgen", "src/wasm.rs"),
];

/// Folders of `www`, each with those that it imports from besides its own. Scripts at the top, as main.js, import from all.
const WWW: [(&str, &[&str]); 8] = [
    ("viewport", &[]),
    ("words", &[]),
    ("engine", &[]),
    ("start", &[]),
    ("state", &["viewport"]),
    ("session", &["engine", "state"]),
    ("teaching", &["state"]),
    ("elements", &["state", "viewport", "words"]),
];

/// Words in the scripts of `www`, and the folders and files that may use them.
const WWW_NAMES: [(&[&str], &[&str]); 5] = [
    (
        &["fetch", "XMLHttpRequest", "EventSource", "WebSocket", "RTCPeerConnection", "importScripts", "sendBeacon"],
        &["start/", "offline.js"],
    ),
    // start/prepare.js asks whether the browser has workers at all.
    (&["Worker", "SharedWorker"], &["engine/", "start/prepare.js"]),
    // session/files.js sorts by name, which says nothing.
    (&["Intl"], &["words/", "session/files.js"]),
    // No script reads what a pixel holds, and nothing about a study stays in the browser.
    (&["getImageData", "readPixels"], &[]),
    (&["localStorage", "sessionStorage", "indexedDB", "cookie"], &[]),
];

/// Folders and files of `training/lesionlens_training`, as in `SRC`. `pipeline` is the whole in small, for the tests.
const TRAINING: [&[&str]; 10] =
    [&["spec"], &["lesion"], &["twin"], &["data"], &["draw"], &["net"], &["run"], &["judge"], &["show"], &["pipeline"]];

const PACKAGE: &str = "lesionlens_training";

/// One file of a tree: its path from the repository's root, its room, and the rooms that it imports from.
struct Imports {
    file: String,
    room: String,
    from: Vec<String>,
}

/// Findings for those of the files, given as path and text, that lie in one of the trees.
pub(super) fn check(files: &[(String, String)]) -> Vec<String> {
    let mut findings = src(files);
    findings.extend(www(files));
    findings.extend(training(files));
    findings
}

/// The files below a folder with one extension: path inside the folder, and text.
fn below<'a>(
    files: &'a [(String, String)],
    folder: &'a str,
    extension: &'a str,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    files.iter().filter_map(move |(file, text)| {
        let inside = file.strip_prefix(folder)?;
        inside.ends_with(extension).then_some((inside, text.as_str()))
    })
}

fn src(files: &[(String, String)]) -> Vec<String> {
    let mut findings = Vec::new();
    let mut trees = Vec::new();
    for (inside, text) in below(files, "src/", ".rs") {
        let file = format!("src/{inside}");
        let code = rust::code(text);
        for (start, owner) in SRC_NAMES {
            let owns = file == owner || file.starts_with(&format!("{}/", owner.trim_end_matches(".rs")));
            if !owns && rust::names(&code).any(|name| name.starts_with(start)) {
                findings.push(format!("{file}: only {owner} may name {start}"));
            }
        }
        let module = inside.split('/').next().unwrap_or_default().trim_end_matches(".rs");
        if module == "lib" || module == "bin" {
            continue;
        }
        if code.contains("super::super") {
            findings.push(format!("{file}: name other modules from `crate::`, not by `super::super`"));
        }
        let from = rust::imports(&code).into_iter().map(String::from).collect();
        trees.push(Imports { file, room: module.to_string(), from });
    }
    findings.extend(in_layers("src", &SRC, &trees));
    findings
}

fn www(files: &[(String, String)]) -> Vec<String> {
    let mut findings = Vec::new();
    for (inside, text) in below(files, "www/", ".js") {
        let tokens = javascript::tokens(text);
        for (line, token) in &tokens {
            let Token::Word(word) = token else { continue };
            for (names, owners) in WWW_NAMES {
                if names.contains(&word.as_str()) && !owners.iter().any(|owner| inside.starts_with(owner)) {
                    let owners = if owners.is_empty() { "no script".to_string() } else { owners.join(" and ") };
                    findings.push(format!("www/{inside}:{line}: {owners} may name {word}"));
                }
            }
        }
        if !inside.starts_with("words/") {
            let sentences = javascript::sentences(&tokens).into_iter();
            findings
                .extend(sentences.map(|(line, text)| format!("www/{inside}:{line}: {text:?} belongs to www/words")));
        }
        let Some((room, _)) = inside.split_once('/') else { continue };
        let Some((_, allowed)) = WWW.iter().find(|(name, _)| *name == room) else {
            findings.push(format!("www/{inside}: {room} is no room of xtask/src/tidy/layers.rs"));
            continue;
        };
        for path in javascript::imports(&tokens) {
            let target = resolved(inside, &path);
            let other = target.split_once('/').map_or(target.as_str(), |(other, _)| other);
            if other != room && !allowed.contains(&other) {
                findings.push(format!("www/{inside}: {room} may not import from {target}"));
            }
        }
    }
    findings
}

/// The file that a path in an import means, from `www/` on.
fn resolved(importer: &str, path: &str) -> String {
    let mut parts: Vec<&str> = importer.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn training(files: &[(String, String)]) -> Vec<String> {
    let folder = format!("training/{PACKAGE}/");
    let trees: Vec<_> = below(files, &folder, ".py")
        .filter(|(inside, _)| *inside != "__init__.py")
        .map(|(inside, text)| Imports {
            file: format!("{folder}{inside}"),
            room: inside.split('/').next().unwrap_or_default().trim_end_matches(".py").to_string(),
            from: python::rooms(PACKAGE, inside, text),
        })
        .collect();
    in_layers("training", &TRAINING, &trees)
}

/// Findings where a room imports from a later one, or two of one layer import each other.
fn in_layers(tree: &str, layers: &[&[&str]], files: &[Imports]) -> Vec<String> {
    let layer = |room: &str| layers.iter().position(|layer| layer.contains(&room));
    let mut findings = Vec::new();
    let mut edges: Vec<(&str, &str)> = Vec::new();
    for Imports { file, room, from } in files {
        let Some(own) = layer(room) else {
            findings.push(format!("{file}: {room} stands in no layer of xtask/src/tidy/layers.rs"));
            continue;
        };
        for other in from.iter().filter(|other| *other != room) {
            if layer(other).is_some_and(|other| other > own) {
                findings.push(format!("{file}: {room} may not import from {other}, which comes later"));
            }
            edges.push((room, other));
        }
    }
    edges.sort_unstable();
    edges.dedup();
    for (from, to) in edges.iter().filter(|(from, to)| from < to && layer(from) == layer(to)) {
        if edges.contains(&(*to, *from)) {
            findings.push(format!("{tree}: {from} and {to} import from each other"));
        }
    }
    findings
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
        assert_eq!(late, ["src/decode/png.rs: decode may not import from view, which comes later"]);
        let inline = check_one("src/slice.rs", "fn f() -> crate::detector::Detector {}");
        assert_eq!(inline, ["src/slice.rs: slice may not import from detector, which comes later"]);
    }

    #[test]
    fn comments_tests_and_longer_names_are_no_imports() {
        let text = "// crate::wasm\nuse my_crate::wasm::A;\n#[cfg(test)]\nmod tests { use crate::wasm::B; }";
        assert_eq!(check_one("src/slice.rs", text), [""; 0]);
    }

    #[test]
    fn one_layer_is_free_of_circles() {
        let files = [("src/heads.rs", "use crate::nms::A;"), ("src/nms/greedy.rs", "use crate::heads::B;")];
        let files = files.map(|(file, text)| (file.to_string(), text.to_string()));
        assert_eq!(check(&files[..1]), [""; 0]);
        assert_eq!(check(&files), ["src: heads and nms import from each other"]);
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
        assert_eq!(check_one("training/lesionlens_training/new/a.py", "").len(), 1);
        assert_eq!(check_one("www/new/a.js", "").len(), 1);
        assert_eq!(check_one("www/main.js", "import { a } from \"./elements/a.js\";"), [""; 0]);
    }

    #[test]
    fn rooms_of_the_page_import_only_from_those_named() {
        let imports = "import { make } from \"./part.js\";\nimport { words } from \"../words/index.js\";";
        assert_eq!(check_one("www/elements/ll-slice.js", imports), [""; 0]);
        let types = "/** @import { Study } from \"../session/study.js\" */\nlet a; // import \"../engine/pool.js\"";
        assert_eq!(check_one("www/elements/ll-slice.js", types), [""; 0]);
        let found = check_one("www/elements/ll-slice.js", "const { ask } = await import(\"../engine/client.js\");");
        assert_eq!(found, ["www/elements/ll-slice.js: elements may not import from engine/client.js"]);
        let found = check_one("www/viewport/transform.js", "export { a } from \"../main.js\";");
        assert_eq!(found, ["www/viewport/transform.js: viewport may not import from main.js"]);
    }

    #[test]
    fn what_a_browser_offers_has_one_owner() {
        assert_eq!(check_one("www/start/integrity.js", "await fetch(url); // new Worker(a)"), [""; 0]);
        assert_eq!(check_one("www/engine/pool.js", "new Worker(url);"), [""; 0]);
        let found = check_one("www/session/study.js", "const a = 1;\nawait fetch(url);");
        assert_eq!(found, ["www/session/study.js:2: start/ and offline.js may name fetch"]);
        let found = check_one("www/elements/a.js", "const worker = new Worker(url);");
        assert_eq!(found, ["www/elements/a.js:1: engine/ and start/prepare.js may name Worker"]);
        let found = check_one("www/viewport/layers.js", "context.getImageData(0, 0, 1, 1);");
        assert_eq!(found, ["www/viewport/layers.js:1: no script may name getImageData"]);
    }

    #[test]
    fn sentences_stand_in_words() {
        let text = "make(\"p\", {}, \"No slices yet\");";
        assert_eq!(check_one("www/words/en.js", text), [""; 0]);
        let found = check_one("www/elements/a.js", text);
        assert_eq!(found, ["www/elements/a.js:1: \"No slices yet\" belongs to www/words"]);
    }

    #[test]
    fn rooms_of_the_training_code_fall() {
        let net = "training/lesionlens_training/net/net.py";
        assert_eq!(check_one(net, "from .. import spec\nfrom ..data.cache import a\nfrom .loss import b"), [""; 0]);
        let found = check_one(net, "def f():\n    from ..judge.sets import a");
        assert_eq!(found, [format!("{net}: net may not import from judge, which comes later")]);
        assert_eq!(check_one("training/tests/test_net.py", "from lesionlens_training.show.card import a"), [""; 0]);
    }

    #[test]
    fn the_pages_own_table_has_no_circle() {
        // Each room after those that it names: what a run that takes rooms with nothing left to wait for arrives at.
        let mut done: Vec<&str> = Vec::new();
        while done.len() < WWW.len() {
            let next =
                WWW.iter().find(|(room, from)| !done.contains(room) && from.iter().all(|from| done.contains(from)));
            done.push(next.expect("a room that waits for no other").0);
        }
    }
}
