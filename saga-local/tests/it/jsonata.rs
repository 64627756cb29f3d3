//! JSONata as a compiled flow uses it: ranges, paths that may be missing, arrays of one, ternaries, numbers, text, dates.
//!
//! Every result is that of the reference implementation, the npm package `jsonata` 2.0.6, which is the version that Step Functions
//! runs. `nothing` is its `undefined` and `error` any error it throws; the embedded engine agrees with all of them.

use serde_json::{Value, json};

use crate::support::block_on;

/// The variables, which are the state's input as well.
const VARIABLES: &str = r##"{
    "empty": [],
    "one": [1],
    "two": [1, 2],
    "nested": [[1, 2]],
    "single": [9],
    "lines": [{"sku": "a", "tags": ["t"]}, {"sku": "b", "tags": []}, {"sku": "c", "tags": ["u", "v"]}],
    "o": {"a": {"b": {"c": "deep", "list": [1], "one": [{"x": 1}], "lists": [[1]]}}, "n": null, "s": "x", "t": true, "f": false, "num": 3, "empty": [], "single": [5], "nested": [[6]], "data": {"Has": {"n": 3}}, "str": "Unit", "x-y": 4},
    "i": {"item": [2, 0], "zero": 0, "one": [4], "deep": [[10, 11], [12], [[13]]]},
    "r": [[1], [2, 3]],
    "rr": [[[1]]],
    "objs": [{"list": [1]}, {"list": [2]}],
    "objs1": [{"list": [1], "lists": [[1]]}],
    "objs0": [{"list": []}],
    "pairs": [[1, "a"], [2, "b"]],
    "flat": [[1], [2]]
}"##;

