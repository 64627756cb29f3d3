//! A trip of three bookings: hotel, flight and car are all booked, or none of them is.

// The contract's module is called as its flow; so is this file.
#![allow(clippy::module_inception)]

use saga_local::{Engine, Fault};
use saga_runtime::prelude::*;
use saga_runtime::store::StoreError;
use saga_runtime::{Handler, MemoryStore};

use crate::report::{Scenario, Stores};
use book_trip::{Booking, BookingError, Car, Flight, Hotel, Itinerary, Trip};

/// Books a trip: hotel, flight and car, or nothing at all.
#[saga]
pub mod book_trip {
    use saga_runtime::prelude::*;

    /// What the traveller asks for.
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct Trip {
        /// The traveller's own number.
        pub id: String,
        /// Where to.
        pub city: String,
        /// How many nights.
        pub nights: u32,
    }

    /// A booking's number.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Booking(pub String);

    /// What the traveller gets.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Itinerary {
        /// At the hotel.
        pub room: Booking,
        /// At the airline.
        pub seat: Booking,
        /// At the rental.
        pub car: Booking,
    }

    /// Why a booking is refused.
    #[derive(Debug, thiserror::Error)]
    pub enum BookingError {
        /// Nothing is left.
        #[error("nothing is left in {city}")]
        SoldOut {
            /// Where.
            city: String,
        },
    }

    /// Rooms.
    pub trait Hotel {
        /// Books a room.
        #[step(compensate = cancel, retry(max_attempts = 4, interval = "1s"), timeout = "10s")]
        async fn book(
            &self, tx: &mut Tx, trip: &str, city: &str, nights: u32,
        ) -> Result<Booking, BookingError>;
        /// Gives the room back.
        #[compensation]
        async fn cancel(&self, tx: &mut Tx, city: &str, booking: Booking) -> Result<(), Retry>;
    }

    /// Seats.
    pub trait Flight {
        /// Books a seat.
        #[step(compensate = cancel, timeout = "10s")]
        async fn book(&self, tx: &mut Tx, trip: &str, city: &str) -> Result<Booking, BookingError>;
        /// Gives the seat back.
        #[compensation]
        async fn cancel(&self, tx: &mut Tx, city: &str, booking: Booking) -> Result<(), Retry>;
    }

    /// Cars.
    pub trait Car {
        /// Rents a car.
        #[step(compensate = cancel, timeout = "10s")]
        async fn rent(&self, tx: &mut Tx, trip: &str, city: &str) -> Result<Booking, BookingError>;
        /// Gives the car back.
        #[compensation]
        async fn cancel(&self, tx: &mut Tx, city: &str, booking: Booking) -> Result<(), Retry>;
    }

    /// Books a trip: hotel, flight and car, or nothing at all.
    pub async fn book_trip(
        hotel: &impl Hotel, flight: &impl Flight, car: &impl Car, trip: Trip,
    ) -> Result<Itinerary, Rejection> {
        let room = hotel.book(&trip.id, &trip.city, trip.nights).await?;
        let seat = flight.book(&trip.id, &trip.city).await?;
        let car = car.rent(&trip.id, &trip.city).await?;
        Ok(Itinerary { room, seat, car })
    }
}

/// What is left of one kind in one city.
#[derive(Serialize, Deserialize)]
struct Offer {
    city: String,
    free: u32,
}

const OFFERS: Table<Offer> = Table::new("offers", "city");

/// A booking takes one of what is free; the number tells whose it is.
fn take(tx: &mut Tx, kind: &str, trip: &str, city: &str) -> Booking {
    tx.update(&OFFERS, city).subtract("free", 1).only_if(
        field("free").at_least(1),
        BookingError::SoldOut {
            city: city.to_owned(),
        },
    );
    Booking(format!("{kind}-{trip}"))
}

fn give_back(tx: &mut Tx, city: &str) {
    tx.update(&OFFERS, city).add("free", 1);
}

/// The hotel's service.
pub struct HotelService;

