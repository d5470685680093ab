//! The tools as they are used, in a size that takes no time. No figure is looked at.

use std::process::Command;

const BENCH: &str = env!("CARGO_BIN_EXE_headwater-bench");

#[test]
fn embedded_measures_everything() {
    let scratch = tempfile::tempdir().unwrap();
    let output = Command::new(BENCH)
        .args([
            "embedded",
            "--json",
            "--events",
            "3000",
            "--seconds",
            "0.02",
            "--rounds",
            "1",
        ])
        .arg("--scratch")
        .arg(scratch.path())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let text = String::from_utf8(output.stdout).unwrap();
    let measures: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let cases: Vec<&str> = measures
        .iter()
        .map(|measure| measure["case"].as_str().unwrap())
        .collect();
    for case in [
        "append, 1 client",
        "append 1000 at once",
        "open",
        "read all",
    ] {
        assert!(cases.contains(&case), "{case} is not among {cases:?}");
    }
    let all = measures.iter().find(|of| of["case"] == "read all").unwrap();
    assert!(all["outcome"]["events"].as_u64().unwrap() >= 3000, "{all}");
}

#[test]
fn a_log_that_grows_to_nothing_is_refused_before_anything_is_forgotten() {
    let scratch = tempfile::tempdir().unwrap();
    for asked in [
        &["--only", "volume"][..],
        &["--only", "volume", "--volume", "0"],
        &[
            "--only",
            "append,volume",
            "--contenders",
            "umadb",
            "--volume",
            "9",
        ],
    ] {
        let output = Command::new(BENCH)
            .arg("compare")
            .args(asked)
            .arg("--scratch")
            .arg(scratch.path().join("databases"))
            .arg("--results")
            .arg(scratch.path().join("results.json"))
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{asked:?}");
        assert!(errors.contains("--volume-rivals"), "{asked:?}: {errors}");
        let left = std::fs::read_dir(scratch.path()).unwrap().count();
        assert_eq!(left, 0, "{asked:?}: nothing was begun");
    }
}

#[test]
fn a_steady_load_without_a_time_is_refused_before_anything_is_forgotten() {
    let scratch = tempfile::tempdir().unwrap();
    for asked in [&[][..], &["--steady-minutes", "0"]] {
        let output = Command::new(BENCH)
            .args(["compare", "--only", "steady"])
            .args(asked)
            .arg("--scratch")
            .arg(scratch.path().join("databases"))
            .arg("--results")
            .arg(scratch.path().join("results.json"))
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{asked:?}");
        assert!(errors.contains("--steady-minutes"), "{asked:?}: {errors}");
        let left = std::fs::read_dir(scratch.path()).unwrap().count();
        assert_eq!(left, 0, "{asked:?}: nothing was begun");
    }
}

#[test]
fn the_document_is_what_the_results_tell() {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");
    let made = tempfile::tempdir().unwrap();
    let status = Command::new(BENCH)
        .arg("report")
        .arg(format!("--results={docs}/benchmarks.json"))
        .arg("--directory")
        .arg(made.path())
        .status()
        .unwrap();
    assert!(status.success());
    for entry in std::fs::read_dir(made.path()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let kept = std::fs::read_to_string(format!("{docs}/{name}")).unwrap_or_default();
        let now = std::fs::read_to_string(&path).unwrap();
        assert!(
            kept == now,
            "docs/{name} is old: run `headwater-bench report`"
        );
    }
}
