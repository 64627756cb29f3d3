//! The folder `out/`: where it is, which sagas and choreographies are in it, and each of them read. Writes nothing.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use saga_asl::StateMachine;
use saga_compiler::{Contract, choreography};
use serde_json::Value;

use crate::parallel;

/// What definitions end in.
pub(crate) const DEFINITION: &str = ".asl.json";
/// What the contracts beside them end in.
pub(crate) const CONTRACT: &str = ".saga.json";
/// What the contracts of choreographies end in.
pub(crate) const CHOREOGRAPHY: &str = ".choreography.json";
/// What the descriptions of their messages end in.
pub(crate) const ASYNCAPI: &str = ".asyncapi.json";
/// All that `cargo build` writes here.
pub(crate) const EMITTED: [&str; 4] = [DEFINITION, CONTRACT, CHOREOGRAPHY, ASYNCAPI];

/// How many names are listed where one is not known.
const LISTED: usize = 20;

/// A folder with definitions.
pub(crate) struct Out {
    pub(crate) folder: PathBuf,
}

/// What a name stands for.
pub(crate) enum Found {
    /// A state machine runs it.
    Saga(Saga),
    /// Its participants run it among themselves.
    Choreography(choreography::Contract),
}

/// One saga of the folder.
pub(crate) struct Saga {
    pub(crate) name: String,
    /// Its definition's file.
    pub(crate) path: PathBuf,
    /// Its definition's text.
    pub(crate) definition: String,
    /// What stands beside it; nothing where somebody else wrote the definition.
    pub(crate) contract: Option<Contract>,
}

impl Out {
    /// The folder that was named, or else the one that `cargo build` writes to.
    pub(crate) fn find(named: Option<&Path>) -> Result<Self, String> {
        match named {
            Some(folder) if folder.is_dir() => Self::at(folder),
            Some(folder) => Err(format!(
                "there is no folder {}; `--out` names the one that `cargo build` writes definitions to",
                folder.display()
            )),
            None => Ok(Self { folder: nearest()? }),
        }
    }

    /// The folder, which must have something in it: whoever checks nothing should know.
    pub(crate) fn at(folder: &Path) -> Result<Self, String> {
        let out = Self {
            folder: folder.to_owned(),
        };
        if out.is_empty()? {
            return Err(format!(
                "there is no definition in {}; run `cargo build` in the workspace that has the saga",
                folder.display()
            ));
        }
        Ok(out)
    }

    fn is_empty(&self) -> Result<bool, String> {
        Ok(self.names()?.is_empty() && self.choreographies()?.is_empty())
    }

    /// The sagas' names, sorted, so that no output depends on the disk.
    pub(crate) fn names(&self) -> Result<Vec<String>, String> {
        self.ending(DEFINITION)
    }

    /// The choreographies' names, likewise.
    pub(crate) fn choreographies(&self) -> Result<Vec<String>, String> {
        self.ending(CHOREOGRAPHY)
    }

    fn ending(&self, suffix: &str) -> Result<Vec<String>, String> {
        let mut names = Vec::new();
        let entries = fs::read_dir(&self.folder);
        for entry in entries.map_err(|error| cannot_read(&self.folder, &error))? {
            let entry = entry.map_err(|error| cannot_read(&self.folder, &error))?;
            let file = entry.file_name();
            // A name with a dot in front is a file that a build is writing just now.
            let name = file.to_str().and_then(|file| file.strip_suffix(suffix));
            names.extend(
                name.filter(|name| !name.starts_with('.'))
                    .map(str::to_owned),
            );
        }
        names.sort();
        Ok(names)
    }

    /// Something of each saga.
    pub(crate) fn each<R: Send>(
        &self, work: impl Fn(&Saga) -> Result<R, String> + Sync,
    ) -> Result<Vec<R>, String> {
        let one = |name: &String| work(&self.read(name.clone())?);
        parallel::map(&self.names()?, one).into_iter().collect()
    }

    /// The saga of that name.
    pub(crate) fn saga(&self, name: &str) -> Result<Saga, String> {
        let names = self.names()?;
        if names.iter().any(|known| known == name) {
            return self.read(name.to_owned());
        }
        Err(self.unknown(name, &names))
    }

    /// The saga or the choreography of that name.
    pub(crate) fn any(&self, name: &str) -> Result<Found, String> {
        let (sagas, choreographies) = (self.names()?, self.choreographies()?);
        let is_among = |names: &[String]| names.iter().any(|known| known == name);
        match (is_among(&sagas), is_among(&choreographies)) {
            (true, false) => Ok(Found::Saga(self.read(name.to_owned())?)),
            (false, true) => Ok(Found::Choreography(self.choreography(name)?)),
            (true, true) => Err(format!(
                "{} has both a saga and a choreography `{name}`; rename the module of one",
                self.folder.display()
            )),
            (false, false) if choreographies.is_empty() => Err(self.unknown(name, &sagas)),
            (false, false) => Err(format!(
                "there is no saga or choreography `{name}` in {}{}",
                self.folder.display(),
                alternatives(
                    name,
                    sagas.iter().chain(&choreographies).map(String::as_str)
                )
            )),
        }
    }

    /// The contract of the choreography of that name, which is there.
    pub(crate) fn choreography(&self, name: &str) -> Result<choreography::Contract, String> {
        let path = self.folder.join(format!("{name}{CHOREOGRAPHY}"));
        choreography::Contract::from_json(&read(&path)?).map_err(|error| {
            format!(
                "{} cannot be used: {error}; `cargo build` writes it anew",
                path.display()
            )
        })
    }

