//! Writes the nodes of a flow, a line each.

use crate::ir::{self, Block, End, LocalId, LoopId, Node, Root, Segment, Until, Value};

pub(super) struct Dump<'a> {
    flow: &'a ir::Flow,
    text: String,
    depth: usize,
}

impl<'a> Dump<'a> {
    pub(super) fn new(flow: &'a ir::Flow) -> Self {
        Self {
            flow,
            text: String::new(),
            depth: 0,
        }
    }

    pub(super) fn body(mut self) -> String {
        self.block(&self.flow.body);
        self.text
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(&"  ".repeat(self.depth));
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn inner(&mut self, head: &str, block: &Block) {
        self.line(head);
        self.depth += 1;
        self.block(block);
        self.depth -= 1;
    }

    fn block(&mut self, block: &Block) {
        for node in &block.nodes {
            self.node(node);
        }
        let end = match &block.end {
            End::Value(Value::Null) => "=".to_owned(),
            End::Value(value) => format!("= {}", self.value(value)),
            End::Tail => "tail".to_owned(),
            End::Return(value) => format!("return {}", self.value(value)),
            End::Reject(rejection) => {
                let message = self.value(&rejection.message);
                format!("reject {} {message}", rejection.error)
            }
        };
        self.line(&end);
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Call(call) => {
                let line = self.call(call);
                self.line(&line);
            }
            Node::Nested(nested) => {
                let (input, output) = (self.value(&nested.input), self.local(nested.output));
                self.line(&format!(
                    "[{}] {}({input}) -> {output}",
                    nested.state, nested.flow
                ));
            }
            Node::Branch(branch) => {
                let head = format!("[{}]{}", branch.state, self.taken(branch.output));
                self.line(&head);
                for arm in &branch.arms {
                    let condition = arm.condition.as_ref();
                    let condition = condition.map_or("else".to_owned(), |value| self.value(value));
                    self.inner(&format!("| {condition}"), &arm.block);
                }
            }
            Node::Attempt(attempt) => {
                let head = self.call(&attempt.call) + &self.taken(attempt.output);
                self.inner(&format!("try {head}"), &attempt.ok);
                for alternative in &attempt.alternatives {
                    let variants: Vec<usize> = alternative
                        .variants
                        .iter()
                        .map(|(index, _)| *index)
                        .collect();
                    self.inner(&format!("| error {variants:?}"), &alternative.block);
                }
            }
            Node::Loop(node) => self.for_loop(node),
            Node::Join(join) => {
                self.line(&format!("[{}]", join.state));
                for branch in &join.branches {
                    let head = format!("| -> {}", self.local(branch.output));
                    self.inner(&head, &branch.block);
                }
            }
            Node::Wait(wait) => {
                let until = match &wait.until {
                    Until::Seconds(seconds) => format!("{seconds} s"),
                    Until::Delay(value) => format!("{} s", self.value(value)),
                    Until::Timestamp(value) => format!("until {}", self.value(value)),
                };
                self.line(&format!("[{}] {until}", wait.state));
            }
        }
    }

    fn call(&self, call: &ir::Call) -> String {
        let args: Vec<String> = call
            .args
            .iter()
            .map(|(_, value)| self.value(value))
            .collect();
        format!(
            "{}({}) -> {}",
            call.state,
            args.join(", "),
            self.local(call.output)
        )
    }

    fn for_loop(&mut self, node: &ir::Loop) {
        let (LoopId(id), item) = (node.id, node.item.as_deref().unwrap_or("-"));
        let parallel = node
            .parallel
            .map(|max| format!(" max {max}"))
            .unwrap_or_default();
        let distributed = if node.distributed { " distributed" } else { "" };
        let head = format!(
            "[{}] {id} {item} in {}{parallel}{distributed}",
            node.state,
            self.value(&node.items)
        );
        self.inner(&head, &node.body);
        for (output, value) in &node.collect {
            let line = format!("+ {} <- {}", self.local(*output), self.value(value));
            self.line(&line);
        }
    }

    fn taken(&self, output: Option<LocalId>) -> String {
        output
            .map(|id| format!(" => {}", self.local(id)))
            .unwrap_or_default()
    }

    fn local(&self, id: LocalId) -> String {
        let name = self.flow.locals[id.0].name.as_deref().unwrap_or_default();
        format!("{name}%{}", id.0)
    }

    fn value(&self, value: &Value) -> String {
        let all = |values: &[Value]| -> Vec<String> {
            values.iter().map(|value| self.value(value)).collect()
        };
        match value {
            Value::Null => "null".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Integer(value) => value.to_string(),
            Value::Float(value) => value.to_string(),
            Value::String(value) => format!("'{value}'"),
            Value::Place(root, path) => self.place(*root, path),
            Value::Array(values) => format!("[{}]", all(values).join(", ")),
            Value::Object(fields) => {
                let fields = fields.iter();
                let fields: Vec<String> = fields
                    .map(|(name, value)| format!("{name}: {}", self.value(value)))
                    .collect();
                format!("{{{}}}", fields.join(", "))
            }
            Value::Not(value) => format!("!{}", self.value(value)),
            Value::Binary(operator, left, right) => {
                format!("{operator:?}({}, {})", self.value(left), self.value(right))
            }
            Value::Count(value) => format!("count({})", self.value(value)),
            Value::IsSome(value) => format!("some({})", self.value(value)),
            Value::Has(root, path) => format!("has({})", self.place(*root, path)),
            Value::If(parts) => format!("if({})", all(&**parts).join(", ")),
        }
    }

    fn place(&self, root: Root, path: &[Segment]) -> String {
        let mut text = match root {
            Root::Input => "input".to_owned(),
            Root::Local(id) => self.local(id),
            Root::Item(id) => format!("item{}", id.0),
            Root::Index(id) => format!("index{}", id.0),
        };
        for segment in path {
            match segment {
                Segment::Field { json, .. } => text.push_str(&format!(".{json}")),
                Segment::Index(index) => text.push_str(&format!("[{index}]")),
            }
        }
        text
    }
}
