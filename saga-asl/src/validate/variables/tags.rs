//! Variables that record which way was taken, so that a Choice can ask for it later: `{% $branch = 0 %}`.
//!
//! A *tag* is assigned literals only, and is compared with a literal by some rule of a Choice. What is known of a tag
//! splits the nodes of a flow, and rules out transitions.

use std::collections::{BTreeMap, HashMap};

use crate::model::Template;
use crate::validate::expression::Literal;

use super::flow::{Edge, Flow, Node};
use super::ways::Budget;

/// What is written on a transition.
pub(super) struct Label<'d> {
    pub(super) assign: &'d [(String, Template)],
    /// The variable and the literal that a Choice's rule compares.
    pub(super) test: Option<&'d (String, Literal)>,
}

/// The tags of a scope, and their values, as numbers.
pub(super) struct Tags {
    /// By transition: the tag that its rule tests, and for which value; none where it is never assigned that value.
    tests: Vec<Option<(usize, Option<usize>)>>,
    /// By transition: the tags that it assigns, with their values.
    assigns: Vec<BTreeMap<usize, usize>>,
    /// The tag to know always: of those that are texts, such as the name of the step that is stuck, the one that is
    /// tested most.
    main: Option<usize>,
}

impl Tags {
    pub(super) fn new(labels: &[Label<'_>]) -> Self {
        let values = values(labels);
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        let mut tested: Vec<(usize, bool)> = Vec::new();
        let mut tags = Self {
            tests: vec![None; labels.len()],
            assigns: vec![BTreeMap::new(); labels.len()],
            main: None,
        };
        for (transition, label) in labels.iter().enumerate() {
            let Some((name, literal)) = label.test else {
                continue;
            };
            let Some(Some(values)) = values.get(name.as_str()) else {
                continue;
            };
            let tag = *numbers.entry(name).or_insert_with(|| {
                let is_text = values.keys().all(|value| matches!(value, Literal::Text(_)));
                tested.push((0, is_text));
                tested.len() - 1
            });
            tested[tag].0 += 1;
            tags.tests[transition] = Some((tag, values.get(literal).copied()));
        }
        for (transition, label) in labels.iter().enumerate() {
            for (name, template) in label.assign {
                if let Some(&tag) = numbers.get(name.as_str())
                    && let Some(Some(values)) = values.get(name.as_str())
                    && let Some(&value) = literal(template).and_then(|literal| values.get(&literal))
                {
                    tags.assigns[transition].insert(tag, value);
                }
            }
        }
        let texts = (0..tested.len()).filter(|&tag| tested[tag].1);
        tags.main = texts.max_by_key(|&tag| tested[tag].0);
        tags
    }

    pub(super) fn main(&self) -> Option<usize> {
        self.main
    }

    /// The tags that forbid this way through the flow, the one that does so last standing last.
    pub(super) fn forbidding(&self, flow: &Flow, way: &[(usize, usize)]) -> Vec<usize> {
        let mut known: HashMap<usize, usize> = HashMap::new();
        let mut forbidding = Vec::new();
        for &(node, taken) in way {
            for edge in &flow.nodes[node].edges {
                let is_taken = edge.transition == taken;
                if let Some((tag, tested)) = self.tests[edge.transition]
                    && known
                        .get(&tag)
                        .is_none_or(|&value| (Some(value) == tested) != is_taken)
                {
                    forbidding.push(tag);
                }
                if is_taken {
                    break;
                }
            }
            known.extend(&self.assigns[taken]);
        }
        forbidding
    }

    /// The flow with the tag's value known in each node. None if that takes more than the budget.
    pub(super) fn split(&self, flow: &Flow, tag: usize, budget: &mut Budget) -> Option<Flow> {
        if !budget.spend(flow.size()) {
            return None;
        }
        let asked = self.asked(flow, tag);
        let start = flow.start?;
        let mut numbers = HashMap::from([((start, None), 0)]);
        let mut nodes = vec![Node {
            state: flow.nodes[start].state,
            edges: Vec::new(),
        }];
        let mut open = vec![(0, start, None)];
        while let Some((number, node, value)) = open.pop() {
            if !budget.spend(flow.nodes[node].edges.len()) {
                return None;
            }
            for Edge { transition, target } in self.possible(&flow.nodes[node], tag, value) {
                let assigned = self.assigns[transition].get(&tag).copied();
                // What nobody asks for any more must not multiply the nodes.
                let value = assigned.or(value).filter(|_| asked[target]);
                let next = nodes.len();
                let split = *numbers.entry((target, value)).or_insert(next);
                if split == next {
                    if !budget.spend(NODE) {
                        return None;
                    }
                    nodes.push(Node {
                        state: flow.nodes[target].state,
                        edges: Vec::new(),
                    });
                    open.push((split, target, value));
                }
                nodes[number].edges.push(Edge {
                    transition,
                    target: split,
                });
            }
        }
        Some(Flow {
            start: Some(0),
            nodes,
        })
    }

    /// The ways out of a node where the tag has this value.
    ///
    /// Where it has none, a test of it fails the execution: that is another use of a variable, and reported by itself.
    fn possible(&self, node: &Node, tag: usize, value: Option<usize>) -> Vec<Edge> {
        let mut possible = Vec::new();
        for &edge in &node.edges {
            match self.tests[edge.transition] {
                Some((tested, literal)) if tested == tag => {
                    if value.is_none() {
                        break;
                    }
                    if value == literal {
                        possible.push(edge);
                        break;
                    }
                }
                _ => possible.push(edge),
            }
        }
        possible
    }

    /// By node: whether the tag's value may be tested there, or later before it is assigned again.
    fn asked(&self, flow: &Flow, tag: usize) -> Vec<bool> {
        let mut before = vec![Vec::new(); flow.nodes.len()];
        let mut asked = vec![false; flow.nodes.len()];
        let mut open = Vec::new();
        for (number, node) in flow.nodes.iter().enumerate() {
            for edge in &node.edges {
                if !self.assigns[edge.transition].contains_key(&tag) {
                    before[edge.target].push(number);
                }
                if !asked[number] && self.tests[edge.transition].is_some_and(|test| test.0 == tag) {
                    asked[number] = true;
                    open.push(number);
                }
            }
        }
        while let Some(node) = open.pop() {
            for &previous in &before[node] {
                if !asked[previous] {
                    asked[previous] = true;
                    open.push(previous);
                }
            }
        }
        asked
    }
}

/// What a node costs, in steps of a search: it is kept, so this bounds the memory.
const NODE: usize = 32;

/// By variable: the literals that it is assigned, numbered; none if it is assigned anything else.
fn values<'d>(labels: &[Label<'d>]) -> HashMap<&'d str, Option<HashMap<Literal, usize>>> {
    let mut values: HashMap<&str, Option<HashMap<Literal, usize>>> = HashMap::new();
    for (name, template) in labels.iter().flat_map(|label| label.assign) {
        let known = values.entry(name).or_insert_with(|| Some(HashMap::new()));
        match (literal(template), &mut *known) {
            (Some(literal), Some(known)) => {
                let next = known.len();
                known.entry(literal).or_insert(next);
            }
            _ => *known = None,
        }
    }
    values
}

fn literal(template: &Template) -> Option<Literal> {
    match template {
        Template::Bool(value) => Some(Literal::Bool(*value)),
        Template::Number(number) => number.as_i64().and_then(Literal::integer),
        Template::String(text) => Literal::text(text),
        Template::Null | Template::Expression(_) | Template::Array(_) | Template::Object(_) => None,
    }
}