const TABLE: &str = r##"
[0..$count($empty)-1]  =>  []
[0..$count($one)-1]  =>  [0]
[0..$count($two)-1]  =>  [0,1]
[0..-1]  =>  []
[0..$count($lines)-1]  =>  [0,1,2]
[$reverse([0..$count($empty)-1])]  =>  []
$reverse([0..$count($one)-1])  =>  [0]
$reverse([0..$count($two)-1])  =>  [1,0]
$reverse($empty)  =>  []
$reverse($one)  =>  [1]
$reverse($two)  =>  [2,1]
$reverse([])  =>  []
$reverse([0])  =>  [0]
$reverse($nested)  =>  [[1,2]]
$append($empty, $empty)  =>  []
$append([], [])  =>  []
$append($one, $empty)  =>  [1]
$append($empty, $one)  =>  [1]
$append($one, $two)  =>  [1,1,2]
$append($one, [[5]])  =>  [1,[5]]
$append([], 1)  =>  [1]
$append([], [1])  =>  [1]
$append([[1]], [[2]])  =>  [[1],[2]]
$append($empty, [[]])  =>  [[]]
$append($one, {'a': 1})  =>  [1,{"a":1}]
$append([1],null)  =>  [1,null]
$reduce($empty, function($all, $one) { $append($all, $one[0]) }, [])  =>  []
$reduce([[7]], function($all, $one) { $append($all, $one[0]) }, [])  =>  [7]
$reduce([[7],[8]], function($all, $one) { $append($all, $one[0]) }, [])  =>  [7,8]
$reduce([[[7,8]],[[9]]], function($all, $one) { $append($all, $one[0]) }, [])  =>  [7,8,9]
$reduce([[[7,8]],[[9]]], function($all, $one) { $append($all, [$one[0]]) }, [])  =>  [7,8,9]
$reduce([[[7]]], function($all, $one) { $append($all, [$one[0]]) }, [])  =>  [7]
$reduce([[{'a':1}]], function($all, $one) { $append($all, [$one[0]]) }, [])  =>  [{"a":1}]
$reduce([['x', 1], ['y', 2], ['z', 3]], function($all, $one) { $append($all, [$one[1]]) }, [])  =>  [1,2,3]
$reduce($pairs, function($all, $one) { $append($all, $one[0]) }, [])  =>  [1,2]
$reduce($pairs, function($all, $one) { $append($all, [$one[1]]) }, [])  =>  ["a","b"]
$exists($o.a.b.c) ? $o.a.b.c : null  =>  "deep"
$exists($o.a.x.c) ? $o.a.x.c : null  =>  null
$exists($o.n.c) ? $o.n.c : null  =>  null
$exists($o.n)  =>  true
$exists($o.a.b.list) ? $o.a.b.list : null  =>  [1]
$exists($o.empty) ? $o.empty : null  =>  []
$exists($o.single) ? $o.single : null  =>  [5]
$exists($empty)  =>  true
$exists(null)  =>  true
$exists($o.single[0])  =>  true
$exists($o.single[1])  =>  false
$o.a.x = 'x'  =>  false
$o.zzz.x = 'x'  =>  false
$o.n.x = 'x'  =>  false
$o.s = 'x'  =>  true
$o.a.x != 'x'  =>  false
$o.a.x = null  =>  false
$o.n = null  =>  true
null = null  =>  true
$o.n != null  =>  false
$o.s = null  =>  false
null = false  =>  false
$not($o.s = 'x')  =>  false
$not(true)  =>  false
$not($o.a.x = 'x')  =>  true
$not($exists($o.n))  =>  false
$not(null)  =>  true
$not($o.zzz)  =>  nothing
$o.t and $o.f  =>  false
$o.t or $o.f  =>  true
$o.f or $o.f  =>  false
$o.f and $error('no')  =>  false
$o.t or $error('no')  =>  true
$o.zzz and $o.t  =>  false
$o.zzz or $o.t  =>  true
$o.f ? $error('no') : 'ok'  =>  "ok"
$o.t ? 'ok' : $error('no')  =>  "ok"
$o.num = 1 ? 'one' : $o.num = 2 ? 'two' : $o.num = 3 ? 'three' : 'many'  =>  "three"
($o.t ? ($o.f ? 1 : 2) : 3)  =>  2
$o.t ? [] : [1]  =>  []
$o.t ? [1] : []  =>  [1]
$o.f ? [1] : [[2]]  =>  [[2]]
$o.t ? $one : $two  =>  [1]
$o.t ? $o.single : []  =>  [5]
$o.t ? $o.empty : [1]  =>  []
$floor(7 / 2)  =>  3
$floor(-7 / 2)  =>  -4
$floor(2.0)  =>  2
7 % 3  =>  1
-7 % 3  =>  -1
7 % -3  =>  1
-7 % -3  =>  -1
-6 % 3  =>  0
7.5 % 2  =>  1.5
-7 / 2  =>  -3.5
(7 - 7 % 2) / 2  =>  3
(-7 - (-7 % 2)) / 2  =>  -3
$ceil(1.2)  =>  2
$ceil(-1.2)  =>  -1
$round(2.5)  =>  2
$round(3.5)  =>  4
$abs(-3)  =>  3
-$o.num  =>  -3
-(-3)  =>  3
1 - -1  =>  2
$o.num * 3 + 1  =>  10
9007199254740991 + 0  =>  9007199254740991
0.1 + 0.2  =>  0.30000000000000004
-0  =>  0
0 * -1  =>  0
1e21  =>  1e+21
1/3  =>  0.3333333333333333
$lines[$i.item[0]].sku  =>  "c"
$lines[$i.item[0]]  =>  {"sku":"c","tags":["u","v"]}
$lines[$i.item[1]].tags  =>  ["t"]
$lines[$i.item[0]].tags  =>  ["u","v"]
$lines[$i.item[2]].tags  =>  nothing
$lines[$i.item[0]].tags[$i.item[1]]  =>  "u"
$lines[0].tags  =>  ["t"]
$lines[2].tags[0]  =>  "u"
$lines[$i.item[0] + 1].sku  =>  nothing
$i.item  =>  [2,0]
$i.item[0]  =>  2
$i.deep[$i.item[0]][$i.item[1]]  =>  [[13]]
$i.deep[0]  =>  [10,11]
$i.deep[1]  =>  [12]
($i.deep[0])[0]  =>  10
$i.deep[0][0]  =>  10
$i.deep  =>  [[10,11],[12],[[13]]]
$lines.tags  =>  ["t","u","v"]
$lines.sku  =>  ["a","b","c"]
$lines[sku='b']  =>  {"sku":"b","tags":[]}
$lines[sku='b'].tags  =>  []
$lines[5]  =>  nothing
$lines[5].sku  =>  nothing
$one[0]  =>  1
$two[-1]  =>  2
$lines[-1].sku  =>  "c"
$lines[$i.zero].sku  =>  "a"
$single  =>  [9]
$single[0]  =>  9
$o.single  =>  [5]
$o.single[0]  =>  5
$o.nested  =>  [[6]]
$o.nested[0]  =>  [6]
$nested  =>  [[1,2]]
$nested[0]  =>  [1,2]
$nested[0][0]  =>  1
$r[0]  =>  [1]
$r[1]  =>  [2,3]
$r[0][0]  =>  1
$rr[0]  =>  [[1]]
$rr[0][0]  =>  [1]
{'a': $one, 'b': $o.single, 'c': [$one], 'd': [$o.single]}  =>  {"a":[1],"b":[5],"c":[1],"d":[5]}
[$one]  =>  [1]
[$o.single]  =>  [5]
[$empty]  =>  []
[$one, $one]  =>  [1,1]
[$o.zzz]  =>  []
[$o.zzz, 1]  =>  [1]
[null]  =>  [null]
[[]]  =>  [[]]
[[1]]  =>  [[1]]
[[[1]]]  =>  [[[1]]]
{'a': []}  =>  {"a":[]}
{'a': [[1]]}  =>  {"a":[[1]]}
{'a': $o.zzz}  =>  {}
{'a': null}  =>  {"a":null}
($one)  =>  [1]
($x := $one; $x)  =>  [1]
$one.a  =>  nothing
$objs.list  =>  [1,2]
$objs[0].list  =>  [1]
$objs1.list  =>  [1]
$objs1[0].list  =>  [1]
$objs1.lists  =>  [[1]]
$objs1[0].lists  =>  [[1]]
$objs0.list  =>  []
$o.a.b.list  =>  [1]
$o.a.b.one  =>  [{"x":1}]
$o.a.b.lists  =>  [[1]]
$map($one, function($v) { $v })  =>  1
$map($two, function($v) { $v })  =>  [1,2]
$map($empty, function($v) { $v })  =>  nothing
[$map($one, function($v) { $v })]  =>  [1]
$map($two, function($v) { [$v] })  =>  [[1],[2]]
$map($one, function($v) { [$v] })  =>  [1]
$filter($one, function($v) { true })  =>  1
$filter($two, function($v) { $v = 1 })  =>  1
$filter($two, function($v) { false })  =>  nothing
[$filter($two, function($v) { $v = 1 })]  =>  [1]
$sort($two)  =>  [1,2]
$sort($one)  =>  [1]
$distinct([1,1])  =>  [1]
$keys({'a':1})  =>  "a"
$keys({})  =>  nothing
$lookup($o,'single')  =>  [5]
$merge([$o.a, {'q':1}])  =>  {"b":{"c":"deep","list":[1],"one":[{"x":1}],"lists":[[1]]},"q":1}
$single^($)  =>  9
$lines.{'s': sku}  =>  [{"s":"a"},{"s":"b"},{"s":"c"}]
$one.{'s': $}  =>  {"s":1}
$lines[[0]].sku  =>  "a"
$lines[[0..1]].sku  =>  ["a","b"]
$hash('abc', 'SHA-256')  =>  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
$hash('', 'SHA-256')  =>  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
$hash('größe', 'SHA-256')  =>  "d353a2671b67afff0941ae456e5c76e9394bd6579774ae7542a6185fb9843384"
$string(1)  =>  "1"
$string('a')  =>  "a"
$string(true)  =>  "true"
$string(null)  =>  "null"
$string([1,'a'])  =>  "[1,\"a\"]"
$string($one)  =>  "[1]"
$string($empty)  =>  "[]"
$string({'a': [1], 'b': null})  =>  "{\"a\":[1],\"b\":null}"
$string(1.5)  =>  "1.5"
$string(0.1+0.2)  =>  "0.3"
$string(1e21)  =>  "1e+21"
$string(100)  =>  "100"
$string('a"b')  =>  "a\"b"
$string(['a"b'])  =>  "[\"a\\\"b\"]"
$string($o.zzz)  =>  nothing
$string(-0)  =>  "0"
$string(1e-7)  =>  "1e-7"
$join(['a','b'], '-')  =>  "a-b"
$join([], '-')  =>  ""
$join(['a'], '-')  =>  "a"
$join('a', '-')  =>  "a"
$join(['a','b'])  =>  "ab"
$join($map([1,2], $string), '/')  =>  "1/2"
$join($map($i.item, $string), '/')  =>  "2/0"
$join($map([5], $string), '/')  =>  "5"
$join($map([], $string), '/')  =>  nothing
$fromMillis(0)  =>  "1970-01-01T00:00:00.000Z"
$fromMillis(1735689600000)  =>  "2025-01-01T00:00:00.000Z"
$fromMillis(1735689600123)  =>  "2025-01-01T00:00:00.123Z"
$toMillis('1970-01-01T00:00:00.000Z')  =>  0
$toMillis('2025-01-01T00:00:00Z')  =>  1735689600000
$toMillis('2025-01-01T00:00:00.123Z')  =>  1735689600123
$toMillis('2025-01-01T01:00:00+01:00')  =>  1735689600000
$fromMillis($toMillis('2025-01-01T00:00:00.000Z') + 90000)  =>  "2025-01-01T00:01:30.000Z"
$toMillis('x')  =>  error
$toMillis('2025-01-01')  =>  1735689600000
$toMillis('2025-01-01T00:00:00.123456Z')  =>  1735689600123
$max([1,5,3])  =>  5
$min([1,5,3])  =>  1
$max([7])  =>  7
$max([])  =>  nothing
$min([])  =>  nothing
$max($empty)  =>  nothing
$max(3)  =>  3
$max([0, $o.num - 5])  =>  0
$sum([])  =>  0
$sum([1,2])  =>  3
$count([])  =>  0
$count([1])  =>  1
$count(null)  =>  1
$count($o.zzz)  =>  0
$count($one)  =>  1
$count($nested)  =>  1
$count([[1,2]])  =>  1
$count($o.single)  =>  1
$count('abc')  =>  1
$length('abc')  =>  3
$length('größe')  =>  5
$length('')  =>  0
$type(1)  =>  "number"
$type('a')  =>  "string"
$type([])  =>  "array"
$type($one)  =>  "array"
$type($o.single)  =>  "array"
$type({})  =>  "object"
$type(null)  =>  "null"
$type(true)  =>  "boolean"
$type($o.zzz)  =>  nothing
$type($one[0])  =>  "number"
$type($nested[0])  =>  "array"
$boolean([])  =>  false
$boolean([0])  =>  false
$boolean('')  =>  false
$boolean({})  =>  false
$number('12')  =>  12
$number('x')  =>  error
$one = [1]  =>  true
$two = [1,2]  =>  true
$o.single = [5]  =>  true
[1,2] = [1,2]  =>  true
{'a':1} = {'a':1}  =>  true
'a' < 'b'  =>  true
1 < 'b'  =>  error
null < 1  =>  error
$o.zzz < 1  =>  nothing
1 < 2 and 2 < 3  =>  true
1 in [1,2]  =>  true
3 in [1,2]  =>  false
'a' in 'a'  =>  true
1 in $one  =>  true
1 in []  =>  false
$o.s in ['x','y']  =>  true
$o.num >= 2 and $o.num <= 5  =>  true
$contains('abc','b')  =>  true
$substring('abcdef', 0, 3)  =>  "abc"
$uppercase('a')  =>  "A"
$split('a-b','-')  =>  ["a","b"]
$trim(' a ')  =>  "a"
$replace('a.b','.','-')  =>  "a-b"
'a' & 'b'  =>  "ab"
'a' & 1  =>  "a1"
'a' & null  =>  "anull"
'a' & $o.zzz  =>  "a"
'a' & [1]  =>  "a[1]"
'a' & true  =>  "atrue"
($f := function($n) { $n <= 1 ? 1 : $n * $f($n - 1) }; $f(5))  =>  120
($a := 1; $b := $a + 1; $b)  =>  2
$exists($o.data.Has) ? $o.data.Has.n : 0  =>  3
$o.data.Has.n = 3 and $exists($o.data.Has)  =>  true
$o.data.tag = 'V'  =>  false
$o.data.V.a.b = 1  =>  false
$type($o.data) = 'object' and $exists($o.data.Has)  =>  true
$type($o.str) = 'string'  =>  true
$exists($o.str.Has)  =>  false
$o.str = 'Unit'  =>  true
$o.data = 'Unit'  =>  false
$o.str.Has.x = 1  =>  false
$o.single.x = 1  =>  false
$exists($o.single.x)  =>  false
$keys($o.data)  =>  "Has"
$o.data.**  =>  [{"Has":{"n":3}},{"n":3},3]
$lines@$l#$i.{'i':$i}  =>  [{"i":0},{"i":1},{"i":2}]
$zip([1,2],[3,4])  =>  [[1,3],[2,4]]
$each({'a':1}, function($v,$k){$k})  =>  "a"
$spread({'a':1})  =>  {"a":1}
$single ~> $count  =>  1
$flat  =>  [[1],[2]]
[$two, $one]  =>  [1,2,1]
[$two[0], $one[0]]  =>  [1,1]
[$o.empty, $one]  =>  [1]
{'item': [$i.item[0], 1], 'x': $lines[$i.item[0]]}  =>  {"item":[2,1],"x":{"sku":"c","tags":["u","v"]}}
[$i.item[0]]  =>  [2]
[$i.item]  =>  [2,0]
$append($i.item, 3)  =>  [2,0,3]
$append($i.one, 3)  =>  [4,3]
$append($i.one, [3])  =>  [4,3]
[$i.one[0], 2]  =>  [4,2]
$o.`a`.`b`.c  =>  "deep"
$o.'a'.'b'.c  =>  "deep"
$o."a".b.c  =>  "deep"
$o.`x-y`  =>  4
$o.a[0].b.c  =>  "deep"
$two[0] + $two[1]  =>  3
$o.num = 3  =>  true
$o.num = 3.0  =>  true
$o.num = '3'  =>  false
$two[$o.zzz]  =>  nothing
$two['x']  =>  [1,2]
$two[true]  =>  [1,2]
$two[false]  =>  nothing
$two[1.7]  =>  2
$two[null]  =>  nothing
$states.input.single  =>  [9]
$states.input.single[0]  =>  9
$states.input.lines[$states.input.i.item[0]].sku  =>  "c"
$states.input.one  =>  [1]
$states.input.objs1.lists  =>  [[1]]
$states.input.r[0]  =>  [1]
$states.input.rr[0][0]  =>  [1]
$states.input.o.single = [5]  =>  true
[0..$count($states.input.empty)-1]  =>  []
[0..$count($states.input.lines[$states.input.i.item[0]].tags)-1]  =>  [0,1]
$states.input.lines[1].tags  =>  []
{'item': [$states.input.i.item[0], 0], 'line': $states.input.lines[$states.input.i.item[0]]}  =>  {"item":[2,0],"line":{"sku":"c","tags":["u","v"]}}
$exists($states.input.lines[1].tags[0]) ? 1 : null  =>  null
[[$one]]  =>  [[1]]
[$two, [$one]]  =>  [1,2,[1]]
[[$two], [$one]]  =>  [[1,2],[1]]
$append([], [[$one]])  =>  [[1]]
$append([], [[$o.single]])  =>  [[5]]
$append([[1]], [[$two]])  =>  [[1],[1,2]]
$reduce([[[7,8]],[[9]]], function($all, $one) { $append($all, [[$one[0]]]) }, [])  =>  [[7,8],[9]]
$reduce([[[]],[[9]]], function($all, $one) { $append($all, [[$one[0]]]) }, [])  =>  [[],[9]]
[[$empty]]  =>  [[]]
[[$objs.list]]  =>  [[1,2]]
[[$nested]]  =>  [[[1,2]]]
{'pair': [1, [$one]]}  =>  {"pair":[1,[1]]}
"##;

