//! The command line on a synthetic study: what its JSON says, and that a bad file stops nothing.
#![allow(clippy::unwrap_used, reason = "a test ends where its own material is broken")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use lesionlens::detection::LesionType;
use lesionlens::model::ModelSpec;
use lesionlens::phantom::Phantom;
use serde_json::{Value, json};

/// A folder with slices 20 to 22 of a synthetic study, its table, and two files that are no slices.
fn study() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let phantom = Phantom::new(4);
    for file in [20, 21, 22, phantom.n_slices()] {
        let (name, bytes) = phantom.file(file);
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    fs::write(folder.path().join("notes.txt"), "no image").unwrap();
    fs::write(folder.path().join("empty.dcm"), "").unwrap();
    folder
}

/// Runs the program, which must exit with 0, and reads its JSON.
fn run(arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_lesionlens")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn path(folder: &Path, inside: &str) -> String {
    folder.join(inside).to_str().unwrap().to_owned()
}

#[test]
fn info_says_what_each_file_is_and_why_a_file_is_none() {
    let folder = study();
    let report = run(&["info", &path(folder.path(), ""), "--json"]);
    assert_eq!(report["schema"], "lesionlens.info/1");
    let files = report["files"].as_array().unwrap();
    assert_eq!(files.len(), 6);
    let images: Vec<&Value> = files.iter().filter(|file| file["format"] == "png").collect();
    assert_eq!(images.len(), 3);
    for image in images {
        assert_eq!((&image["rows"], &image["cols"], &image["frames"]), (&json!(512), &json!(512), &json!(1)));
        assert_eq!((&image["spacing_mm"], &image["spacing_source"]), (&json!([0.8, 0.8]), &json!("DL_info")));
        assert_eq!(image["window"], json!({"center_hu": 40.0, "width_hu": 400.0}));
        assert!(image["hu_min"].as_f64().unwrap() < -900.0 && image["hu_max"].as_f64().unwrap() > 300.0);
        assert_eq!(image["sha256_i32le"].as_str().unwrap().len(), 64);
        assert_eq!((&image["transfer_syntax"], &image["orientation"]), (&Value::Null, &Value::Null));
    }
    let codes: Vec<&str> = files.iter().filter_map(|file| file["code"].as_str()).collect();
    assert_eq!(codes, ["EmptyFile", "UnknownFormat"]);
}

#[test]
fn without_a_table_the_spacing_of_a_png_is_marked_as_assumed() {
    let folder = study();
    let report = run(&["info", &path(folder.path(), "Images_png")]);
    for file in report["files"].as_array().unwrap() {
        assert_eq!((&file["spacing_mm"], &file["spacing_source"]), (&json!([0.8, 0.8]), &json!("assumed")));
    }
    let missing = run(&["info", &path(folder.path(), "no-such-file.png")]);
    assert_eq!(missing["files"][0]["code"], "FileUnreadable");
}

#[test]
fn detect_lists_every_slice_and_a_threshold_only_drops_boxes() {
    let folder = study();
    let all = run(&["detect", &path(folder.path(), ""), "--threshold", "0", "--json"]);
    let few = run(&["detect", &path(folder.path(), ""), "--threshold", "0.4", "--json"]);
    assert_eq!(all["schema"], "lesionlens.detections/2");
    assert_eq!(all["model"]["sha256"].as_str().unwrap().len(), 64);
    let images = all["images"].as_array().unwrap();
    assert_eq!(images.iter().map(|image| image["slice"].as_u64().unwrap()).collect::<Vec<_>>(), [0, 1, 2]);
    for (image, shown) in images.iter().zip(few["images"].as_array().unwrap()) {
        assert_eq!(image["spacing_mm"], json!([0.8, 0.8, 5.0]));
        assert_eq!(image["series"], "990005_01_01");
        let from = |image: &Value| image["detections"].as_array().unwrap().clone();
        let high = from(image).into_iter().filter(|d| d["score"].as_f64().unwrap() >= 0.4);
        assert_eq!(from(shown), high.collect::<Vec<_>>());
        assert!(!from(image).is_empty(), "the net finds something down to its floor");
        for detection in from(image) {
            check_measured(&detection);
        }
    }
    let codes: Vec<&str> = all["errors"].as_array().unwrap().iter().filter_map(|e| e["code"].as_str()).collect();
    assert_eq!(codes, ["EmptyFile", "UnknownFormat"]);
}

