//! Where things lie, as seen from the template: definitions and functions.

use std::env;
use std::path::{Component, Path, PathBuf};

/// The folders that a template's paths go between.
pub(super) struct Paths {
    /// The template's own folder, whole.
    from: PathBuf,
    /// The template, if it has a name.
    file: Option<PathBuf>,
    /// Where `cargo` builds: the workspace, which has the folder of definitions, seen from the template.
    workspace: String,
}

impl Paths {
    /// `folder` is that of the definitions, `output` the template.
    pub(super) fn new(folder: &Path, output: Option<&Path>) -> Result<Self, String> {
        let here = env::current_dir()
            .map_err(|error| format!("cannot tell the current folder: {error}"))?;
        let parent = output.and_then(Path::parent).unwrap_or(Path::new(""));
        let from = normal(&here.join(parent));
        let workspace = normal(&here.join(folder).join(".."));
        Ok(Self {
            workspace: relative(&from, &workspace)?,
            file: output.and_then(Path::file_name).map(PathBuf::from),
            from,
        })
    }

    /// What the template is called.
    pub(super) fn template_name(&self) -> String {
        let file = self.file.as_deref().unwrap_or(Path::new("template.yaml"));
        file.display().to_string()
    }

    /// Where `cargo` builds.
    pub(super) fn workspace(&self) -> &str {
        &self.workspace
    }

    /// Where `cargo lambda build --output-format zip` puts a binary.
    pub(super) fn code(&self, binary: &str) -> String {
        let path = format!("target/lambda/{binary}/bootstrap.zip");
        match self.workspace.as_str() {
            "." => path,
            workspace => format!("{workspace}/{path}"),
        }
    }

    /// A file, as seen from the template.
    pub(super) fn of(&self, file: &Path) -> Result<String, String> {
        let here = env::current_dir()
            .map_err(|error| format!("cannot tell the current folder: {error}"))?;
        relative(&self.from, &normal(&here.join(file)))
    }
}

/// `from` -> `to`, with `/` everywhere: `../out/a.asl.json`.
fn relative(from: &Path, to: &Path) -> Result<String, String> {
    let (from, to): (Vec<_>, Vec<_>) = (from.components().collect(), to.components().collect());
    let same = from
        .iter()
        .zip(&to)
        .take_while(|(one, other)| one == other)
        .count();
    let up = from[same..].iter().map(|_| "..");
    let mut steps: Vec<&str> = up.collect();
    for component in &to[same..] {
        let step = component.as_os_str().to_str();
        let step = step.ok_or_else(|| {
            format!(
                "{} is not UTF-8; rename it",
                component.as_os_str().display()
            )
        })?;
        steps.push(step);
    }
    Ok(if steps.is_empty() {
        ".".to_owned()
    } else {
        steps.join("/")
    })
}

/// Without `.` and `..`, by name alone.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => _ = normal.pop(),
            Component::CurDir => {}
            component => normal.push(component),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::{normal, relative};
    use std::path::Path;

    #[test]
    fn paths_go_up_and_down() {
        let path = |from, to| relative(&normal(Path::new(from)), &normal(Path::new(to)));
        assert_eq!(path("/w", "/w/out/a.json").as_deref(), Ok("out/a.json"));
        assert_eq!(
            path("/w/deploy/../infra", "/w/./out").as_deref(),
            Ok("../out")
        );
        assert_eq!(path("/w", "/w").as_deref(), Ok("."));
    }
}
