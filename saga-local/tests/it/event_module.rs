//! The matrix of a choreography that is written as a module: its events' data, where the matrix makes it up, is what the schemas
//! that the compiler emits allow.

#![allow(
    unreachable_pub,
    reason = "a contract is public, and this one has a single user"
)]

use saga_local::{Bus, Case, EventMatrix, EventStandIns, event_matrix};
use saga_runtime::prelude::*;
use saga_runtime::{Consumer, MemoryStore};

use self::trip_events::{
    Booked, Cancelled, Cars, Full, GaveBack, Hotels, NoCar, Rented, TRIP_EVENTS, TRIPS_BOOK, Trip,
    Trips, serve_cars, serve_hotels, serve_trips,
};
use crate::support::block_on;

/// A trip, by whoever has a room and a car.
#[choreography]
pub mod trip_events {
    use saga_runtime::prelude::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Trip {
        pub id: String,
        pub nights: u32,
    }

    #[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
    pub enum Size {
        Small,
        Large,
    }

    #[event]
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct Booked {
        pub trip: Trip,
    }
    #[event]
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct Roomed {
        pub trip: Trip,
        pub room: (u32, String),
    }
    #[event(terminal)]
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct Rented {
        pub size: Size,
    }
    #[event(terminal)]
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct GaveBack {
        pub room: (u32, String),
        pub because: String,
    }
    #[event(terminal)]
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct Cancelled;

    #[event]
    #[derive(Debug, thiserror::Error, Serialize, Deserialize)]
    pub enum Full {
        #[transient]
        #[error("nobody is at the desk")]
        Away,
        #[error("no room for {nights} nights")]
        NoRoom { nights: u32 },
    }
    #[event]
    #[derive(Debug, thiserror::Error, Serialize, Deserialize)]
    #[error("no car")]
    pub struct NoCar {
        pub size: Size,
        pub other: Option<Size>,
        pub at: Timestamp,
        pub why: String,
    }
    #[derive(Debug, thiserror::Error)]
    pub enum TripError {
        #[error("there is a trip {id} already")]
        Exists { id: String },
    }

    pub trait Trips {
        #[command(compensate = cancel)]
        async fn book(&self, tx: &mut Tx, cmd: Trip) -> Result<Booked, TripError>;
        #[on(Full, NoCar)]
        async fn cancel(&self, tx: &mut Tx, booked: &Booked) -> Result<Cancelled, Retry>;
    }
    pub trait Hotels {
        #[on(Booked, compensate = give_back)]
        async fn reserve(&self, tx: &mut Tx, booked: &Booked) -> Result<Roomed, Full>;
        #[on(NoCar)]
        async fn give_back(
            &self, tx: &mut Tx, no_car: &NoCar, roomed: Roomed,
        ) -> Result<GaveBack, Retry>;
        #[on(Booked, observer)]
        async fn count(&self, tx: &mut Tx) -> Result<(), Retry>;
    }
    pub trait Cars {
        #[on(Roomed, pivot)]
        async fn rent(&self, tx: &mut Tx, roomed: &Roomed) -> Result<Rented, NoCar>;
    }
}

use self::trip_events::{Roomed, Size, TripError};

#[derive(Serialize, Deserialize)]
struct Row {
    id: String,
    count: u32,
}

const ROWS: Table<Row> = Table::new("rows", "id");

struct Agency;

impl Trips for Agency {
    async fn book(&self, tx: &mut Tx, cmd: Trip) -> Result<Booked, TripError> {
        let exists = TripError::Exists { id: cmd.id.clone() };
        let row = Row {
            id: cmd.id.clone(),
            count: 1,
        };
        tx.insert(&ROWS, &row, exists);
        Ok(Booked { trip: cmd })
    }

    async fn cancel(&self, tx: &mut Tx, booked: &Booked) -> Result<Cancelled, Retry> {
        tx.delete(&ROWS, booked.trip.id.as_str());
        Ok(Cancelled)
    }
}

impl Hotels for Agency {
    async fn reserve(&self, tx: &mut Tx, booked: &Booked) -> Result<Roomed, Full> {
        let trip = booked.trip.clone();
        if trip.nights > 7 {
            return Err(Full::NoRoom {
                nights: trip.nights,
            });
        }
        let room = (7, trip.id.clone());
        tx.update(&ROWS, "rooms").add("count", 1);
        Ok(Roomed { trip, room })
    }

    async fn give_back(
        &self, tx: &mut Tx, no_car: &NoCar, roomed: Roomed,
    ) -> Result<GaveBack, Retry> {
        tx.update(&ROWS, "rooms").subtract("count", 1);
        Ok(GaveBack {
            room: roomed.room,
            because: no_car.why.clone(),
        })
    }

    async fn count(&self, tx: &mut Tx) -> Result<(), Retry> {
        tx.update(&ROWS, "asked").add("count", 1);
        Ok(())
    }
}

impl Cars for Agency {
    async fn rent(&self, tx: &mut Tx, roomed: &Roomed) -> Result<Rented, NoCar> {
        tx.update(&ROWS, roomed.trip.id.as_str()).add("count", 1);
        Ok(Rented { size: Size::Small })
    }
}

fn agency() -> [Consumer; 3] {
    [
        serve_trips(Agency, MemoryStore::new()),
        serve_hotels(Agency, MemoryStore::new()),
        serve_cars(Agency, MemoryStore::new()),
    ]
}

fn trip(nights: u32) -> Trip {
    let id = "trip-1".to_owned();
    Trip { id, nights }
}

#[test]
fn a_module_is_consistent_whatever_fails() {
    let report = block_on(event_matrix(TRIP_EVENTS, &TRIPS_BOOK, trip(2), || async {
        agency()
    }));
    report.assert_complete();
    let rejected = |fault: &str| {
        let mut cases = report.cases().iter().flat_map(Case::injected);
        cases.any(|injected| injected.fault() == fault)
    };
    assert!(rejected("rejected with Full") && rejected("rejected with NoCar"));
}

#[test]
fn a_rejection_of_the_business_is_followed_as_one_that_is_injected() {
    let matrix = EventMatrix::new(TRIP_EVENTS, || async { agency() });
    let report = block_on(matrix.send("too long", &TRIPS_BOOK, &trip(8)).run());
    report.assert_consistent();
    assert_eq!(report.cases()[0].end().to_string(), "failed with Full");
}

#[test]
fn participants_in_one_function_are_consistent_too() {
    let [trips, hotels, cars] = agency();
    let joined = || async {
        let [trips, hotels, cars] = agency();
        [Consumer::join([trips, cars]), hotels]
    };
    let report = block_on(event_matrix(TRIP_EVENTS, &TRIPS_BOOK, trip(2), joined));
    report.assert_complete();
    // The same without a matrix.
    let mut bus = Bus::new(TRIP_EVENTS).with(Consumer::join([trips, hotels, cars]));
    block_on(async {
        bus.send(&TRIPS_BOOK, "trip-1", &trip(2)).await.unwrap();
        bus.settle().await;
    });
    assert_eq!(bus.report("trip-1").end().to_string(), "committed");
}

#[test]
fn stand_ins_are_consistent_whatever_fails() {
    let worlds = EventStandIns::of(TRIP_EVENTS).worlds().unwrap();
    let report = block_on(event_matrix(TRIP_EVENTS, &TRIPS_BOOK, trip(2), worlds));
    report.assert_complete();
}
