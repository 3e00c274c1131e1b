//! A small test province as processes: an engine, finance's voucher store, two banks and the central bank, over
//! TLS lines of which one can be cut. What the demo's settlement runs and kills, and what `bench` loads beside.

mod cable;
mod founding;
mod party;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use counterparties::script::Script;
use domain::Fen;
use domain::ids::QuotaId;
use serde_json::{Value, json};

use crate::child::{Server, ServerOptions};
pub(crate) use cable::Cable;
pub(crate) use founding::Payments;
use party::Party;

/// The parties.
const FINANCE: &str = "finance:379998000";
const CENTRAL_BANK: &str = "central-bank:3799";

/// The division's code, and the treasury that holds its cash.
const DIVISION_CODE: &str = "379998000";
const TREASURY: &str = "3799980001";

/// The business day on which everything is ordered, a Friday, and the one after it.
pub(crate) const DAY: &str = "2022-03-04";
pub(crate) const NEXT_DAY: &str = "2022-03-07";

/// Pause between two looks, and looks without any change before it is given up: two minutes.
const PAUSE: Duration = Duration::from_millis(50);
const LOOKS_MAX: u32 = 2_400;

/// An agent bank, the unit that it keeps a zero-balance account for, and the account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BankOfUnit {
    party: &'static str,
    code: &'static str,
    name: &'static str,
    number: &'static str,
    unit: &'static str,
    unit_name: &'static str,
    account: &'static str,
    account_name: &'static str,
}

/// The banks of the province.
const BANKS: [BankOfUnit; 2] = [
    BankOfUnit {
        party: "bank:102",
        code: "102",
        name: "工商银行",
        number: "102451099999",
        unit: "101002",
        unit_name: "第一中学",
        account: "379998000102",
        account_name: "第一中学零余额账户",
    },
    BankOfUnit {
        party: "bank:103",
        code: "103",
        name: "农业银行",
        number: "103451099999",
        unit: "101003",
        unit_name: "第二中学",
        account: "379998000103",
        account_name: "第二中学零余额账户",
    },
];

/// Banks there are.
pub(crate) const BANKS_THERE_ARE: usize = BANKS.len();

/// The bank whose script has faults, and whose line can be cut.
pub(crate) const SCRIPTED: usize = 1;

/// The processes.
pub(crate) struct Province {
    pub(crate) engine: Server,
    pub(crate) finance: Party,
    pub(crate) central_bank: Party,
    pub(crate) banks: Vec<Party>,
    /// The primary line between the second bank and finance.
    pub(crate) cable: Cable,
    /// A quota of each bank's unit.
    quotas: [QuotaId; BANKS.len()],
}

/// Where finance's journal is, below the directory of all.
const FINANCE_DIRECTORY: &str = "finance";
/// Where the central bank's is.
const TREASURY_DIRECTORY: &str = "treasury";

