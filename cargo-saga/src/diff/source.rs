//! Where the two versions come from: files, folders, or git. Compares nothing.

use std::collections::BTreeMap;
use std::path::Path;

use saga_asl::StateMachine;
use saga_compiler::Contract;

use crate::git::git;
use crate::out::{self, CONTRACT, DEFINITION, Out};

/// One version of some sagas.
pub(super) struct Side {
    /// As messages have it.
    pub(super) shown: String,
    /// By name.
    pub(super) sagas: BTreeMap<String, Saga>,
    /// One saga was named: a file, or `REV:NAME`.
    pub(super) is_one: bool,
}

pub(super) struct Saga {
    pub(super) machine: StateMachine,
    pub(super) contract: Option<Contract>,
}

impl Side {
    /// A definition's file, a folder, or `REV` or `REV:NAME` of git.
    pub(super) fn of(text: &str, folder: Option<&Path>) -> Result<Self, String> {
        let path = Path::new(text);
        if path.is_file() {
            return Self::file(path);
        }
        if path.is_dir() {
            return Self::folder(&Out::at(path)?);
        }
        let (revision, name) = match text.split_once(':') {
            Some((revision, name)) => (revision, Some(name)),
            None => (text, None),
        };
        let out = Out::find(folder)?;
        Self::revision(&out.folder, revision, name).map_err(|error| {
            format!("there is no file or folder {text}, and as a revision of git: {error}")
        })
    }

    pub(super) fn folder(out: &Out) -> Result<Self, String> {
        let sagas = out.each(|saga| {
            let contract = saga.contract.clone();
            let machine = saga.machine()?;
            Ok((saga.name.clone(), Saga { machine, contract }))
        })?;
        Ok(Self {
            shown: out.folder.display().to_string(),
            sagas: sagas.into_iter().collect(),
            is_one: false,
        })
    }

    fn file(path: &Path) -> Result<Self, String> {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let stem = file.strip_suffix(DEFINITION);
        let name = stem.unwrap_or(file.trim_end_matches(".json")).to_owned();
        let beside = stem.map(|stem| path.with_file_name(format!("{stem}{CONTRACT}")));
        let contract = match beside.filter(|beside| beside.exists()) {
            Some(beside) => Some(out::read(&beside)?),
            None => None,
        };
        let shown = path.display().to_string();
        let saga = read(&shown, &out::read(path)?, contract.as_deref())?;
        Ok(Self {
            shown,
            sagas: BTreeMap::from([(name, saga)]),
            is_one: true,
        })
    }

    /// What git has of the folder, or of one saga in it.
    pub(super) fn revision(
        folder: &Path, revision: &str, name: Option<&str>,
    ) -> Result<Self, String> {
        let listed = git(folder, &["ls-tree", "--name-only", "-z", revision, "./"])?;
        let files: Vec<&str> = listed.split('\0').collect();
        let mut sagas = BTreeMap::new();
        for file in &files {
            let Some(stem) = file.strip_suffix(DEFINITION) else {
                continue;
            };
            if name.is_some_and(|name| name != stem) {
                continue;
            }
            let show = |file: &str| git(folder, &["show", &format!("{revision}:./{file}")]);
            let beside = format!("{stem}{CONTRACT}");
            let contract = if files.contains(&beside.as_str()) {
                Some(show(&beside)?)
            } else {
                None
            };
            let shown = format!("{revision}:{file}");
            let saga = read(&shown, &show(file)?, contract.as_deref())?;
            sagas.insert(stem.to_owned(), saga);
        }
        if sagas.is_empty() {
            let what = name.map_or("no definition".to_owned(), |name| {
                format!("no saga `{name}`")
            });
            return Err(format!("{revision} has {what} in {}", folder.display()));
        }
        Ok(Self {
            shown: revision.to_owned(),
            sagas,
            is_one: name.is_some(),
        })
    }
}

fn read(shown: &str, definition: &str, contract: Option<&str>) -> Result<Saga, String> {
    let machine = saga_asl::read(definition).map_err(|problems| {
        let first = problems.iter().next().map(ToString::to_string);
        format!("{shown} is no definition: {}", first.unwrap_or_default())
    })?;
    let contract = contract.map(Contract::from_json).transpose();
    let contract =
        contract.map_err(|error| format!("the contract beside {shown} cannot be used: {error}"))?;
    Ok(Saga { machine, contract })
}
