//! `cargo saga explain`. The table itself is tested in `saga-asl`.

use expect_test::expect;

use crate::support::{check, examples, output};

#[test]
fn a_table() {
    check(
        &examples(),
        &["explain", "open_account"],
        expect![[r#"
        open_account: Opens an account that the world can send money to.

        if it fails with                           it is tried again            then undone                  and the execution
        accounts.open
          Saga.Retry, Saga.Busy and 5 more         6 times within 1 min 1 s     accounts.open                fails with that error
          States.Timeout, Saga.Unknown and 3 more  3 times within 7 s
          any other error                          no
        ibans.assign
          IbanError.Barred                         no                           accounts.open                fails with that error
          IbanError.NoAnswer,                      6 times within 1 min 1 s     ibans.assign, accounts.open  fails with that error
            Lambda.TooManyRequestsException,
            Lambda.ServiceException and 3 more
          Saga.Busy                                9 times within 45 s
          States.Timeout, Saga.Unknown and 3 more  3 times within 7 s
          any other error                          no

        if a compensation fails
        compensate ibans.assign
          Saga.Busy                                9 times within 45 s          nothing                      waits for an operator, then tries it again
          States.DataLimitExceeded                 no                           nothing                      fails there: not caught
          any other error                          12 times within 23 min 31 s  nothing                      waits for an operator, then tries it again
        compensate accounts.open
          States.DataLimitExceeded                 no                           nothing                      fails there: not caught
          any other error                          12 times within 23 min 31 s  nothing                      waits for an operator, then tries it again
        exit 0
    "#]],
    );
}

#[test]
fn as_json() {
    let text = output(&examples(), &["explain", "place_order", "--format", "json"]);
    let json = text.strip_suffix("exit 0\n").unwrap();
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(json["steps"][1]["state"], "stock.reserve");
    assert_eq!(
        json["steps"][1]["cases"][0]["errors"][0],
        "StockError.OutOfStock"
    );
    assert_eq!(
        json["steps"][1]["cases"][0]["undone"][0]["task"],
        "compensate orders.create"
    );
}