/// A detection of the shipped model carries diameters and types as the model's spec promises; the study's spacing is
/// known, so diameters have lengths.
fn check_measured(detection: &Value) {
    let spec = include_str!("../models/detector.json");
    let info = ModelSpec::from_json(spec).unwrap().info();
    let keys: Vec<&String> = detection.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["axes", "box_px", "score", "type"]);
    let axes = &detection["axes"];
    assert_eq!(axes.is_object(), info.has_axes, "{detection}");
    if info.has_axes {
        let (long_mm, short_mm) = (axes["long_mm"].as_f64().unwrap(), axes["short_mm"].as_f64().unwrap());
        assert!(long_mm >= short_mm && short_mm > 0.0, "{axes}");
        let [[x0, y0], [x1, y1]]: [[f64; 2]; 2] = serde_json::from_value(axes["long_px"].clone()).unwrap();
        assert!((0.8 * (x1 - x0).hypot(y1 - y0) - long_mm).abs() < 1e-2, "pixels of 0.8 mm: {axes}");
    }
    let lesion_type = &detection["type"];
    if let Some(name) = lesion_type["name"].as_str() {
        assert!(info.has_types && LesionType::ALL.iter().any(|lesion_type| lesion_type.name() == name));
        assert!((0.0..=1.0).contains(&lesion_type["probability"].as_f64().unwrap()));
    } else {
        assert!(lesion_type.is_null());
    }
}

#[test]
fn froc_scores_the_detector_and_a_file_of_detections_alike() {
    let folder = study();
    let (images, table) = (path(folder.path(), "Images_png"), path(folder.path(), "DL_info.csv"));
    let direct = run(&["froc", &images, &table, "--json"]);
    assert_eq!(direct["schema"], "lesionlens.froc/1");
    let table_text = fs::read_to_string(&table).unwrap();
    let key_slices: BTreeSet<&str> = table_text.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    let n_missing = direct["missing"].as_array().unwrap().len();
    assert_eq!((direct["n_images"].as_u64(), direct["n_lesions"].as_u64()), (Some(3), Some(3)));
    assert_eq!(n_missing, key_slices.len() - 3, "the table names slices that are not there");

    let found = run(&["detect", &path(folder.path(), ""), "--threshold", "0"]);
    let n_found: usize =
        found["images"].as_array().unwrap().iter().map(|image| image["detections"].as_array().unwrap().len()).sum();
    assert!(n_found > 0);
    assert_eq!(direct["n_detections"].as_u64(), Some(n_found as u64));
    let file = path(folder.path(), "found.json");
    fs::write(&file, found.to_string()).unwrap();
    let from_file = run(&["froc", &images, &table, "--detections", &file]);
    assert_eq!((&direct["curves"], &direct["strata"]), (&from_file["curves"], &from_file["strata"]));
}

/// The file has the first form, in which baselines write: boxes and scores alone.
#[test]
fn boxes_of_the_table_as_detections_are_found_without_false_positives() {
    let folder = study();
    let phantom = Phantom::new(4);
    let mut images = json!([]);
    for slice_idx in [20, 21, 22] {
        let marks = phantom.lesions().iter().flat_map(|lesion| &lesion.marks);
        let here = marks.filter(|mark| mark.slice_idx == slice_idx);
        let detections: Vec<Value> =
            here.map(|mark| json!({"box_px": <[f32; 4]>::from(mark.box_px()), "score": 0.9})).collect();
        let name = phantom.file(slice_idx).0;
        images.as_array_mut().unwrap().push(json!({"path": name, "series": phantom.series_id(),
            "slice": slice_idx, "spacing_mm": [0.8, 0.8, 5.0], "detections": detections}));
    }
    let report =
        json!({"schema": "lesionlens.detections/1", "model": {"name": "table", "sha256": ""}, "images": images});
    let file = path(folder.path(), "perfect.json");
    fs::write(&file, report.to_string()).unwrap();
    let froc =
        run(&["froc", &path(folder.path(), "Images_png"), &path(folder.path(), "DL_info.csv"), "--detections", &file]);
    assert_eq!((froc["n_lesions"].as_u64(), froc["n_detections"].as_u64()), (Some(3), Some(3)));
    assert_eq!(froc["curves"][0]["mean_sensitivity"], 1.0);

    fs::write(&file, report.to_string().replace("detections/1", "detections/9")).unwrap();
    let (images, table) = (path(folder.path(), "Images_png"), path(folder.path(), "DL_info.csv"));
    let froc = ["froc", &images, &table, "--detections", &file];
    let refused = Command::new(env!("CARGO_BIN_EXE_lesionlens")).args(froc).output().unwrap();
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && told.contains("lesionlens.detections/1 or lesionlens.detections/2"), "{told}");
}

