//! `cargo saga completions`: scripts that complete `cargo-saga …`, and `cargo saga …` where a shell lets them.

use std::io::Write;
use std::process::ExitCode;

use clap::CommandFactory as _;
use clap_complete::{Shell as Generator, generate};

use crate::args::{Completions, Saga, Shell};
use crate::print;

const BINARY: &str = "cargo-saga";
/// As bash's script calls it: `clap_complete` takes a name with a dash apart in one half of its script and not in the other.
const BASH_NAME: &str = "cargo_saga";

/// Cargo's own completion knows no other subcommands, so it is asked only for what is not ours.
const BASH: &str = r#"
_cargo_saga_or_cargo() {
    if [[ "${COMP_WORDS[1]}" == saga && "${COMP_CWORD}" -gt 1 ]]; then
        COMP_WORDS=(cargo-saga "${COMP_WORDS[@]:2}")
        COMP_CWORD=$((COMP_CWORD - 1))
        _cargo_saga cargo-saga "$2" "$3"
    elif [[ -n "${_cargo_saga_else}" ]]; then
        "${_cargo_saga_else}" "$@"
    fi
}
declare -F _completion_loader >/dev/null && _completion_loader cargo >/dev/null 2>&1
_cargo_saga_before="$(complete -p cargo 2>/dev/null)"
if [[ "${_cargo_saga_before}" =~ -F\ ([^ ]+) && "${BASH_REMATCH[1]}" != _cargo_saga_or_cargo ]]; then
    _cargo_saga_else="${BASH_REMATCH[1]}"
fi
unset _cargo_saga_before
complete -F _cargo_saga_or_cargo -o bashdefault -o default cargo
complete -F _cargo_saga -o bashdefault -o default cargo-saga
"#;

/// What stands behind `cargo saga` is completed as if it stood behind `cargo-saga`.
const FISH: &str = r#"
complete -c cargo -n "__fish_seen_subcommand_from saga" -f -a "(complete -C (string join ' ' -- cargo-saga (commandline -opc)[3..] (commandline -ct)))"
"#;

pub(crate) fn run(args: &Completions, out: &mut impl Write) -> Result<ExitCode, String> {
    let (generator, name, more) = match args.shell {
        Shell::Bash => (Generator::Bash, BASH_NAME, BASH),
        // Cargo's completion for zsh calls `_cargo-saga` by itself.
        Shell::Zsh => (Generator::Zsh, BINARY, ""),
        Shell::Fish => (Generator::Fish, BINARY, FISH),
    };
    let mut script = Vec::new();
    let mut command = Saga::command().name(name).bin_name(name);
    generate(generator, &mut command, name, &mut script);
    print::text(out, &String::from_utf8_lossy(&script))?;
    print::text(out, more)?;
    Ok(ExitCode::SUCCESS)
}
