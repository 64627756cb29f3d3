//! What a compensation of an outside effect knows of its action. Holds no behaviour but the question.

/// What is known of an outside effect when it must be undone.
///
/// A compensation of a `&Context` step takes it instead of the plain output, because such an action
/// may have been cut off between its effect and its record. A compensation of a `&mut Tx` step never sees it:
/// there the effect and the record are one transaction.
///
/// # Example
///
/// ```
/// use saga_runtime::Outcome;
///
/// fn void(charge: Outcome<u64>) -> String {
///     match charge {
///         Outcome::Done(id) => format!("refund charge {id}"),
///         Outcome::Unknown => "void whatever the idempotency key names".to_owned(),
///     }
/// }
/// assert_eq!(void(Outcome::Done(7)), "refund charge 7");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome<T> {
    /// The action took effect and returned this.
    Done(T),
    /// The action may have taken effect; its output is lost. Undo by idempotency key.
    Unknown,
}

impl<T> Outcome<T> {
    /// The output, where it is known.
    pub fn done(self) -> Option<T> {
        match self {
            Self::Done(output) => Some(output),
            Self::Unknown => None,
        }
    }
}