/// The result as JSON, or how there is none.
fn evaluate(expression: &str, variables: &Value) -> String {
    let states = json!({
        "assign": { "Type": "Pass", "Assign": variables, "Next": "evaluate" },
        "evaluate": { "Type": "Succeed", "Output": format!("{{% {expression} %}}") },
    });
    let definition = json!({ "QueryLanguage": "JSONata", "StartAt": "assign", "States": states });
    let engine = saga_local::Engine::from_asl("machine", &definition.to_string());
    let run = block_on(engine.start("run", variables)).unwrap();
    match (run.output(), run.cause().unwrap_or_default()) {
        (Some(output), _) => output.to_string(),
        (None, cause) if cause.contains("returned nothing (undefined)") => "nothing".to_owned(),
        (None, cause) if cause.contains("threw an error during evaluation") => "error".to_owned(),
        (None, cause) => cause.to_owned(),
    }
}

/// JSON that may differ in its text, as `1e21` and `1e+21` do.
fn agrees(expected: &str, actual: &str) -> bool {
    let read = |text| serde_json::from_str::<Value>(text).ok();
    match (read(expected), read(actual)) {
        (Some(Value::Number(expected)), Some(Value::Number(actual))) => {
            expected.as_f64() == actual.as_f64()
        }
        (Some(expected), Some(actual)) => expected == actual,
        _ => expected == actual,
    }
}

#[test]
fn expressions_give_what_the_reference_implementation_gives() {
    let variables: Value = serde_json::from_str(VARIABLES).unwrap();
    let mut checked = 0;
    let mut differences = Vec::new();
    for line in TABLE.lines().filter(|line| !line.is_empty()) {
        let (expression, expected) = line.split_once("  =>  ").unwrap();
        let actual = evaluate(expression, &variables);
        if !agrees(expected, &actual) {
            differences.push(format!("{expression}: expected {expected}, got {actual}"));
        }
        checked += 1;
    }
    assert!(checked > 300, "only {checked} expressions were found");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