    /// What to say where none of these names is that of the saga that was asked for.
    pub(crate) fn unknown(&self, name: &str, names: &[String]) -> String {
        let choreographies = self.choreographies().unwrap_or_default();
        if choreographies.iter().any(|known| known == name) {
            return not_orchestrated(name);
        }
        let folder = self.folder.display();
        if names.is_empty() {
            return format!("there is no saga in {folder}, so no `{name}`");
        }
        let names = names.iter().map(String::as_str);
        format!(
            "there is no saga `{name}` in {folder}{}",
            alternatives(name, names)
        )
    }

    /// Where a definition lies.
    pub(crate) fn definition(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}{DEFINITION}"))
    }

    fn read(&self, name: String) -> Result<Saga, String> {
        let path = self.definition(&name);
        let definition = read(&path)?;
        let beside = self.folder.join(format!("{name}{CONTRACT}"));
        let contract = if beside.exists() {
            let contract = Contract::from_json(&read(&beside)?);
            Some(contract.map_err(|error| {
                format!(
                    "{} cannot be used: {error}; `cargo build` writes it anew",
                    beside.display()
                )
            })?)
        } else {
            None
        };
        Ok(Saga {
            name,
            path,
            definition,
            contract,
        })
    }
}

impl Saga {
    /// The definition as a model, whatever the validator says of it.
    pub(crate) fn machine(&self) -> Result<StateMachine, String> {
        saga_asl::read(&self.definition).map_err(|problems| {
            let first = problems.iter().next();
            let first = first.map(ToString::to_string).unwrap_or_default();
            format!(
                "{} cannot be read: {first}; `cargo saga check` says it all",
                self.path.display()
            )
        })
    }

    /// The contract, which the command cannot do without.
    pub(crate) fn contract(&self) -> Result<&Contract, String> {
        self.contract.as_ref().ok_or_else(|| {
            format!(
                "there is no {}{CONTRACT} beside {}, which says what its participants are; `cargo build` writes it",
                self.name,
                self.path.display()
            )
        })
    }
}

/// Refuses the name of a choreography where only a saga will do, whether or not there is a folder.
pub(crate) fn check_orchestrated(folder: Option<&Path>, name: &str) -> Result<(), String> {
    let Ok(out) = Out::find(folder) else {
        return Ok(());
    };
    let is_among = |names: Result<Vec<String>, String>| {
        names.is_ok_and(|names| names.iter().any(|known| known == name))
    };
    if is_among(out.choreographies()) && !is_among(out.names()) {
        return Err(not_orchestrated(name));
    }
    Ok(())
}

fn not_orchestrated(name: &str) -> String {
    format!(
        "`{name}` is a choreography, which no state machine runs; `list`, `check`, `explain`, `graph` and `template` are for those too"
    )
}

pub(crate) fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| cannot_read(path, &error))
}

/// JSON from a file or, for `-`, from standard input.
pub(crate) fn json(file: &Path) -> Result<Value, String> {
    let (text, shown) = if file.as_os_str() == "-" {
        let mut text = String::new();
        let read = io::stdin().read_to_string(&mut text);
        read.map_err(|error| format!("cannot read standard input: {error}"))?;
        (text, "standard input".to_owned())
    } else {
        (read(file)?, file.display().to_string())
    };
    serde_json::from_str(&text).map_err(|error| format!("{shown} is no JSON: {error}"))
}

pub(crate) fn no_input(name: &str, ty: &str) -> String {
    format!(
        "saga `{name}` takes a `{ty}`; give its JSON with `--input FILE`, or `--input -` to read it from standard input"
    )
}

pub(crate) fn cannot_read(path: &Path, error: &io::Error) -> String {
    format!("cannot read {}: {error}", path.display())
}

/// `; did you mean …? there are …`
pub(crate) fn alternatives<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let near = known
        .clone()
        .map(|known| (strsim::osa_distance(name, known), known))
        .filter(|(distance, known)| *distance <= 1 + known.len() / 3)
        .min();
    let near = near.map_or_else(String::new, |(_, near)| format!("; did you mean `{near}`?"));
    let total = known.clone().count();
    let listed: Vec<String> = known
        .take(LISTED)
        .map(|known| format!("`{known}`"))
        .collect();
    let more = match total - listed.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{near}\n       there are {}{more}", listed.join(", "))
}

/// The nearest `out/` with a definition in it, up to the workspace's root.
fn nearest() -> Result<PathBuf, String> {
    let here = std::env::current_dir()
        .map_err(|error| format!("cannot tell the current folder: {error}"))?;
    let mut empty = None;
    for folder in here.ancestors() {
        let out = folder.join("out");
        if out.is_dir() {
            // What lies below is printed as the user would type it.
            let shown = out.strip_prefix(&here).unwrap_or(&out).to_owned();
            let found = Out { folder: shown };
            if found.is_empty().is_ok_and(|is_empty| !is_empty) {
                return Ok(found.folder);
            }
            empty.get_or_insert(found.folder);
        }
        if is_workspace(folder) {
            break;
        }
    }
    let place = match empty {
        Some(out) => format!("there is no definition in {}", out.display()),
        None => format!(
            "there is no `out/` in {} or above, up to the workspace's root",
            here.display()
        ),
    };
    Err(format!(
        "{place}; run `cargo build` in the workspace that has the saga, or name the folder with `--out`"
    ))
}

/// Whether cargo writes a workspace's `out/` here and no further up.
fn is_workspace(folder: &Path) -> bool {
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
    let mut lines = manifest.lines().map(str::trim_start);
    lines.any(|line| line.starts_with("[workspace]") || line.starts_with("[workspace."))
}
