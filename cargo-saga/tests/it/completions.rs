//! `cargo saga completions`. Of the three shells, only bash is asked what it makes of its script, and only where there is one.

use std::fs;
use std::process::Command;

use crate::support::{folder, output};

fn script(shell: &str) -> String {
    let text = output(
        &folder(&format!("complete_{shell}")),
        &["completions", shell],
    );
    text.strip_suffix("exit 0\n")
        .expect("it succeeds")
        .to_owned()
}

#[test]
fn every_shell_has_a_script_with_every_subcommand() {
    for shell in ["bash", "zsh", "fish"] {
        let script = script(shell);
        for command in ["list", "check", "explain", "graph", "run", "completions"] {
            assert!(script.contains(command), "{shell} knows no {command}");
        }
    }
}

/// What bash would propose for a line.
fn proposed(line: &str) -> Option<String> {
    let file = folder("complete").join("script.bash");
    fs::write(&file, script("bash")).unwrap();
    let ask = format!(
        r#"_before() {{ COMPREPLY=(from-cargo); }}; complete -F _before cargo
        source {}
        COMP_WORDS=({line}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        $(complete -p "${{COMP_WORDS[0]}}" | sed 's/.*-F \([^ ]*\).*/\1/') "${{COMP_WORDS[0]}}" "${{COMP_WORDS[-1]}}" "${{COMP_WORDS[-2]}}"
        echo "${{COMPREPLY[*]}}""#,
        file.display()
    );
    let output = Command::new("bash")
        .args(["--norc", "-c", &ask])
        .output()
        .ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[test]
fn bash_completes_both_ways_to_call_it() {
    for (line, expected) in [
        ("cargo-saga exp", "explain"),
        ("cargo saga exp", "explain"),
        ("cargo saga graph place_order --format m", "mermaid"),
        ("cargo bui", "from-cargo"),
    ] {
        if let Some(proposed) = proposed(line) {
            assert_eq!(proposed, expected, "{line}");
        }
    }
}
