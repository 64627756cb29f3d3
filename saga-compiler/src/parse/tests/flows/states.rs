//! What the states of control flow are called.

use expect_test::expect;

use super::check;

#[test]
fn states_are_numbered_in_source_order() {
    check(
        r#"stock.reserve("a").await?; if cmd.gift { if cmd.gift { stock.reserve("b").await?; } } if cmd.gift { stock.reserve("c").await?; } Ok(())"#,
        expect![[r#"
            stock.reserve('a') -> %0
            [if cmd.gift]
            | input.gift
              [if cmd.gift#2]
              | input.gift
                stock.reserve#2('b') -> %1
                =
              | else
                =
              tail
            | else
              =
            [if cmd.gift#3]
            | input.gift
              stock.reserve#3('c') -> %2
              =
            | else
              =
            return null
        "#]],
    );
    check(
        r#"sleep(Duration::from_secs(1)).await; sleep(Duration::from_secs(1)).await; join!(mail.send("a"), mail.send("b"))?; join!(mail.send("a"), mail.send("b"))?; park(mail).await?; Ok(())"#,
        expect![[r#"
            [wait] 1 s
            [wait#2] 1 s
            [join]
            | -> %1
              mail.send('a') -> %0
              return %0
            | -> %3
              mail.send#2('b') -> %2
              return %2
            [join#2]
            | -> %5
              mail.send#3('a') -> %4
              return %4
            | -> %7
              mail.send#4('b') -> %6
              return %6
            [park#2] park(null) -> %8
            return null
        "#]],
    );
}

#[test]
fn states_read_like_the_source() {
    let condition = |source: &str, expect| {
        let tokens = format!("if {source}").parse().unwrap();
        expect_test::Expect::assert_eq(&expect, &crate::names::control_state(tokens));
    };
    condition(
        "! cmd . gift && ( cmd . a >= - 1 || cmd . b [ 2 ] . len ( ) != & x )",
        expect!["if !cmd.gift && (cmd.a >= -1 || cmd.b[2].len() != &x)"],
    );
    condition(
        "let Some ( Line { sku , rare : true , .. } ) = cmd . line",
        expect!["if let Some(Line { sku, rare: true, .. }) = cmd.line"],
    );
    condition(
        "f :: < Vec < u8 > > ( x ) . is_some ( ) && matches ! ( y , 'a' ..= 'z' | 'x' )",
        expect!["if f::<Vec<u8>>(x).is_some() && matches!(y, 'a'..='z' | 'x')"],
    );
    condition(
        r#"cmd.text == "${Secret} %{x}""#,
        expect![[r#"if cmd.text == "$ {Secret} % {x}""#]],
    );
    condition(
        "cmd.text == \"over\n two lines\"",
        expect![[r#"if cmd.text == "over two lines""#]],
    );
    condition(
        "cmd.a_long_name_of_a_field == cmd.another_long_name_of_a_field",
        expect!["if cmd.a_long_name_of_a_field == cmd.another_long_name_of..."],
    );
    condition(
        "a < b && c - 1 > d * 2 && !e",
        expect!["if a < b && c - 1 > d * 2 && !e"],
    );
}
