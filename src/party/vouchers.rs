//! Vouchers in a party's store, as people look for them: listed page by page, shown with all that is known of
//! one, printed.
//!
//! A look holds up the party's turns: it reads one page of letters and says where the next goes on.

use domain::ids::Day;
use domain::voucher::state::State;
use domain::voucher::{Field, Flag, Value as FieldValue, Voucher, VoucherKey, VoucherKind};
use exchange::business::Business;
use exchange::envelope::{Envelope, Seal};
use exchange::limits::SEARCH_LISTED_MAX;
use exchange::node::{Contents, Kept, Listed, Summary};
use exchange::party::RunningNode;
use exchange::print::{Sealed, Sheet, html};
use exchange::store::search::{Found, Search};
use exchange::store::{Deed, InState, OutState, Row, Store};
use serde_json::{Value, json};

use super::day_of;
use super::said::Said;
use super::words::{Seen, key, key_of, payment_id, yuan};
use super::{apart, certificates};
use crate::hex;

/// Letters of one key that are shown; a letter that is refused again and again has a row each time.
const SHOWN_MAX: usize = 32;

/// Looks that every party's store has.
///
/// # Errors
/// When there is no such look, or something in it says nothing.
pub(crate) fn look<B: Business + 'static>(name: &str, said: &Said<'_>) -> Result<Seen<B>, String> {
    match name {
        "vouchers" => {
            let (search, contents) = (search(said)?, contents(said)?);
            let letters_max = letters_max(said)?;
            Ok(Box::new(move |node, _| list(node, &search, &contents, letters_max)))
        }
        "voucher" => {
            let key = key(said)?;
            Ok(Box::new(move |node, _| show(node, &key)))
        }
        "page" => {
            let (key, flag) = (key(said)?, flag(said)?);
            Ok(Box::new(move |node, _| page(node, &key, flag)))
        }
        "sent-here" => apart::sent_here(said),
        "authorised" => Ok(Box::new(|node, _| {
            Ok(json!({ "authorised": node.store().authorised().collect::<Vec<_>>() }))
        })),
        "certificates" => Ok(Box::new(|node, _| Ok(certificates::all(node)))),
        other => Err(format!("there is no look `{other}` here; docs/exchange.md lists them")),
    }
}

pub(super) fn flag(said: &Said<'_>) -> Result<Flag, String> {
    Ok(if said.flag("receipt", false)? { Flag::Receipt } else { Flag::Original })
}

/// A word of a look that may be left out.
fn may<T>(
    said: &Said<'_>,
    name: &'static str,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, String> {
    said.may_text(name)?.map(read).transpose()
}

fn search(said: &Said<'_>) -> Result<Search, String> {
    let day = |text: &str| -> Result<Day, String> { day_of(text).map_err(|why| why.to_string()) };
    let (mut ours, mut theirs) = (None, None);
    if let Some(state) = may(said, "state", |text| Ok(text.to_owned()))? {
        ours = OutState::ALL.into_iter().find(|known| known.slug() == state);
        theirs = InState::ALL.into_iter().find(|known| known.slug() == state);
        if ours.is_none() && theirs.is_none() {
            let known = OutState::ALL.map(OutState::slug).into_iter();
            let known: Vec<_> = known.chain(InState::ALL.map(InState::slug)).collect();
            return Err(format!("`{state}` is no state; there are {}", known.join(", ")));
        }
    }
    Ok(Search {
        party: may(said, "party", |text| text.parse().map_err(|why| format!("{why}")))?,
        ours,
        theirs,
        key: may(said, "voucher", key_of)?,
        kind: may(said, "kind", kind)?,
        no_orders: said.flag("no_orders", false)?,
        no_notices: theirs != Some(InState::Notices),
        first: may(said, "first", day)?,
        last: may(said, "last", day)?,
        after: may(said, "after", |text| text.parse().map_err(|why| format!("{why}")))?,
    })
}

fn kind(text: &str) -> Result<VoucherKind, String> {
    let kind = text.parse().ok().and_then(VoucherKind::from_code);
    kind.ok_or_else(|| format!("`{text}` is no kind of voucher; write its four digits, like 8202"))
}

fn contents(said: &Said<'_>) -> Result<Contents, String> {
    Ok(Contents {
        payment: may(said, "payment", payment_id)?,
        amount_fen: may(said, "amount", |_| yuan(said, "amount"))?,
        payee: may(said, "payee", |text| Ok(text.to_owned()))?,
        names: may(said, "names", key_of)?,
    })
}