impl Province {
    /// Starts everybody below a directory, with an engine of one's own choice, so much cash in the treasury and as much
    /// on quotas. The second bank answers by a script.
    ///
    /// # Errors
    /// If a process cannot be started, or does not take what is put on file.
    pub(crate) fn found(
        dir: &Path,
        engine: &ServerOptions,
        cash_fen: Fen,
        script: &Script,
    ) -> Result<Province> {
        let engine = Server::start(engine)?;
        let quotas = founding::put_on_file(engine.address, cash_fen)?;
        make_keys(&dir.join("keys"))?;
        let listen = ["--listen", "127.0.0.1:0,127.0.0.1:0"];
        let mut arguments = own(dir, FINANCE_DIRECTORY, FINANCE);
        arguments.extend(["--server".to_owned(), engine.address.to_string()]);
        arguments.extend(texts(&["--central-bank", CENTRAL_BANK, "--peer", CENTRAL_BANK]));
        arguments.extend(BANKS.iter().flat_map(|bank| texts(&["--peer", bank.party])));
        arguments.extend(texts(&listen));
        let finance = Party::start(&["exchange", "serve"], arguments, dir.join("finance.log"))?;
        let mut arguments = own(dir, TREASURY_DIRECTORY, CENTRAL_BANK);
        arguments.extend(texts(&["--name", "国库", "--peer"]));
        arguments.push(format!("{FINANCE}={}", finance.lines()));
        arguments.extend(BANKS.iter().flat_map(|bank| texts(&["--peer", bank.party])));
        arguments.extend(texts(&listen));
        let central_bank =
            Party::start(&["simulate", "central-bank"], arguments, dir.join("treasury.log"))?;
        let cable = Cable::to(finance.listening(0)?)?;
        let mut banks = Vec::new();
        for (at, bank) in BANKS.iter().enumerate() {
            let at_finance = match at {
                0 => finance.lines(),
                _ => format!("{},{}", cable.address(), finance.listening(1)?),
            };
            let mut arguments = own(dir, bank.code, bank.party);
            arguments.extend(texts(&["--name", bank.name, "--central-bank", CENTRAL_BANK]));
            arguments.extend(["--peer".to_owned(), format!("{FINANCE}={at_finance}")]);
            let at_central_bank = format!("{CENTRAL_BANK}={}", central_bank.lines());
            arguments.extend(["--peer".to_owned(), at_central_bank]);
            if at == SCRIPTED {
                let file = dir.join("script");
                std::fs::write(&file, script.to_string()).context("a script cannot be written")?;
                arguments.extend(["--script".to_owned(), file.display().to_string()]);
            }
            let log = dir.join(format!("{}.log", bank.code));
            banks.push(Party::start(&["simulate", "bank"], arguments, log)?);
        }
        let province = Province { engine, finance, central_bank, banks, cable, quotas };
        province.open_the_day(cash_fen)?;
        Ok(province)
    }

    /// Where the parties' journals are below the directory it was founded in.
    pub(crate) fn journals(dir: &Path) -> Vec<PathBuf> {
        let banks = BANKS.iter().map(|bank| bank.code);
        [FINANCE_DIRECTORY, TREASURY_DIRECTORY]
            .into_iter()
            .chain(banks)
            .map(|name| dir.join(name))
            .collect()
    }

    /// The quota of a bank's unit.
    pub(crate) fn quota(&self, bank: usize) -> QuotaId {
        self.quotas[bank]
    }

    /// The key of finance's payment order (8202) by its number.
    pub(crate) fn order_voucher(&self, number: u64) -> String {
        format!("{DIVISION_CODE}-{}-8202-{number:010}", founding::YEAR)
    }

    /// Which bank a party is.
    pub(crate) fn bank_named(&self, party: &str) -> Result<usize> {
        let at = BANKS.iter().position(|bank| bank.party == party);
        at.with_context(|| format!("there is no {party} here"))
    }

    /// Tells banks and central bank whom they serve, and begins the day.
    fn open_the_day(&self, cash_fen: Fen) -> Result<()> {
        let mut rows = vec![
            json!({ "row": "treasury", "code": TREASURY, "division": DIVISION_CODE, "finance": FINANCE }),
            json!({ "row": "function", "year": founding::YEAR, "code": founding::FUNCTION }),
            json!({ "row": "unit", "division": DIVISION_CODE, "code": founding::DEPARTMENT }),
        ];
        for bank in &BANKS {
            rows.push(json!({ "row": "bank", "code": bank.code, "name": bank.name }));
            rows.push(json!({ "row": "unit", "division": DIVISION_CODE, "code": bank.unit }));
        }
        self.central_bank.order("file", json!({ "rows": rows }))?;
        self.central_bank.order("open-first-day", json!({ "day": DAY }))?;
        let opening =
            json!({ "treasury": TREASURY, "what": "opening", "amount": cash_fen.to_yuan() });
        self.central_bank.order("pay-in", opening)?;
        for (bank, process) in BANKS.iter().zip(&self.banks) {
            let account = json!({
                "number": bank.account, "name": bank.account_name, "division": DIVISION_CODE,
                "treasury": TREASURY, "finance": FINANCE,
            });
            process.order("open-account", account)?;
            process.order("open-first-day", json!({ "day": DAY }))?;
        }
        Ok(())
    }

    /// Everybody begins the next day.
    pub(crate) fn open_the_next_day(&self) -> Result<()> {
        self.finance.order("open-day", json!({ "day": NEXT_DAY, "worked": true }))?;
        let others = [&self.central_bank].into_iter().chain(&self.banks);
        others.into_iter().try_for_each(|party| party.order("open-day", json!({ "day": NEXT_DAY })))
    }

