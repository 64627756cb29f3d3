//! `sleep` and `sleep_until`: a Wait, which cannot fail to evaluate.

use saga_asl as asl;
use saga_asl::{Expression, Number, Text, WaitUntil};

use crate::ir::{self, Until};

use super::exit::Exit;
use super::scope::{Cx, Scope};
use super::{Lowering, Path, States};

/// The longest that a Wait takes.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html>
const MAX_WAIT: u64 = 99_999_999;

impl<'a> Lowering<'a> {
    pub(super) fn lower_wait(
        &self, states: &mut States, scope: &Scope<'a>, path: &Path, wait: &'a ir::Wait,
        exit: &Exit<'a>,
    ) {
        let cx = Cx::safe(scope);
        let until = match &wait.until {
            Until::Seconds(seconds) => WaitUntil::Seconds(Number::Literal(*seconds)),
            Until::Delay(value) => {
                let seconds = self.expression(&cx, value);
                let within = format!("$max([0, $min([{MAX_WAIT}, {seconds}])])");
                WaitUntil::Seconds(Number::Expression(Expression(within)))
            }
            Until::Timestamp(value) => {
                WaitUntil::Timestamp(Text::Expression(Expression(self.expression(&cx, value))))
            }
        };
        let mut after = States::default();
        let left = self.leave_safely(&mut after, scope, path, exit);
        let wait_state = asl::Wait {
            comment: None,
            until,
            assign: left.assign,
            output: left.output,
            next: left.next,
        };
        states
            .forward
            .push((wait.state.clone(), asl::State::Wait(wait_state)));
        states.forward.append(&mut after.forward);
    }
}
