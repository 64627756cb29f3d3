//! A bank's new customer: an alternative path for those whom nobody knows yet, a saga within the saga, and a wait.

// The contract's module is called as its flow; so is this file.
#![allow(clippy::module_inception)]

use saga_local::Engine;
use saga_runtime::prelude::*;
use saga_runtime::{Handler, MemoryStore};

use crate::partner::{Ledger, entries};
use crate::report::{Scenario, Stores};
use onboard_customer::{
    Account, AccountRequest, Accounts, Application, Calls, Card, CardError, Cards, Credit,
    CreditError, CustomerError, Customers, Deposit, DepositError, Deposits, Iban, IbanError, Ibans,
    Welcome,
};

/// Takes customers on.
#[saga(deadline = "1h")]
pub mod onboard_customer {
    use saga_runtime::prelude::*;

    /// What a customer sends.
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct Application {
        /// Who.
        pub name: String,
        /// Where the card goes.
        pub address: String,
        /// A month's income in cents.
        pub income: u64,
        /// In cents, from those whom nobody knows yet.
        pub deposit: u64,
    }

    /// What an account is opened with.
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct AccountRequest {
        /// Whose.
        pub name: String,
        /// In cents.
        pub limit: u64,
    }

    /// An account's number in the world.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Iban(pub String);

