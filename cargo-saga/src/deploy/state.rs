//! What is deployed, as types: a state machine, its versions, and the alias. Makes no call and decides nothing.

/// The newest that is there.
#[derive(Clone, Debug, Default)]
pub(super) struct There {
    /// Nothing before the first deployment.
    pub(super) machine: Option<Machine>,
    /// The numbers of its versions, the newest first.
    pub(super) versions: Vec<u32>,
    /// The newest version.
    pub(super) newest: Option<Version>,
    pub(super) alias: Option<Alias>,
}

/// What an execution runs, be it a version or what was written last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) definition: String,
    pub(super) role: String,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Machine {
    pub(super) content: Content,
    /// Of what was written last; a state machine that was never updated has none.
    pub(super) revision: Option<String>,
    pub(super) express: bool,
    pub(super) deleting: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Version {
    pub(super) number: u32,
    pub(super) content: Content,
    /// The one that it was published of.
    pub(super) revision: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Alias {
    /// One or [two](https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-alias.html) versions, the older one
    /// first.
    pub(super) shares: Vec<Share>,
    /// Seconds since 1970: when it was routed so.
    pub(super) since: i64,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Share {
    pub(super) version: Version,
    pub(super) percent: u8,
}

impl Content {
    /// Whether both run alike: neither blanks nor the order of keys make a difference.
    pub(super) fn is(&self, definition: &str, role: Option<&str>) -> bool {
        let same = self.definition == definition || {
            let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
            parse(&self.definition).is_some_and(|own| Some(own) == parse(definition))
        };
        same && role.is_none_or(|role| role == self.role)
    }
}

impl There {
    /// What sagas that begin now run; without an alias what was written last.
    pub(super) fn served(&self) -> Option<&Content> {
        let alias = self.alias.as_ref().and_then(|alias| alias.shares.first());
        let alias = alias.map(|share| &share.version.content);
        alias.or_else(|| self.machine.as_ref().map(|machine| &machine.content))
    }

    /// The newest version, if nothing was written since.
    pub(super) fn published(&self) -> Option<&Version> {
        let machine = self.machine.as_ref()?;
        let newest = self.newest.as_ref()?;
        (newest.revision == machine.revision && newest.content == machine.content).then_some(newest)
    }
}
