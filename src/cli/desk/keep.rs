//! The order whose outcome is open, on the desk's own disk: there before it is sent, gone once its
//! outcome is certain. So the id outlives the desk. Never read but at the start.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use domain::codes::Role;
use domain::command::Body;
use domain::ids::{ChannelId, PaymentId, QuotaId};
use domain::{Command, Fen};
use protocol::limits::COMMAND_BYTES;
use protocol::{Flags, decode_command, encode_command};
use serde_json::{Value, json};

use super::order::{Order, Report, Reservation, Resolution, What};
use crate::cli::arguments;
use crate::hex;

const SCHEMA: &str = "treasury-desk-order";

/// Bytes that are read of the file at most: the texts of one order in hex, and some.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// Where the open order is kept, if anywhere.
pub(super) struct Keep {
    path: Option<PathBuf>,
    kept: Option<Order>,
}

impl Keep {
    /// Opens the place, and gives the order that an earlier desk left there.
    ///
    /// # Errors
    /// If there is something that cannot be read: nobody knows then what is open.
    pub(super) fn open(path: Option<&Path>) -> Result<(Keep, Option<Order>)> {
        let Some(path) = path else { return Ok((Keep { path: None, kept: None }, None)) };
        let shown = path.display();
        let kept = match fs::metadata(path) {
            Ok(file) => {
                ensure!(file.len() <= FILE_BYTES_MAX, "{shown} is too long for an order");
                let text = fs::read_to_string(path).with_context(|| format!("{shown}"))?;
                let read = read(&text).with_context(|| {
                    format!("{shown} holds no order of a desk; look at it, and move it away")
                });
                Some(read?)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(|| format!("{shown}")),
        };
        Ok((Keep { path: Some(path.to_owned()), kept: kept.clone() }, kept))
    }

    /// Keeps what is open now, before anything of it is sent.
    ///
    /// # Errors
    /// If it cannot be made durable; then it must not be sent.
    pub(super) fn hold(&mut self, open: Option<&Order>) -> Result<()> {
        let Some(path) = self.path.as_deref().filter(|_| self.kept.as_ref() != open) else {
            return Ok(());
        };
        let done = match open {
            Some(order) => write(path, order),
            None => fs::remove_file(path).map_err(Into::into).and_then(|()| sync_directory(path)),
        };
        self.kept = open.cloned();
        done.with_context(|| format!("the open order cannot be kept in {}", path.display()))
    }
}

fn write(path: &Path, order: &Order) -> Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = PathBuf::from(new);
    let mut file = File::create(&new)?;
    file.write_all(told(order)?.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    sync_directory(path)
}

fn sync_directory(path: &Path) -> Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    Ok(File::open(directory.unwrap_or(Path::new(".")))?.sync_all()?)
}

/// The order as a line of text: the command as it is sent, and what people see of it.
fn told(order: &Order) -> Result<String> {
    let (mut bytes, mut tail) = ([0; COMMAND_BYTES], Vec::new());
    encode_command(&order.command(), Flags::default(), &mut bytes, &mut tail)?;
    let object = json!({
        "schema": SCHEMA,
        "version": 1,
        "role": order.by.role.slug(),
        "channel": order.by.channel.0,
        "payment": order.payment.to_string(),
        "quota": order.quota.to_string(),
        "amount_fen": order.amount_fen.get(),
        "payee": order.payee,
        "command": hex::write(&bytes),
        "tail": hex::write(&tail),
    });
    Ok(format!("{object}\n"))
}

fn read(text: &str) -> Result<Order> {
    let object: Value = serde_json::from_str(text)?;
    let field = |name: &str| object[name].as_str().with_context(|| format!("no text {name:?}"));
    ensure!(field("schema")? == SCHEMA && object["version"] == 1, "another schema or version");
    let role = Role::from_slug(field("role")?).context("no role")?;
    let channel = object["channel"].as_u64().and_then(|channel| u16::try_from(channel).ok());
    let channel = ChannelId(channel.context("no channel")?);
    let bytes = |name: &str| hex::read(field(name)?).with_context(|| format!("no hex {name:?}"));
    let tail = bytes("tail")?;
    let bytes: [u8; COMMAND_BYTES] =
        bytes("command")?.try_into().ok().context("a command of another length")?;
    let command = decode_command(&bytes, &tail, role, channel)
        .map_err(|code| anyhow::anyhow!("the command cannot be read: {code}"))?;
    let amount_fen = Fen::new(object["amount_fen"].as_i64().context("no amount")?);
    let wrong = |why: String| anyhow::anyhow!(why);
    // Of a fact in suspense the command does not say what it is about. Earlier desks kept no quota.
    let about = match &command.body {
        Body::Resolve(_) => {
            let quota = arguments::quota(field("quota")?).map_err(wrong)?;
            (arguments::payment(field("payment")?).map_err(wrong)?, quota)
        }
        _ => (PaymentId(0), command.quota().context("no quota")?),
    };
    order_of(&command, about, amount_fen, field("payee")?)
}