    /// An account that is open.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Account {
        /// The bank's own number.
        pub number: String,
        /// Everybody else's.
        pub iban: Iban,
    }

    /// Money of the customer's that the bank keeps.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Deposit {
        /// The payment's number.
        pub id: String,
        /// In cents.
        pub cents: u64,
    }

    /// A card on its way.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Card {
        /// Its number.
        pub id: String,
    }

    /// What the customer gets.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Welcome {
        /// The account.
        pub account: Account,
        /// The card.
        pub card: Card,
        /// In cents.
        pub limit: u64,
    }

    /// Why somebody cannot become a customer.
    #[derive(Debug, thiserror::Error)]
    pub enum CustomerError {
        /// Once is enough.
        #[error("{name} is a customer already")]
        Known {
            /// Who.
            name: String,
        },
    }

    /// Why there is no credit.
    #[derive(Debug, thiserror::Error)]
    pub enum CreditError {
        /// Too little is known.
        #[error("there are {entries} entries, too few to tell")]
        Thin {
            /// How many there are.
            entries: u32,
        },
        /// Enough is known.
        #[error("there are debts")]
        Indebted,
        /// Tried again by the step's policy; every other variant is a rejection.
        #[transient]
        #[error("the bureau is busy")]
        Busy,
    }

    /// Why there is no deposit.
    #[derive(Debug, thiserror::Error)]
    pub enum DepositError {
        /// Nothing came.
        #[error("the deposit was not paid")]
        Unpaid,
        /// Tried again.
        #[transient]
        #[error("the other bank does not answer")]
        NoAnswer,
    }

    /// Why there is no IBAN.
    #[derive(Debug, thiserror::Error)]
    pub enum IbanError {
        /// On a list.
        #[error("{name} is barred")]
        Barred {
            /// Who.
            name: String,
        },
        /// Tried again.
        #[transient]
        #[error("the register does not answer")]
        NoAnswer,
    }

    /// Why there is no card.
    #[derive(Debug, thiserror::Error)]
    pub enum CardError {
        /// A card is handed over in person.
        #[error("no card is sent to a P.O. box")]
        Undeliverable,
        /// Tried again.
        #[transient]
        #[error("the makers of cards do not answer")]
        NoAnswer,
    }

    /// Keeps the customers.
    pub trait Customers {
        /// Writes a customer down.
        #[step(compensate = forget)]
        async fn register(&self, tx: &mut Tx, name: &str) -> Result<(), CustomerError>;
        /// Strikes the customer out.
        #[compensation]
        async fn forget(&self, tx: &mut Tx, name: &str) -> Result<(), Retry>;
    }

    /// Asks the credit bureau.
    pub trait Credit {
        /// How far a customer may overdraw.
        #[step(read_only, retry(max_attempts = 4, interval = "2s"), timeout = "20s")]
        async fn check(&self, cx: &Context, name: &str, income: u64) -> Result<u64, CreditError>;
    }

    /// Takes money from other banks.
    pub trait Deposits {
        /// Takes a deposit.
        #[step(compensate = refund)]
        async fn take(&self, cx: &Context, name: &str, cents: u64)
        -> Result<Deposit, DepositError>;
        /// Gives it back.
        #[compensation]
        async fn refund(&self, cx: &Context, deposit: Outcome<Deposit>) -> Result<(), Retry>;
    }

    /// Keeps the accounts.
    pub trait Accounts {
        /// Opens an account.
        #[step(compensate = strike)]
        async fn open(&self, tx: &mut Tx, request: &AccountRequest) -> Result<String, Retry>;
        /// It was never opened.
        #[compensation]
        async fn strike(&self, tx: &mut Tx, number: String) -> Result<(), Retry>;
        /// Closes an account that was open.
        #[step(retriable)]
        async fn close(&self, tx: &mut Tx, number: &str) -> Result<(), Retry>;
    }

    /// Talks to those who number accounts.
    pub trait Ibans {
        /// Gets a number.
        #[step(compensate = withdraw)]
        async fn assign(&self, cx: &Context, number: &str, name: &str) -> Result<Iban, IbanError>;
        /// It was never given.
        #[compensation]
        async fn withdraw(
            &self, cx: &Context, number: &str, iban: Outcome<Iban>,
        ) -> Result<(), Retry>;
        /// Gives a number back that was in use.
        #[step(retriable)]
        async fn retire(&self, cx: &Context, iban: &Iban) -> Result<(), Retry>;
    }

    /// Makes cards.
    pub trait Cards {
        /// Sends a card: the point of no return.
        #[step(pivot)]
        async fn issue(
            &self, cx: &Context, account: &Account, address: &str,
        ) -> Result<Card, CardError>;
    }

    /// Calls customers.
    pub trait Calls {
        /// Has somebody say hello.
        #[step(retriable)]
        async fn welcome(&self, tx: &mut Tx, name: &str) -> Result<(), Retry>;
    }

    /// Takes a customer on: account and card, with a deposit where nobody knows them yet.
    pub async fn onboard_customer(
        customers: &impl Customers, credit: &impl Credit, deposits: &impl Deposits,
        accounts: &impl Accounts, ibans: &impl Ibans, cards: &impl Cards, calls: &impl Calls,
        cmd: Application,
    ) -> Result<Welcome, Rejection> {
        customers.register(&cmd.name).await?;
        let limit = match credit.check(&cmd.name, cmd.income).await {
            Ok(limit) => limit,
            Err(CreditError::Thin { .. }) => {
                let deposit = deposits.take(&cmd.name, cmd.deposit).await?;
                deposit.cents
            }
            Err(other) => return Err(other.into()),
        };
        let request = AccountRequest {
            name: cmd.name.clone(),
            limit,
        };
        let account = open_account(accounts, ibans, request).await?;
        let card = cards.issue(&account, &cmd.address).await?;
        sleep(Duration::from_hours(24)).await;
        calls.welcome(&cmd.name).await?;
        Ok(Welcome {
            account,
            card,
            limit,
        })
    }

    /// Opens an account that the world can send money to.
    #[flow(compensate = close_account)]
    pub async fn open_account(
        accounts: &impl Accounts, ibans: &impl Ibans, request: AccountRequest,
    ) -> Result<Account, Rejection> {
        let number = accounts.open(&request).await?;
        let iban = ibans.assign(&number, &request.name).await?;
        Ok(Account { number, iban })
    }

    /// Closes an account that was open.
    pub async fn close_account(
        accounts: &impl Accounts, ibans: &impl Ibans, account: Account,
    ) -> Result<(), Rejection> {
        ibans.retire(&account.iban).await?;
        accounts.close(&account.number).await?;
        Ok(())
    }
}

/// A customer in the bank's database.
#[derive(Serialize, Deserialize)]
struct Customer {
    name: String,
}

/// An account in the bank's database.
#[derive(Serialize, Deserialize)]
struct Entry {
    number: String,
    name: String,
    limit: u64,
}

