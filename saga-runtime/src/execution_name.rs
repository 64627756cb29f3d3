//! What Step Functions allows as the name of an execution. Starts none.

/// Says what keeps a text from being an execution's name, by
/// [Amazon's rules](https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html).
///
/// # Errors
///
/// The end of a sentence that begins with the name.
pub fn check_execution_name(name: &str) -> Result<(), &'static str> {
    let length = name.chars().count();
    if !(1..=80).contains(&length) {
        return Err("has a length that Step Functions does not allow; write 1 to 80 characters");
    }
    let forbidden = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(c)
            || ('\u{FFFE}'..='\u{FFFF}').contains(&c)
    };
    if name.chars().any(forbidden) {
        return Err(
            "has a character that Step Functions does not allow; write letters, digits, `-` and `_`",
        );
    }
    Ok(())
}
