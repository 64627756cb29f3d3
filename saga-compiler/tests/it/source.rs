//! Writes sagas as source.

use std::fmt::Write as _;

/// One step of a generated saga, and its call.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) kind: Kind,
    pub(crate) external: bool,
    /// Variants that are rejections.
    pub(crate) rejections: usize,
    pub(crate) transients: usize,
    /// What each argument is: picks among outputs, the input and literals.
    pub(crate) arguments: Vec<usize>,
    /// Which parts of the policy stand there.
    pub(crate) policy: u8,
    /// Calls an earlier step of the same kind again instead.
    pub(crate) again: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Compensatable,
    Pivot,
    Retriable,
    ReadOnly,
}

/// The module of a saga with these steps; `name` names the locals.
pub(crate) fn module(steps: &[Step], name: impl Fn(usize) -> String) -> String {
    let mut text = String::from(
        "pub mod random {
    use saga_runtime::prelude::*;
    #[derive(Serialize, Deserialize)] pub struct Input { pub id: String, pub note: Option<String>, pub inner: Inner }
    #[derive(Serialize, Deserialize)] pub struct Inner { #[serde(rename = \"the number\")] pub number: u64 }
    #[derive(Serialize, Deserialize)] pub struct Out { pub id: String, pub number: u64 }
    #[derive(Serialize, Deserialize)] pub struct Done { pub last: u64, pub input: Input }\n",
    );
    for (index, step) in steps.iter().enumerate() {
        write_participant(&mut text, index, step);
    }
    let participants = (0..steps.len())
        .map(|index| format!("p{index}: &impl Participant{index}, "))
        .collect::<Vec<_>>()
        .concat();
    writeln!(
        text,
        "pub async fn random({participants}input: Input) -> Result<Done, Rejection> {{"
    )
    .unwrap();
    for index in 0..steps.len() {
        write_call(&mut text, steps, index, &name);
    }
    text.push_str("Ok(Done { last: 1, input })\n}\n}\n");
    text
}

fn write_participant(text: &mut String, index: usize, step: &Step) {
    let error = if step.rejections + step.transients > 0 {
        format!("Error{index}")
    } else {
        "Retry".to_owned()
    };
    if error != "Retry" {
        let rejections = (0..step.rejections).map(|n| format!("No{n} {{ why: String }}, "));
        let transients = (0..step.transients).map(|n| format!("#[transient] Later{n}, "));
        let variants: String = rejections.chain(transients).collect();
        writeln!(text, "pub enum {error} {{ {variants} }}").unwrap();
    }
    let mode = if step.external {
        "cx: &Context"
    } else {
        "tx: &mut Tx"
    };
    let params = (0..step.arguments.len())
        .map(|n| format!(", a{n}: &str"))
        .collect::<Vec<_>>()
        .concat();
    let kind = match step.kind {
        Kind::Compensatable => "compensate = undo",
        Kind::Pivot => "pivot",
        Kind::Retriable => "retriable",
        Kind::ReadOnly => "read_only",
    };
    let endless = matches!(step.kind, Kind::Pivot | Kind::Retriable);
    let policy = policy(step.policy, endless);
    writeln!(
        text,
        "pub trait Participant{index} {{\n#[step({kind}{policy})]"
    )
    .unwrap();
    writeln!(
        text,
        "async fn act(&self, {mode}{params}) -> Result<Out, {error}>;"
    )
    .unwrap();
    if step.kind == Kind::Compensatable {
        let output = if step.external { "Outcome<Out>" } else { "Out" };
        writeln!(text, "#[compensation] async fn undo(&self, {mode}, out: {output}{params}) -> Result<(), Retry>;").unwrap();
    }
    text.push_str("}\n");
}

fn policy(bits: u8, endless: bool) -> String {
    let mut policy = String::new();
    let mut retry = Vec::new();
    if bits & 1 != 0 && !endless {
        retry.push("max_attempts = 2");
    }
    if bits & 2 != 0 {
        retry.push("interval = \"45s\"");
    }
    if bits & 4 != 0 {
        retry.push("backoff = 1.25");
    }
    if bits & 8 != 0 {
        retry.push("max_delay = \"2m\"");
    }
    if !retry.is_empty() {
        write!(policy, ", retry({})", retry.join(", ")).unwrap();
    }
    if bits & 16 != 0 {
        policy.push_str(", timeout = \"5m\"");
    }
    if bits & 32 != 0 {
        policy.push_str(", heartbeat = \"9s\"");
    }
    policy
}

fn write_call(text: &mut String, steps: &[Step], index: usize, name: &impl Fn(usize) -> String) {
    let same = |earlier: &usize| *earlier < index && steps[*earlier].kind == steps[index].kind;
    // A pivot stands once on a path.
    let again = steps[index]
        .again
        .filter(|earlier| same(earlier) && steps[index].kind != Kind::Pivot);
    let called = again.unwrap_or(index);
    let mut arguments = String::new();
    for pick in &steps[called].arguments {
        let argument = match pick % (index + 5) {
            0 => "&input.id".to_owned(),
            1 => "&input.note".to_owned(),
            2 => "&input.inner.number".to_owned(),
            3 => "\"a ${literal}\"".to_owned(),
            4 => "17".to_owned(),
            n if n % 2 == 0 => format!("&{}.id", name(n - 5)),
            n => format!("&{}", name(n - 5)),
        };
        write!(arguments, "{argument}, ").unwrap();
    }
    writeln!(
        text,
        "let {} = p{called}.act({arguments}).await?;",
        name(index)
    )
    .unwrap();
}