    /// The banks and the central bank end their day, and tell it.
    pub(crate) fn close_theirs(&self) -> Result<()> {
        let theirs = self.banks.iter().chain([&self.central_bank]);
        theirs.into_iter().try_for_each(|party| party.order("close", json!({})))
    }

    /// The voucher that orders a payment.
    pub(crate) fn voucher_of(&self, payment: u64) -> Result<String> {
        let told = self.finance.look("payment", founding::named(payment))?;
        let voucher = told["voucher"]["voucher"].as_str();
        Ok(voucher.with_context(|| format!("payment {payment} has no voucher: {told}"))?.to_owned())
    }

    /// What finance says of itself.
    pub(crate) fn at_finance(&self) -> Result<Value> {
        self.finance.look("status", json!({}))
    }

    /// What a bank says of itself, from its own ledger.
    pub(crate) fn at_bank(&self, bank: usize) -> Result<Value> {
        self.banks[bank].look("status", json!({}))
    }

    /// What the central bank says of itself and of the treasury.
    pub(crate) fn at_central_bank(&self) -> Result<Value> {
        self.central_bank.look("status", json!({ "treasury": TREASURY }))
    }

    /// What is left in the treasury, as the central bank's ledger has it.
    pub(crate) fn cash_fen(&self) -> Result<Fen> {
        let status = self.at_central_bank()?;
        let balance = status["central_bank"]["balance"].as_str();
        let balance = balance.context("the central bank tells no balance of the treasury")?;
        Ok(Fen::from_yuan(balance)?)
    }

    /// Ends everybody in good order, the engine last.
    ///
    /// # Errors
    /// If the engine does not end well.
    pub(crate) fn stop(self) -> Result<()> {
        let Province { engine, finance, central_bank, banks, .. } = self;
        for party in banks.into_iter().chain([central_bank, finance]) {
            party.stop()?;
        }
        let (status, _) = engine.stop()?;
        ensure!(status.success(), "the engine ended with {status}");
        Ok(())
    }
}

/// Looks until something has come as far as it has to, or does not move any more. A look says both.
///
/// # Errors
/// If a look fails, or nothing moves any more.
pub(crate) fn until(what: &str, mut look: impl FnMut() -> Result<(u64, u64)>) -> Result<()> {
    let (mut last, mut looks) = (None, 0);
    loop {
        let (is, wanted) = look()?;
        if is == wanted {
            return Ok(());
        }
        if last.replace(is) != Some(is) {
            looks = 0;
        }
        looks += 1;
        if looks > LOOKS_MAX {
            bail!("waited in vain until {what}: {is} of {wanted}");
        }
        thread::sleep(PAUSE);
    }
}

/// A figure that a party tells of itself.
///
/// # Errors
/// If it tells none there.
pub(crate) fn number(told: &Value, path: &str) -> Result<u64> {
    let found = told.pointer(path).and_then(Value::as_u64);
    found.with_context(|| format!("{path} is no number in {told}"))
}

fn texts(of: &[&str]) -> Vec<String> {
    of.iter().map(|&text| text.to_owned()).collect()
}

/// What every party is told of itself.
fn own(dir: &Path, name: &str, party: &str) -> Vec<String> {
    let keys: PathBuf = dir.join("keys").join(party.replace(':', "-"));
    let mut arguments = texts(&["--party", party, "--day", DAY]);
    arguments.extend(["--data".to_owned(), dir.join(name).display().to_string()]);
    arguments.extend(["--keys".to_owned(), keys.display().to_string()]);
    arguments
}

fn make_keys(dir: &Path) -> Result<()> {
    let program = std::env::current_exe().context("the program does not know its own path")?;
    let mut command = Command::new(program);
    command.args(["simulate", "keys"]).arg(dir);
    let parties = [FINANCE, CENTRAL_BANK].into_iter().chain(BANKS.iter().map(|bank| bank.party));
    for party in parties {
        command.args(["--party", party]);
    }
    let output = command.output().context("the keys cannot be made")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}
