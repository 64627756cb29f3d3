//! Finds the expressions of a state, and what `$states` holds in each place.

use crate::model::{
    Catcher, Choice, Condition, Map, Number, State, Task, Template, Text, Wait, WaitUntil,
};
use crate::problems::Path;

/// One expression of the definition.
pub(super) struct Site<'m> {
    pub(super) scope: usize,
    pub(super) state: usize,
    pub(super) place: Place,
    pub(super) path: Path<'m>,
    pub(super) source: &'m str,
}

/// What `$states` holds where an expression stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Only `input` and `context`.
    Anywhere,
    /// `Assign` or `Output` of a state that has a result.
    Result,
    /// `Assign` or `Output` of a catcher.
    Catch,
}

/// The expressions of a state, in the order in which its fields are written; not those of states inside it.
pub(super) fn sites_of<'m>(
    state: &'m State, path: &Path<'m>, scope: usize, position: usize,
) -> Vec<Site<'m>> {
    let mut collector = Collector {
        sites: Vec::new(),
        scope,
        state: position,
    };
    collector.state(state, path);
    collector.sites
}

struct Collector<'m> {
    sites: Vec<Site<'m>>,
    scope: usize,
    state: usize,
}

impl<'m> Collector<'m> {
    fn state(&mut self, state: &'m State, path: &Path<'m>) {
        match state {
            State::Task(task) => self.task(task, path),
            State::Parallel(parallel) => {
                let output = parallel.output.as_ref();
                self.template(
                    parallel.arguments.as_ref(),
                    path.key("Arguments"),
                    Place::Anywhere,
                );
                self.catch(&parallel.catch, path);
                self.outcome(&parallel.assign, output, path, Place::Result);
            }
            State::Map(map) => self.map(map, path),
            State::Choice(choice) => self.choice(choice, path),
            State::Pass(pass) => {
                self.outcome(&pass.assign, pass.output.as_ref(), path, Place::Anywhere);
            }
            State::Wait(wait) => self.wait(wait, path),
            State::Succeed(succeed) => {
                self.template(succeed.output.as_ref(), path.key("Output"), Place::Anywhere);
            }
            State::Fail(fail) => {
                self.text(fail.error.as_ref(), path.key("Error"));
                self.text(fail.cause.as_ref(), path.key("Cause"));
            }
        }
    }

    fn task(&mut self, task: &'m Task, path: &Path<'m>) {
        self.template(
            task.arguments.as_ref(),
            path.key("Arguments"),
            Place::Anywhere,
        );
        self.text(
            task.credentials
                .as_ref()
                .map(|credentials| &credentials.role_arn),
            path.key("Credentials").key("RoleArn"),
        );
        self.number(task.timeout_seconds.as_ref(), path.key("TimeoutSeconds"));
        self.number(
            task.heartbeat_seconds.as_ref(),
            path.key("HeartbeatSeconds"),
        );
        self.catch(&task.catch, path);
        self.outcome(&task.assign, task.output.as_ref(), path, Place::Result);
    }

    fn map(&mut self, map: &'m Map, path: &Path<'m>) {
        self.template(map.items.as_ref(), path.key("Items"), Place::Anywhere);
        self.template(
            map.item_selector.as_ref(),
            path.key("ItemSelector"),
            Place::Anywhere,
        );
        self.number(map.max_concurrency.as_ref(), path.key("MaxConcurrency"));
        let percentage = map.tolerated_failure_percentage.as_ref();
        self.number(percentage, path.key("ToleratedFailurePercentage"));
        self.number(
            map.tolerated_failure_count.as_ref(),
            path.key("ToleratedFailureCount"),
        );
        self.catch(&map.catch, path);
        self.outcome(&map.assign, map.output.as_ref(), path, Place::Result);
    }

    fn choice(&mut self, choice: &'m Choice, path: &Path<'m>) {
        for (i, rule) in choice.choices.iter().enumerate() {
            let path = path.key("Choices").index(i);
            if let Condition::Expression(expression) = &rule.condition {
                self.site(&expression.0, path.key("Condition"), Place::Anywhere);
            }
            self.outcome(&rule.assign, rule.output.as_ref(), &path, Place::Anywhere);
        }
        self.outcome(
            &choice.assign,
            choice.output.as_ref(),
            path,
            Place::Anywhere,
        );
    }

    fn wait(&mut self, wait: &'m Wait, path: &Path<'m>) {
        match &wait.until {
            WaitUntil::Seconds(seconds) => self.number(Some(seconds), path.key("Seconds")),
            WaitUntil::Timestamp(time) => self.text(Some(time), path.key("Timestamp")),
        }
        self.outcome(&wait.assign, wait.output.as_ref(), path, Place::Anywhere);
    }

    fn catch(&mut self, catch: &'m [Catcher], path: &Path<'m>) {
        for (i, catcher) in catch.iter().enumerate() {
            let path = path.key("Catch").index(i);
            self.outcome(
                &catcher.assign,
                catcher.output.as_ref(),
                &path,
                Place::Catch,
            );
        }
    }

    fn outcome(
        &mut self, assign: &'m [(String, Template)], output: Option<&'m Template>, path: &Path<'m>,
        place: Place,
    ) {
        self.fields(assign, &path.key("Assign"), place);
        self.template(output, path.key("Output"), place);
    }

    fn fields(&mut self, fields: &'m [(String, Template)], path: &Path<'m>, place: Place) {
        for (key, value) in fields {
            self.template(Some(value), path.key(key), place);
        }
    }

    fn template(&mut self, template: Option<&'m Template>, path: Path<'m>, place: Place) {
        match template {
            Some(Template::Expression(expression)) => self.site(&expression.0, path, place),
            Some(Template::Array(items)) => {
                for (i, item) in items.iter().enumerate() {
                    self.template(Some(item), path.index(i), place);
                }
            }
            Some(Template::Object(fields)) => self.fields(fields, &path, place),
            Some(
                Template::Null | Template::Bool(_) | Template::Number(_) | Template::String(_),
            )
            | None => {}
        }
    }

    fn number(&mut self, number: Option<&'m Number>, path: Path<'m>) {
        if let Some(Number::Expression(expression)) = number {
            self.site(&expression.0, path, Place::Anywhere);
        }
    }

    fn text(&mut self, text: Option<&'m Text>, path: Path<'m>) {
        if let Some(Text::Expression(expression)) = text {
            self.site(&expression.0, path, Place::Anywhere);
        }
    }

    fn site(&mut self, source: &'m str, path: Path<'m>, place: Place) {
        self.sites.push(Site {
            scope: self.scope,
            state: self.state,
            place,
            path,
            source,
        });
    }
}