fn letters_max(said: &Said<'_>) -> Result<usize, String> {
    match said.at("limit") {
        Value::Null => Ok(SEARCH_LISTED_MAX),
        limit => {
            let limit = limit.as_u64().and_then(|limit| usize::try_from(limit).ok());
            let fits = limit.filter(|limit| (1..=SEARCH_LISTED_MAX).contains(limit));
            fits.ok_or_else(|| format!("`limit` is a number from 1 to {SEARCH_LISTED_MAX}"))
        }
    }
}

fn list<B: Business>(
    node: &mut RunningNode<B>,
    search: &Search,
    contents: &Contents,
    letters_max: usize,
) -> Result<Value, String> {
    let page = node.page(search, contents, letters_max).map_err(|fault| fault.to_string())?;
    let store = node.store();
    let letters = page.listed.iter().map(|Listed { found, row, says }| {
        let mut letter = standing(store, *found, row);
        letter["says"] = says.as_ref().map_or(Value::Null, summary);
        letter
    });
    let letters: Vec<Value> = letters.collect();
    let next = page.next.map(|next| next.to_string());
    Ok(json!({ "letters": letters, "looked_at": page.looked_at, "next": next }))
}

fn summary(says: &Summary) -> Value {
    json!({
        "amount": says.amount_fen.map(domain::Fen::to_yuan),
        "payee": says.payee,
        "details": says.details,
        "payments": says.payments.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "names": says.names.map(|named| named.to_string()),
    })
}

/// Where a letter stands, from its row.
fn standing(store: &Store, found: Found, row: &Row) -> Value {
    let peer = store.peer(found.party);
    let (state, chinese, words) = match found.came {
        true => {
            let words = peer.and_then(|peer| peer.words_about_its(found.entry));
            (row.in_state().slug(), row.in_state().chinese(), words)
        }
        false => {
            let words = peer.and_then(|peer| peer.words_about_ours(found.entry));
            (row.out_state().slug(), row.out_state().chinese(), words)
        }
    };
    let deeds = deeds(store, found).iter().map(|deed| {
        json!({
            "day": deed.day.get(),
            "what": deed.what.slug(),
            "english": deed.what.english(),
            "chinese": deed.what.chinese(),
            "by": deed.by,
            "authorised_by": deed.authorised_by,
            "reason": deed.reason,
        })
    });
    json!({
        "place": found.to_string(),
        "party": found.party.to_string(),
        "came": found.came,
        "entry": found.entry,
        "voucher": row.key.map(|key| key.to_string()),
        "kind": row.key.map(|key| key.kind.chinese()),
        "receipt": row.flag == Flag::Receipt,
        "state": state,
        "chinese": chinese,
        "day": row.day.get(),
        "by_paper": row.by_paper,
        "asked_back": row.asked_back,
        "held": !found.came && store.is_held(found.party, row),
        "words": words,
        "deeds": deeds.collect::<Vec<_>>(),
    })
}

/// What was done about a letter beside its way on a line.
fn deeds(store: &Store, found: Found) -> &[Deed] {
    let Some(peer) = store.peer(found.party) else { return &[] };
    match found.came {
        true => peer.deeds_about_its(found.entry),
        false => peer.deeds_about_ours(found.entry),
    }
}

/// Everything that is known of a voucher here: each letter of it with its seals, what it says, and whether it can
/// be shown that it never left; alarms about it; what the other side said of it.
pub(super) fn show<B: Business>(
    node: &mut RunningNode<B>,
    key: &VoucherKey,
) -> Result<Value, String> {
    let places = places(node.store(), key);
    if places.is_empty() {
        let me = node.store().me();
        return Err(format!("{me} has no letter of {key}; `treasury voucher list` has them"));
    }
    let mut letters = Vec::new();
    for found in places.iter().take(SHOWN_MAX) {
        let kept = node.kept(*found).map_err(|fault| fault.to_string())?;
        let kept = kept.expect("what was found is there");
        letters.push(letter(node.store(), *found, &kept));
    }
    let store = node.store();
    let is_about = |(about, _): &(VoucherKey, Flag)| about == key;
    let alarms = store.alarms().filter(|alarm| alarm.voucher.as_ref().is_some_and(is_about));
    let alarms: Vec<Value> =
        alarms.map(|alarm| json!({ "day": alarm.day.get(), "what": alarm.what })).collect();
    let told = store.told().filter(|told| is_about(&told.voucher)).map(|told| {
        json!({
            "day": told.day.get(),
            "by": told.by.to_string(),
            "receipt": told.voucher.1 == Flag::Receipt,
            "status": told.status.slug(),
            "chinese": told.status.chinese(),
        })
    });
    Ok(json!({
        "voucher": key.to_string(),
        "chinese": key.kind.chinese(),
        "letters": letters,
        "letters_more": places.len().saturating_sub(SHOWN_MAX),
        "alarms": alarms,
        "told": told.collect::<Vec<_>>(),
    }))
}