const CUSTOMERS: Table<Customer> = Table::new("customers", "name");
const ACCOUNTS: Table<Entry> = Table::new("accounts", "number");
const CALLS: Table<Customer> = Table::new("calls", "name");

/// The service that keeps the customers.
pub struct CustomerService;

impl Customers for CustomerService {
    async fn register(&self, tx: &mut Tx, name: &str) -> Result<(), CustomerError> {
        let name = name.to_owned();
        let known = CustomerError::Known { name: name.clone() };
        tx.insert(&CUSTOMERS, &Customer { name }, known);
        Ok(())
    }

    async fn forget(&self, tx: &mut Tx, name: &str) -> Result<(), Retry> {
        tx.delete(&CUSTOMERS, name);
        Ok(())
    }
}

/// The service in front of the credit bureau.
pub struct CreditService;

impl Credit for CreditService {
    async fn check(&self, _cx: &Context, _name: &str, income: u64) -> Result<u64, CreditError> {
        match income {
            0 => Err(CreditError::Thin { entries: 1 }),
            income => Ok(income / 2),
        }
    }
}

/// The service that takes money from other banks.
pub struct DepositService {
    /// The other banks' books.
    pub books: Ledger,
}

impl Deposits for DepositService {
    async fn take(&self, cx: &Context, name: &str, cents: u64) -> Result<Deposit, DepositError> {
        if cents == 0 {
            return Err(DepositError::Unpaid);
        }
        let id = format!("deposit-{name}");
        match self.books.once(&cx.idempotency_key(), &id).await {
            Ok(id) => Ok(Deposit { id, cents }),
            Err(_) => Err(DepositError::NoAnswer),
        }
    }

    async fn refund(&self, cx: &Context, _deposit: Outcome<Deposit>) -> Result<(), Retry> {
        // The key names it, whether or not anybody has heard of it.
        Ok(self.books.void(&cx.idempotency_key()).await?)
    }
}

/// The service that keeps the accounts.
pub struct AccountService;

impl Accounts for AccountService {
    async fn open(&self, tx: &mut Tx, request: &AccountRequest) -> Result<String, Retry> {
        let number = format!("account-{}", request.name);
        let entry = Entry {
            number: number.clone(),
            name: request.name.clone(),
            limit: request.limit,
        };
        tx.put(&ACCOUNTS, &entry);
        Ok(number)
    }

    async fn strike(&self, tx: &mut Tx, number: String) -> Result<(), Retry> {
        tx.delete(&ACCOUNTS, number);
        Ok(())
    }

    async fn close(&self, tx: &mut Tx, number: &str) -> Result<(), Retry> {
        tx.delete(&ACCOUNTS, number);
        Ok(())
    }
}

/// The service in front of those who number accounts.
pub struct IbanService {
    /// Their register.
    pub register: Ledger,
}

impl Ibans for IbanService {
    async fn assign(&self, _cx: &Context, number: &str, name: &str) -> Result<Iban, IbanError> {
        if name == "mallory" {
            let name = name.to_owned();
            return Err(IbanError::Barred { name });
        }
        // The IBAN is its own key: `retire` comes from another saga, which knows no other.
        let iban = iban_of(number);
        let iban = self.register.once(&iban, &iban).await;
        iban.map(Iban).map_err(|_| IbanError::NoAnswer)
    }

    async fn withdraw(
        &self, _cx: &Context, number: &str, _iban: Outcome<Iban>,
    ) -> Result<(), Retry> {
        Ok(self.register.void(&iban_of(number)).await?)
    }

    async fn retire(&self, _cx: &Context, iban: &Iban) -> Result<(), Retry> {
        Ok(self.register.void(&iban.0).await?)
    }
}

fn iban_of(number: &str) -> String {
    format!("iban-of-{number}")
}

/// The service in front of those who make cards.
pub struct CardService {
    /// Their orders.
    pub orders: Ledger,
}

impl Cards for CardService {
    async fn issue(
        &self, cx: &Context, account: &Account, address: &str,
    ) -> Result<Card, CardError> {
        if address.starts_with("P.O. box") {
            return Err(CardError::Undeliverable);
        }
        let id = format!("card-of-{}", account.number);
        match self.orders.once(&cx.idempotency_key(), &id).await {
            Ok(id) => Ok(Card { id }),
            Err(_) => Err(CardError::NoAnswer),
        }
    }
}