impl Hotel for HotelService {
    async fn book(
        &self, tx: &mut Tx, trip: &str, city: &str, _nights: u32,
    ) -> Result<Booking, BookingError> {
        Ok(take(tx, "room", trip, city))
    }

    async fn cancel(&self, tx: &mut Tx, city: &str, _booking: Booking) -> Result<(), Retry> {
        give_back(tx, city);
        Ok(())
    }
}

/// The airline's service.
pub struct FlightService;

impl Flight for FlightService {
    async fn book(&self, tx: &mut Tx, trip: &str, city: &str) -> Result<Booking, BookingError> {
        Ok(take(tx, "seat", trip, city))
    }

    async fn cancel(&self, tx: &mut Tx, city: &str, _booking: Booking) -> Result<(), Retry> {
        give_back(tx, city);
        Ok(())
    }
}

/// The rental's service.
pub struct CarService;

impl Car for CarService {
    async fn rent(&self, tx: &mut Tx, trip: &str, city: &str) -> Result<Booking, BookingError> {
        Ok(take(tx, "car", trip, city))
    }

    async fn cancel(&self, tx: &mut Tx, city: &str, _booking: Booking) -> Result<(), Retry> {
        give_back(tx, city);
        Ok(())
    }
}

/// The three services, each with its own database.
#[derive(Clone, Default)]
pub struct Agency {
    /// The hotel's database.
    pub hotel: MemoryStore,
    /// The airline's database.
    pub flight: MemoryStore,
    /// The rental's database.
    pub car: MemoryStore,
}

impl Agency {
    /// Three rooms, three seats and one car in Lisbon.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn open() -> Result<Self, StoreError> {
        let agency = Self::default();
        for (store, free) in [(&agency.hotel, 3), (&agency.flight, 3), (&agency.car, 1)] {
            OFFERS
                .put(
                    store,
                    &Offer {
                        city: "Lisbon".to_owned(),
                        free,
                    },
                )
                .await?;
        }
        Ok(agency)
    }

    /// The services, as they would be on Lambda.
    pub fn handlers(&self) -> [Handler; 3] {
        [
            book_trip::serve_hotel(HotelService, self.hotel.clone()),
            book_trip::serve_flight(FlightService, self.flight.clone()),
            book_trip::serve_car(CarService, self.car.clone()),
        ]
    }

    /// An engine for the saga, with these services.
    pub fn engine(&self) -> Engine<Trip, Itinerary> {
        self.handlers()
            .into_iter()
            .fold(Engine::new(book_trip::BOOK_TRIP), Engine::with)
    }

    /// What is in the stores, for the reader.
    pub fn stores(&self) -> Stores {
        let mut stores = Stores::default();
        stores.add("hotel", &self.hotel);
        stores.add("flight", &self.flight);
        stores.add("car", &self.car);
        stores
    }
}

/// A trip to Lisbon.
pub fn trip(id: &str) -> Trip {
    Trip {
        id: id.to_owned(),
        city: "Lisbon".to_owned(),
        nights: 3,
    }
}

/// The three runs that `cargo run` shows, one after the other at one agency.
///
/// # Errors
///
/// The engine's, if a run cannot start.
pub async fn scenarios(agency: &Agency) -> Result<Vec<Scenario>, saga_local::Error> {
    let committed = agency.engine();
    let run = committed.start("trip-1", &trip("trip-1")).await?;
    let first = Scenario::new("everything works", &run, &committed);

    let sold_out = agency.engine();
    let run = sold_out.start("trip-2", &trip("trip-2")).await?;
    let second = Scenario::new(
        "the last car is gone, after hotel and flight were booked",
        &run,
        &sold_out,
    );

    // The action and its three retries take effect at most once, and nobody hears of it.
    let silent = agency
        .engine()
        .fault("flight.book", Fault::TimeoutAfterEffect.times(4));
    let run = silent.start("trip-3", &trip("trip-3")).await?;
    let third = Scenario::new(
        "the airline never answers, so nobody knows whether a seat is booked",
        &run,
        &silent,
    );
    Ok(vec![first, second, third])
}