fn places(store: &Store, key: &VoucherKey) -> Vec<Found> {
    let search = Search { key: Some(*key), ..Search::default() };
    store.search(&search).into_iter().map(|(found, _)| found).collect()
}

fn letter(store: &Store, found: Found, kept: &Kept) -> Value {
    let mut told = standing(store, found, &kept.row);
    told["record"] = kept.row.at().into();
    told["bytes"] = kept.bytes.into();
    told["number"] = kept.row.number.into();
    told["sealed_anew"] = kept.row.times_sealed_anew().into();
    if let Ok(envelope) = &kept.envelope {
        told["digest"] = hex::write(&envelope.digest().0).into();
        let seals = envelope.seals().iter().map(|seal| seal_told(store, seal));
        told["seals"] = seals.collect::<Vec<_>>().into();
        if let Some((format, _)) = envelope.payload() {
            told["form"] = format.slug().into();
        }
    }
    match &kept.voucher {
        Some(Ok(voucher)) => told["document"] = document(voucher),
        Some(Err(why)) => told["unreadable"] = why.as_str().into(),
        None => {}
    }
    let proof = store.peer(found.party).filter(|_| !found.came);
    if let Some(proof) = proof.and_then(|peer| peer.proof(found.entry)) {
        told["left"] = json!({
            "never": proof.never_left(),
            "numbers": proof.numbers,
            "by_paper": proof.by_paper,
            "given_to_party": proof.given,
            "acknowledged_by_party": proof.acknowledged,
        });
    }
    told
}

fn seal_told(store: &Store, seal: &Seal) -> Value {
    json!({
        "place": seal.place.slug(),
        "chinese": seal.place.chinese(),
        "holder": holder(store, seal),
        "certificate": hex::write(&seal.certificate.0),
        "day": seal.day.get(),
    })
}

fn holder(store: &Store, seal: &Seal) -> Option<String> {
    let filed = store.certificates().get(seal.certificate)?;
    Some(format!("{} {}", filed.certificate.party, filed.certificate.holder))
}

/// What a voucher says, as its JSON twin has it; a text where it cannot be written so.
fn document(voucher: &Voucher) -> Value {
    let text = exchange::json::write(voucher).map_err(|error| error.to_string());
    let read = text.and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string()));
    read.unwrap_or_else(Value::String)
}

/// A voucher as an official would accept it on paper, and as it is typed in where lines are down.
fn page<B: Business>(
    node: &mut RunningNode<B>,
    key: &VoucherKey,
    flag: Flag,
) -> Result<Value, String> {
    let store = node.store();
    let with_flag = |found: &Found| store.row_at(*found).is_some_and(|row| row.flag == flag);
    let all: Vec<Found> = places(store, key).into_iter().filter(with_flag).collect();
    // The one that was taken, waits or is on its way stands in the index; of others the newest.
    let taken = store.find(key).into_iter().map(|(found, _)| found).find(with_flag);
    let found = taken.or_else(|| all.last().copied());
    let found = found.ok_or_else(|| format!("{} has no such letter of {key}", store.me()))?;
    let kept = node.kept(found).map_err(|fault| fault.to_string())?;
    let Kept { row, envelope, voucher, .. } = kept.expect("what was found is there");
    let mut voucher = voucher.unwrap_or_else(|| Err("it is no voucher".to_owned()))?;
    let store = node.store();
    let seals = seals(store, envelope.as_ref().ok());
    if row.by_paper {
        voucher.head.set(Field::Offline, FieldValue::Text("1".to_owned()));
    }
    let state = state(found, &row);
    let deeds = deeds(store, found);
    let html = html(&Sheet { voucher: &voucher, state, seals: &seals, deeds });
    Ok(json!({ "html": html, "document": document(&voucher) }))
}

fn state(found: Found, row: &Row) -> State {
    if found.came { row.voucher_state_of_theirs() } else { row.voucher_state() }
}

fn seals(store: &Store, envelope: Option<&Envelope>) -> Vec<Sealed> {
    let told = |seal: &Seal| {
        let by = holder(store, seal).unwrap_or_default();
        Sealed { place: seal.place, by, day: seal.day, certificate: seal.certificate }
    };
    envelope.map_or(Vec::new(), |envelope| envelope.seals().iter().map(told).collect())
}
