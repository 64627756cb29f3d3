//! `cargo saga explain` of a choreography.

use expect_test::expect;
use saga_compiler::choreography::{Contract, Early, Kind, Repeat};

use super::{contract, reaction, strings, write};
use crate::support::{check, choreographed, folder, output};

#[test]
fn what_each_failure_leads_to() {
    check(
        &choreographed("choreography_explain"),
        &["explain", "order_events"],
        expect![[r#"
            order_events: An order across four services, by events: stock held, card charged, parcel sent, or nothing at all.

            when all goes well
              orders.place     command PlaceOrder  compensatable  publishes OrderPlaced
              stock.reserve    on OrderPlaced      compensatable  publishes StockReserved
              payments.charge  on StockReserved    pivot          publishes CardCharged
              shipping.ship    on CardCharged      retriable      publishes ParcelSent
              orders.complete  on ParcelSent       retriable      publishes OrderCompleted
              the saga ends with OrderCompleted

            if it says           then compensated                                               and the saga ends with
            orders.place
              OrderError.Exists  nothing                                                        its caller is told, and no saga begins
            stock.reserve
              StockRefused       orders.place by orders.cancel                                  OrderCancelled
              StockRefused.Busy  nothing: it is tried again
            payments.charge
              CardDeclined       orders.place by orders.cancel, stock.reserve by stock.release  OrderCancelled, StockReleased

            if its message ends in the dead-letter queue  then until it is sent again this stays in effect
              orders.place                                nothing
              stock.reserve                               orders.place
              payments.charge                             orders.place, stock.reserve
              shipping.ship                               orders.place, stock.reserve, payments.charge
              orders.cancel                               orders.place
              orders.complete                             orders.place, stock.reserve, payments.charge, shipping.ship
              stock.release                               stock.reserve

            whatever it is
              a message comes twice                                 its record answers: nothing is done twice, and what it published keeps its ids
              a crash before the transaction                        nothing has happened; the message comes back
              a crash after it                                      the message comes back and its record answers; its events leave by the relay, crash or not
              an event cannot be published                          it stands in the record; the relay tries again while the stream keeps it, a day, and `redrive` does after that
              an action comes after its compensation                it is acknowledged and has no effect
              a transient error, or a message that nobody can read  the message comes back; when it has come too often, it goes to the dead-letter queue with the reason
            exit 0
        "#]],
    );
}

fn trip_events() -> Contract {
    let mut book = reaction("trips.book", Kind::Compensatable);
    book.command = true;
    book.input = Some("Trip".to_owned());
    book.compensation = Some("trips.cancel".to_owned());
    book.publishes = strings(&["Booked"]);
    book.rejections = strings(&["TripError.Full"]);
    let mut again = reaction("trips.rebook", Kind::Compensatable);
    again.command = true;
    again.compensation = Some("trips.cancel_again".to_owned());
    again.publishes = strings(&["Booked"]);
    let mut cancel = reaction("trips.cancel", Kind::Compensation);
    cancel.on = strings(&["NoRoom"]);
    cancel.compensates = Some("trips.book".to_owned());
    cancel.publishes = strings(&["Cancelled"]);
    let mut cancel_again = reaction("trips.cancel_again", Kind::Compensation);
    cancel_again.on = strings(&["NoRoom"]);
    cancel_again.compensates = Some("trips.rebook".to_owned());
    let mut room = reaction("hotel.room", Kind::Pivot);
    room.on = strings(&["Booked"]);
    room.publishes = strings(&["Reserved"]);
    room.rejects = strings(&["NoRoom"]);
    let mut key = reaction("hotel.key", Kind::Observer);
    key.on = strings(&["Booked"]);
    key.after = Some("hotel.room".to_owned());
    key.early = Some(Early::Refuse);
    let mut note = reaction("log.note", Kind::Observer);
    note.on = strings(&["Booked"]);
    note.publishes = strings(&["Noted"]);
    note.optional = strings(&["Noted"]);
    let mut tell = reaction("log.apologise", Kind::Retriable);
    tell.on = strings(&["Cancelled", "NoRoom"]);
    tell.repeat = Repeat::Once;
    contract(
        "trip_events",
        vec![
            ("Trips", vec![book, again, cancel, cancel_again]),
            ("Hotel", vec![room, key]),
            ("Log", vec![note, tell]),
        ],
    )
}

/// Two commands, of which one gets to only a part; observers, of which one waits for what may be rejected; something that acts because
/// of a failure; an event that may be left out and means failure.
#[test]
fn what_stays_and_what_else_acts() {
    let folder = folder("choreography_explain_more");
    write(&folder, &trip_events());
    check(
        &folder,
        &["explain", "trip_events"],
        expect![[r#"
            trip_events

            when all goes well after trips.book
              trips.book  command Trip                 compensatable  publishes Booked
              hotel.room  on Booked                    pivot          publishes Reserved
              hotel.key   on Booked, after hotel.room  observer
              log.note    on Booked                    observer       publishes perhaps Noted
              the saga ends with Reserved, Noted

            when all goes well after trips.rebook
              trips.rebook  command                      compensatable  publishes Booked
              hotel.room    on Booked                    pivot          publishes Reserved
              hotel.key     on Booked, after hotel.room  observer
              log.note      on Booked                    observer       publishes perhaps Noted
              the saga ends with Reserved, Noted

            if it says                    then compensated                    and the saga ends with
            trips.book
              TripError.Full              nothing                             its caller is told, and no saga begins
            hotel.room
              NoRoom, after trips.book    trips.book by trips.cancel          Noted
                besides acts              log.apologise
                stays in effect           log.note
              NoRoom, after trips.rebook  trips.rebook by trips.cancel_again  Noted
                besides acts              log.apologise
                stays in effect           log.note

            if its message ends in the dead-letter queue  then until it is sent again this stays in effect
              trips.book                                  nothing
              trips.rebook                                nothing
              hotel.room                                  trips.book, log.note
              hotel.key                                   trips.book, hotel.room, log.note
              log.note                                    trips.book, hotel.room, hotel.key
              trips.cancel                                trips.book
              trips.cancel_again                          trips.rebook

            whatever it is
              a message comes twice                                 its record answers: nothing is done twice, and what it published keeps its ids
              a crash before the transaction                        nothing has happened; the message comes back
              a crash after it                                      the message comes back and its record answers; its events leave by the relay, crash or not
              an event cannot be published                          it stands in the record; the relay tries again while the stream keeps it, a day, and `redrive` does after that
              an action comes after its compensation                it is acknowledged and has no effect
              a transient error, or a message that nobody can read  the message comes back; when it has come too often, it goes to the dead-letter queue with the reason
              hotel.key would act before hotel.room did             it is acknowledged and has no effect for good
            exit 0
        "#]],
    );
}

#[test]
fn the_page_shows_what_it_says() {
    let folder = choreographed("choreography_explain_page");
    let said = output(&folder, &["explain", "order_events"]);
    let said = said.strip_suffix("exit 0\n").unwrap();
    let page = include_str!("../../../docs/choreographies.md");
    let shown = format!("```text\n$ cargo saga explain order_events\n{said}```\n");
    assert!(page.contains(&shown), "{shown}");
}

#[test]
fn as_json() {
    let folder = choreographed("choreography_explain_json");
    let text = output(&folder, &["explain", "order_events", "--format", "json"]);
    let json = text.strip_suffix("exit 0\n").unwrap();
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    let declined = &json["reactions"][2];
    expect![[r#"
        {
          "reaction": "payments.charge",
          "failures": [
            {
              "event": "CardDeclined",
              "commands": [
                "orders.place"
              ],
              "compensated": [
                {
                  "action": "orders.place",
                  "by": "orders.cancel"
                },
                {
                  "action": "stock.reserve",
                  "by": "stock.release"
                }
              ],
              "follows": [],
              "stays": [],
              "ends": [
                "OrderCancelled",
                "StockReleased"
              ]
            }
          ],
          "refusals": [],
          "transients": [],
          "in_effect": [
            "orders.place",
            "stock.reserve"
          ]
        }
    "#]]
    .assert_eq(&format!("{declined:#}\n"));
    assert_eq!(json["ways"][0]["ends"][0], "OrderCompleted");
}