fn order_of(
    command: &Command<'_>,
    (payment, quota): (PaymentId, QuotaId),
    amount_fen: Fen,
    payee: &str,
) -> Result<Order> {
    let (payment, what): (PaymentId, What) = match &command.body {
        Body::Reserve(c) => {
            let reservation = Reservation {
                economic: c.economic,
                method: c.method,
                kind: c.kind,
                day: c.day,
                contract: c.contract,
                plan: c.plan,
                deadline_ms: c.deadline_ms,
                one_act: c.one_act,
                particulars: c.particulars.bytes().to_vec(),
            };
            (c.payment, What::Reserve(reservation))
        }
        Body::Step(c) => {
            let (kind, serial, reason) = (c.kind, c.serial, c.reason.to_owned());
            (c.payment, What::Step { kind, serial, reason })
        }
        Body::Fact(c) => {
            let report = Report {
                kind: c.kind,
                serial: c.serial,
                payee_hash: c.payee_hash,
                day: c.day,
                refund: c.refund,
                detail: c.detail,
                note: c.note.to_owned(),
            };
            (c.payment, What::Fact(report))
        }
        Body::Resolve(c) => {
            let resolution = Resolution {
                act: c.act,
                book: (c.division, c.year),
                channel: c.channel,
                serial: c.serial,
                action: c.action,
                reason: c.reason.to_owned(),
            };
            (payment, What::Resolve(resolution))
        }
        _ => bail!("a desk gives no {}", command.slug()),
    };
    Ok(Order { by: command.by, payment, quota, amount_fen, payee: payee.to_owned(), what })
}

#[cfg(test)]
mod tests {
    use domain::codes::{FactKind, ResolveAction, StepKind};
    use domain::ids::{ActId, Day, DivisionIndex, FiscalYear};
    use domain::particulars::ParticularsText;

    use super::*;
    use crate::cli::desk::wish::tests::order;

    #[test]
    fn every_kind_of_order_comes_back_as_it_went() {
        let mut reserve = order();
        let texts = ParticularsText { payee_name: "齐鲁文具店".into(), ..Default::default() };
        if let What::Reserve(told) = &mut reserve.what {
            told.particulars = texts.encode();
        }
        let reason = "与合同不符".to_owned();
        let hold = What::Step { kind: StepKind::Hold, serial: 9, reason };
        let day = Day::new(20_220_117).expect("a day");
        let report = Report {
            kind: FactKind::Refund,
            serial: 90_001,
            payee_hash: 3,
            day,
            refund: 2,
            detail: 1,
            note: "退票".into(),
        };
        let resolution = Resolution {
            act: ActId(77),
            book: (DivisionIndex(5), FiscalYear::from_offset(22)),
            channel: ChannelId(20),
            serial: 90_002,
            action: ResolveAction::Dismiss,
            reason: "与银行核对".into(),
        };
        let resolve = What::Resolve(resolution);
        for what in [reserve.what.clone(), hold, What::Fact(report), resolve] {
            let order = Order { what, ..reserve.clone() };
            assert_eq!(read(&told(&order).expect("a text")).expect("an order"), order);
        }
    }

    #[test]
    fn an_order_is_there_until_it_is_certain_and_outlives_the_desk() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("open.json");
        let (mut keep, left) = Keep::open(Some(&path)).expect("an empty place");
        assert!(left.is_none());
        keep.hold(Some(&order())).expect("kept");
        let (mut keep, left) = Keep::open(Some(&path)).expect("a place with an order");
        assert_eq!(left, Some(order()));
        keep.hold(None).expect("gone");
        assert!(!path.exists());
        keep.hold(None).expect("nothing to do");
        fs::write(&path, "{}").expect("written");
        let why = Keep::open(Some(&path)).err().expect("no order");
        assert!(format!("{why:#}").contains("move it away"), "{why:#}");
    }

    #[test]
    fn without_a_place_nothing_is_kept() {
        let (mut keep, left) = Keep::open(None).expect("no place");
        assert!(left.is_none() && keep.hold(Some(&order())).is_ok());
    }
}