/// A NIfTI volume of 512 × 512 × 190 samples of 0, 95 MiB: its place and values are in order, but no CT lies there.
fn large_volume() -> Vec<u8> {
    let mut file = vec![0; 352 + 512 * 512 * 190 * 2];
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &348_i32.to_le_bytes());
    for (axis, n) in [3_i16, 512, 512, 190, 1].into_iter().enumerate() {
        put(40 + 2 * axis, &n.to_le_bytes());
    }
    put(70, &4_i16.to_le_bytes());
    for axis in 0..4 {
        put(76 + 4 * axis, &0.8_f32.to_le_bytes());
    }
    put(108, &352_f32.to_le_bytes());
    put(344, b"n+1\0");
    file
}

#[test]
fn values_that_are_no_hounsfield_units_are_said_and_not_searched() {
    let folder = study();
    let alone = run(&["detect", &path(folder.path(), ""), "--threshold", "0"]);
    // The same slices as HU + 1024, and a volume of nothing.
    let phantom = Phantom::new(4);
    for file in [20, 21] {
        let picture = image::load_from_memory(&phantom.file(file).1).unwrap().into_luma16();
        let moved = picture.pixels().map(|pixel| pixel.0[0].saturating_sub(32768 - 1024)).collect();
        let moved = image::ImageBuffer::<image::Luma<u16>, Vec<u16>>::from_raw(512, 512, moved).unwrap();
        let other = folder.path().join(format!("other/{file}.png"));
        fs::create_dir_all(other.parent().unwrap()).unwrap();
        moved.save(other).unwrap();
    }
    fs::write(folder.path().join("large.nii"), large_volume()).unwrap();
    let both = run(&["detect", &path(folder.path(), ""), "--threshold", "0"]);
    let of = |report: &Value, hounsfield: bool| -> Vec<Value> {
        let images = report["images"].as_array().unwrap().iter().filter(|image| image["hounsfield"] == hounsfield);
        images.map(|image| image["detections"].clone()).collect()
    };
    assert_eq!(of(&both, true), of(&alone, true), "the same boxes with bad files as without them");
    let not = of(&both, false);
    assert_eq!(not.len(), 2 + 190);
    assert!(not.iter().all(|detections| detections.as_array().unwrap().is_empty()));
    let info = run(&["info", &path(folder.path(), "other")]);
    for record in [&info["files"][0], &info["series"][0], &both["series"][1]] {
        assert_eq!(record["hounsfield"], false);
        assert_eq!(record["notes"][0]["code"], "ImplausibleHounsfield");
    }
}

/// Memory that runs out stands for whatever ends a program at one file.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_ends_its_reader_costs_no_other_file_anything() {
    let folder = study();
    fs::write(folder.path().join("a.nii"), large_volume()).unwrap();
    let limited = format!("ulimit -v 170000 && exec {} info \"$0\"", env!("CARGO_BIN_EXE_lesionlens"));
    let output = Command::new("sh").args(["-c", &limited, &path(folder.path(), "")]).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let files = report["files"].as_array().unwrap();
    let code =
        |name: &str| files.iter().find(|file| file["path"].as_str().unwrap().ends_with(name)).unwrap()["code"].clone();
    assert_eq!(code("a.nii"), "FileAborted", "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(files.iter().filter(|file| file["format"] == "png" && file["hounsfield"] == true).count(), 3);
}
