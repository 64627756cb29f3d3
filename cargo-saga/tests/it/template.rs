//! Templates of the examples, whole, and of what goes wrong. `.ci/template` lints and deploys them.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use expect_test::{Expect, expect, expect_file};

/// An empty workspace for one test, with these of the repository's definitions.
fn workspace(test: &str, definitions: &[&str]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("template")
        .join(test);
    _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("out")).unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../out");
    for name in definitions {
        let file = format!("{name}.asl.json");
        fs::copy(from.join(&file), folder.join("out").join(&file)).unwrap();
    }
    folder
}

fn template(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cargo-saga"))
        .args(["saga", "template"])
        .args(args)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// What is written to a file.
fn written(folder: &Path, file: &str, args: &[&str]) -> String {
    let output = template(folder, &[args, &["-o", file]].concat());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert_eq!((said.as_str(), output.stdout.len()), ("", 0));
    fs::read_to_string(folder.join(file)).unwrap()
}

/// Why nothing is written.
fn refused(folder: &Path, args: &[&str], expected: Expect) {
    let output = template(folder, args);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    expected.assert_eq(&String::from_utf8(output.stderr).unwrap());
}

const PLACE_ORDER: &[&str] = &[
    "place_order",
    "--table=orders=orders:order_id",
    "--table=stock=shelves:sku",
    "--table=payments=bank:key",
    "--table=shipping=carrier",
    "--table-prefix=shipping=freight-",
];

const FULFIL_ORDER: &[&str] = &[
    "fulfil_order",
    "--function=fulfil_order_all=warehouse,fraud,payments,carrier,mail",
    "--table=warehouse=shelves:sku",
];

#[test]
fn place_order_in_both_formats() {
    let folder = workspace("place_order", &["place_order", "book_trip"]);
    let yaml = written(&folder, "template.yaml", PLACE_ORDER);
    expect_file!["../golden/template/place_order.yaml"].assert_eq(&yaml);
    let terraform = [PLACE_ORDER, &["--format=terraform"]].concat();
    expect_file!["../golden/template/place_order.tf"]
        .assert_eq(&written(&folder, "main.tf", &terraform));
}

#[test]
fn one_function_for_all_of_fulfil_order_in_both_formats() {
    let folder = workspace("fulfil_order", &["fulfil_order"]);
    let yaml = written(&folder, "template.yaml", FULFIL_ORDER);
    expect_file!["../golden/template/fulfil_order.yaml"].assert_eq(&yaml);
    let terraform = [FULFIL_ORDER, &["--format=terraform"]].concat();
    expect_file!["../golden/template/fulfil_order.tf"]
        .assert_eq(&written(&folder, "main.tf", &terraform));
}

#[test]
fn called_flows_come_along() {
    let names = ["onboard_customer", "open_account", "close_account"];
    let folder = workspace("called", &names);
    let yaml = written(&folder, "template.yaml", &["onboard_customer"]);
    let machines = yaml
        .lines()
        .filter(|line| line.ends_with("Type: AWS::StepFunctions::StateMachine"));
    assert_eq!(machines.count(), 3);
    let lines = |text: &str| {
        let found = yaml.lines().filter(|line| line.contains(text));
        let found: Vec<&str> = found.map(str::trim).collect();
        found.join("\n") + "\n"
    };
    expect![[r#"
        OpenAccountStateMachineArn: !If [HasVersions, !Ref OpenAccountStateMachineVersion, !Ref OpenAccountStateMachine]
        CloseAccountStateMachineArn: !If [HasVersions, !Ref CloseAccountStateMachineVersion, !Ref CloseAccountStateMachine]
    "#]]
    .assert_eq(&lines("StateMachineArn: !If"));
    expect![[r#"
        - !Sub "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:execution:${OpenAccountStateMachine.Name}:*"
        - !Sub "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:execution:${CloseAccountStateMachine.Name}:*"
    "#]]
    .assert_eq(&lines(":execution:"));
    // Of a participant that several of them have, one function.
    let ibans = yaml.lines().filter(|line| line.trim() == "IbansFunction:");
    assert_eq!(ibans.count(), 1);
    // Without names all are meant, which are the same here.
    assert_eq!(yaml, written(&folder, "template.yaml", &[]));
}

#[test]
fn every_placeholder_is_filled() {
    let names = [
        "book_trip",
        "close_account",
        "fulfil_order",
        "onboard_customer",
        "open_account",
        "place_order",
    ];
    let folder = workspace("placeholders", &names);
    let args = ["--function=shared=payments"];
    let yaml = written(&folder, "template.yaml", &args);
    let terraform = written(&folder, "main.tf", &[args[0], "--format=terraform"]);
    for name in names {
        let file = folder.join("out").join(format!("{name}.asl.json"));
        let definition = fs::read_to_string(file).unwrap();
        let after = |text: &str, head: &str| {
            let (_, machine) = text.split_once(head).unwrap();
            machine.to_owned()
        };
        let substitutions = after(&yaml, &format!("out/{name}.asl.json\"\n"));
        let (substitutions, _) = substitutions.split_once("RoleArn").unwrap();
        let variables = after(&terraform, &format!("out/{name}.asl.json\", {{\n"));
        let (variables, _) = variables.split_once("})").unwrap();
        for placeholder in definition.split("${").skip(1) {
            let (placeholder, _) = placeholder.split_once('}').unwrap();
            assert!(
                substitutions.contains(&format!(" {placeholder}: !")),
                "{placeholder}"
            );
            assert!(
                variables.contains(&format!(" {placeholder} ")),
                "{placeholder}"
            );
        }
    }
}

#[test]
fn a_distributed_loop_may_start_its_own_items() {
    let folder = workspace("distributed", &["fulfil_order"]);
    let file = folder.join("out/fulfil_order.asl.json");
    let inline = fs::read_to_string(&file).unwrap();
    let own = "stateMachine:${AWS::StackName}-fulfil_order";
    assert!(!written(&folder, "template.yaml", &[]).contains(own));
    let mode = r#""Mode": "DISTRIBUTED", "ExecutionType": "STANDARD""#;
    fs::write(&file, inline.replacen(r#""Mode": "INLINE""#, mode, 1)).unwrap();
    assert!(written(&folder, "template.yaml", &[]).contains(own));
}

#[test]
fn paths_are_seen_from_the_template() {
    let folder = workspace("paths", &["place_order"]);
    fs::create_dir_all(folder.join("deploy/prod")).unwrap();
    let yaml = written(&folder, "deploy/prod/saga.yaml", &["place_order"]);
    assert!(yaml.contains(r#"Code: "../../target/lambda/place_order_stock/bootstrap.zip""#));
    assert!(yaml.contains(r#"DefinitionS3Location: "../../out/place_order.asl.json""#));
    assert!(yaml.contains("--template-file saga.yaml"));
    // Nothing else is left in the folder, and the standard output has the same text for its own place.
    assert_eq!(fs::read_dir(folder.join("deploy/prod")).unwrap().count(), 1);
    let printed = String::from_utf8(template(&folder, &["place_order"]).stdout).unwrap();
    assert_eq!(printed, written(&folder, "template.yaml", &["place_order"]));
}

#[test]
fn names_that_do_not_fit_are_refused() {
    let folder = workspace("refused", &["place_order", "fulfil_order"]);
    refused(
        &folder,
        &["place_odrer"],
        expect![[r#"
            error: there is no saga `place_odrer` in out; did you mean `place_order`?
                   there are `fulfil_order`, `place_order`
        "#]],
    );
    refused(
        &folder,
        &["place_order", "fulfil_order"],
        expect![[r#"
        error: `fulfil_order` and `place_order` both have a participant `payments`, and neither calls the other; make a template for each (`cargo saga template fulfil_order`), or, if one function serves both, name it: `--function BINARY=payments`
    "#]],
    );
    refused(
        &folder,
        &["place_order", "--table=stok=shelves"],
        expect![[r#"
            error: there is no participant `stok`; there are `orders`, `stock`, `payments` and `shipping`
        "#]],
    );
    refused(
        &folder,
        &["place_order", "--function=all=stock,mail"],
        expect![[r#"
            error: there is no participant `mail`; there are `orders`, `stock`, `payments` and `shipping`
        "#]],
    );
    refused(
        &folder,
        &[
            "place_order",
            "--table-prefix=stock=x-",
            "--table-prefix=orders=x-",
        ],
        expect![[r#"
            error: the tables of `orders` and of `stock` would have the same names; give each a prefix of its own: `--table-prefix stock=…`
        "#]],
    );
    refused(
        &folder,
        &["place_order", "--table=stock=saga_barrier"],
        expect![[r#"
            error: invalid value 'stock=saga_barrier' for '--table <PARTICIPANT=TABLE[:KEY]>': `saga_barrier` is the barrier's own; each function has one without being told

            For more information, try '--help'.
        "#]],
    );
    refused(
        &folder,
        &["place_order", "--function=stock"],
        expect![[r#"
            error: invalid value 'stock' for '--function <BINARY=PARTICIPANT,…>': write it like `fulfil_order_all=warehouse,mail`

            For more information, try '--help'.
        "#]],
    );
    refused(
        &folder,
        &["place_order", "--function=stock=orders,payments"],
        expect![[r#"
            error: `stock` and `place_order_stock` would both be the template's `StockFunction`; rename one
        "#]],
    );
    refused(
        &folder,
        &["place_order", "--function=a=stock", "--function=b=stock"],
        expect![[r#"
            error: `--function` names `stock` twice; one function serves it
        "#]],
    );
}

#[test]
fn definitions_and_places_that_cannot_be_used_are_refused() {
    let folder = workspace("unusable", &["place_order", "onboard_customer"]);
    refused(
        &folder,
        &["onboard_customer"],
        expect![[r#"
        error: `onboard_customer` calls `${CloseAccountStateMachineArn}`, whose definition is not beside it; build the flow that it calls
    "#]],
    );
    fs::write(folder.join("out/broken.asl.json"), "{}").unwrap();
    refused(
        &folder,
        &["broken"],
        expect![[r#"
        error: out/broken.asl.json has problems; `cargo saga check out/broken.asl.json` lists them
    "#]],
    );
    let foreign = long_saga(2, 2).replace("P0Function", "PäckerFunction");
    fs::write(folder.join("out/foreign.asl.json"), foreign).unwrap();
    refused(
        &folder,
        &["foreign"],
        expect![[r#"
        error: `Päcker` of `foreign` has letters that CloudFormation's names have not; rename the trait or the flow
    "#]],
    );
    let untimed = long_saga(2, 2).replacen(r#""TimeoutSeconds": 30,"#, "", 1);
    fs::write(folder.join("out/untimed.asl.json"), untimed).unwrap();
    refused(
        &folder,
        &["untimed"],
        expect![[r#"
        error: out/untimed.asl.json: state `step 0` has no `TimeoutSeconds` in figures, which no saga emits; build the saga again
    "#]],
    );
    refused(
        &folder,
        &["place_order", "-o", "absent/template.yaml"],
        expect![[r#"
            error: cannot write absent/template.yaml: No such file or directory (os error 2)
        "#]],
    );
}

/// A saga of so many steps, with so many participants in turn: what matters to a template, and no failure paths.
fn long_saga(steps: usize, participants: usize) -> String {
    let mut states = String::new();
    for step in 0..steps {
        let next = if step + 1 == steps {
            r#""End": true"#.to_owned()
        } else {
            format!(r#""Next": "step {}""#, step + 1)
        };
        let participant = step % participants;
        let comma = if step == 0 { "" } else { "," };
        write!(
            states,
            r#"{comma}"step {step}": {{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "TimeoutSeconds": 30,
            "Arguments": {{"FunctionName": "${{P{participant}FunctionArn}}", "Payload": {{"step": "p{participant}.step"}}}}, {next}}}"#
        )
        .unwrap();
    }
    format!(r#"{{"QueryLanguage": "JSONata", "StartAt": "step 0", "States": {{{states}}}}}"#)
}

/// `SAGA_TEMPLATE_DIR` keeps the templates, for `.ci/template`.
#[test]
fn a_saga_of_400_steps_fits_by_its_participants() {
    let folder = workspace("long", &[]);
    let definition = folder.join("out/long.asl.json");
    let size = |steps, participants| {
        fs::write(&definition, long_saga(steps, participants)).unwrap();
        let yaml = written(&folder, "long.yaml", &["long"]);
        let terraform = written(&folder, "long.tf", &["long", "--format=terraform"]);
        let types = yaml
            .lines()
            .filter(|line| line.starts_with("    Type: AWS::"));
        let managed = yaml.matches("AWS::IAM::ManagedPolicy").count();
        format!(
            "{} bytes, {} resources, {managed} managed policies; {} bytes",
            yaml.len(),
            types.count(),
            terraform.len()
        )
    };
    expect!["262562 bytes, 430 resources, 1 managed policies; 28964 bytes"]
        .assert_eq(&size(60, 60));
    // More steps of the same participants make a template no larger.
    expect!["262562 bytes, 430 resources, 1 managed policies; 28964 bytes"]
        .assert_eq(&size(400, 60));
    if let Some(kept) = std::env::var_os("SAGA_TEMPLATE_DIR") {
        for file in ["long.yaml", "long.tf"] {
            fs::copy(folder.join(file), Path::new(&kept).join(file)).unwrap();
        }
    }
    fs::write(&definition, long_saga(400, 80)).unwrap();
    refused(
        &folder,
        &["long"],
        expect![[r#"
        error: the template would have 570 resources, of 500 that CloudFormation allows; name fewer sagas, or let functions serve several participants: `--function BINARY=PARTICIPANT,…`
    "#]],
    );
}