/// The service that calls customers.
pub struct CallService;

impl Calls for CallService {
    async fn welcome(&self, tx: &mut Tx, name: &str) -> Result<(), Retry> {
        let name = name.to_owned();
        tx.put(&CALLS, &Customer { name });
        Ok(())
    }
}

/// The seven services with a database or a partner each, as they stand between two sagas.
#[derive(Clone, Default)]
pub struct Bank {
    /// The database of those who keep the customers.
    pub customers: MemoryStore,
    /// The database of those who keep the accounts.
    pub accounts: MemoryStore,
    /// The database of those who call.
    pub calls: MemoryStore,
    /// The databases of the services in front of partners: the barrier's records alone.
    pub outside: [MemoryStore; 4],
    /// The other banks' books, the register of account numbers, and what the makers of cards were asked for.
    pub partners: MemoryStore,
}

impl Bank {
    /// The services, as they would be on Lambda.
    pub fn handlers(&self) -> [Handler; 7] {
        let [credit, deposits, ibans, cards] = self.outside.clone();
        let [books, register, orders] =
            ["deposits", "ibans", "cards"].map(|name| Ledger::new(name, self.partners.clone()));
        [
            onboard_customer::serve_customers(CustomerService, self.customers.clone()),
            onboard_customer::serve_credit(CreditService, credit),
            onboard_customer::serve_deposits(DepositService { books }, deposits),
            onboard_customer::serve_accounts(AccountService, self.accounts.clone()),
            onboard_customer::serve_ibans(IbanService { register }, ibans),
            onboard_customer::serve_cards(CardService { orders }, cards),
            onboard_customer::serve_calls(CallService, self.calls.clone()),
        ]
    }

    /// An engine for the saga and the two that it starts, with these services.
    pub fn engine(&self) -> Engine<Application, Welcome> {
        let engine = Engine::new(onboard_customer::ONBOARD_CUSTOMER)
            .with_flow(onboard_customer::OPEN_ACCOUNT)
            .with_flow(onboard_customer::CLOSE_ACCOUNT);
        self.handlers().into_iter().fold(engine, Engine::with)
    }

    /// What is in the stores, for the reader.
    pub fn stores(&self) -> Stores {
        let mut stores = Stores::default();
        stores.add("bank", &self.customers);
        stores.add("bank", &self.accounts);
        stores.add("bank", &self.calls);
        stores.add_outside(
            "other banks",
            "deposit",
            entries(&self.partners, "deposits"),
        );
        stores.add_outside("account numbers", "iban", entries(&self.partners, "ibans"));
        stores.add_outside("card makers", "card", entries(&self.partners, "cards"));
        stores
    }
}

/// An application of somebody with an income, whom the credit bureau knows.
pub fn application(name: &str) -> Application {
    Application {
        name: name.to_owned(),
        address: "1 Rua Augusta".to_owned(),
        income: 400_000,
        deposit: 0,
    }
}

/// An application of somebody whom the credit bureau does not know.
pub fn first_job(name: &str) -> Application {
    Application {
        income: 0,
        deposit: 50_000,
        ..application(name)
    }
}

/// The four runs that `cargo run` shows, one after the other at one bank.
///
/// # Errors
///
/// The engine's, if a run cannot start.
pub async fn scenarios(bank: &Bank) -> Result<Vec<Scenario>, saga_local::Error> {
    let moving = Application {
        address: "P.O. box 7".to_owned(),
        ..first_job("dan")
    };
    let runs = [
        ("everything works", application("ada")),
        (
            "too little is known of the customer, who pays a deposit instead",
            first_job("bob"),
        ),
        (
            "the account gets no number: its own saga undoes it, then this one goes on",
            application("mallory"),
        ),
        (
            "no card can be sent, so the account that was open is closed, and the deposit goes back",
            moving,
        ),
    ];
    let mut scenarios = Vec::new();
    for (title, application) in runs {
        let engine = bank.engine();
        let run = engine.start(&application.name, &application).await?;
        scenarios.push(Scenario::new(title, &run, &engine));
    }
    Ok(scenarios)
}
