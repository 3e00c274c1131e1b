//! Two stores that have gone apart: which of them was restored from an older copy, from which message on, and what people
//! can do; what one hands over, and the other takes back.

use domain::voucher::Party;
use exchange::business::Business;
use exchange::link::Apart;
use exchange::node::recovery::SentHere;
use exchange::party::lines::{GoneApart, Lines};
use exchange::store::{Peer, Store};
use serde_json::{Value, json};

use super::said::Said;
use super::words::{Seen, party};
use crate::hex;

/// Every counterparty whose store and ours have gone apart.
pub(crate) fn told(store: &Store, lines: &Lines) -> Vec<Value> {
    lines.apart().map(|(peer, apart)| one(store, peer, apart)).collect()
}

fn one(store: &Store, peer: Party, GoneApart { since_ms, seen }: GoneApart) -> Value {
    let Some(seen) = seen else {
        return json!({
            "party": peer.to_string(),
            "since_ms": since_ms,
            "behind": null,
            "english": format!(
                "{peer} says that its store and ours do not know of the same messages, and opens no line: `look status` \
                 of {peer} says which of the two is behind, and from where"
            ),
            "chinese": format!("{peer}称双方凭证库报文不一致，线路未启用：请查看{peer}的状态"),
        });
    };
    let me = store.me();
    let (behind, ahead) = if seen.we_are_behind() { (me, peer) } else { (peer, me) };
    let common = in_common(&seen);
    let digest = store.peer(peer).and_then(|known| digest(known, &seen, common));
    json!({
        "party": peer.to_string(),
        "since_ms": since_ms,
        "behind": behind.to_string(),
        "ours": seen.ours,
        "theirs_of_ours": seen.theirs_of_ours,
        "theirs": seen.theirs,
        "ours_of_theirs": seen.ours_of_theirs,
        "in_common": common,
        "digest": digest,
        "english": format!(
            "the store of {behind} was restored from an older copy: it knows of its messages to {ahead} up to {common}, and \
             {ahead} has more. Put a newer copy of its directory in place, or have it take back what {ahead} has: \
             `treasury exchange handed-over {behind} --after {common}` at {ahead}, and `treasury exchange take-back \
             {ahead}` at {behind}. Until then no line opens, and nothing goes between them but by paper"
        ),
        "chinese": format!(
            "{behind}的凭证库由旧备份恢复：其发往{ahead}的报文只到第{common}号，而{ahead}已收到更多。请换上较新的备份，\
             或由{ahead}交还其已收报文（handed-over），再由{behind}两人确认取回（take-back）。此前线路不启用，急件可线下办理"
        ),
    })
}

/// The last message that both know of, of those that the one who is behind has sent.
fn in_common(seen: &Apart) -> u64 {
    if seen.we_are_behind() { seen.ours } else { seen.theirs }
}

/// The first half of that message's digest, as each side has it: of a voucher or notices that went and came whole.
fn digest(known: &Peer, seen: &Apart, common: u64) -> Option<String> {
    let row = match seen.we_are_behind() {
        true => known.out.get(known.entry_of(common)?)?,
        false => known.inbox.get(known.inbox.by_number(common)?)?,
    };
    Some(hex::write(&row.digest))
}

/// What a party had sent here, behind a number.
pub(crate) fn sent_here<B: Business + 'static>(said: &Said<'_>) -> Result<Seen<B>, String> {
    let from = party(said, "from")?;
    let after = said.number("after", "the last number that is known")?;
    Ok(Box::new(move |node, _| {
        let handed = node.sent_here(from, after).map_err(|fault| fault.to_string())?;
        let letters = handed
            .letters
            .iter()
            .map(|(number, letter)| json!({ "number": number, "letter": hex::write(letter) }));
        Ok(json!({
            "by": node.store().me().to_string(),
            "from": from.to_string(),
            "after": after,
            "through": handed.through,
            "last": handed.last,
            "letters": letters.collect::<Vec<_>>(),
        }))
    }))
}

/// What is to be given where it is missing.
const HANDED: &str = "what was handed over, as it was written";

/// What another party handed over.
pub(crate) fn handed(said: &Said<'_>) -> Result<SentHere, String> {
    let through = said.number("through", HANDED)?;
    let letter = |one: &Said<'_>| {
        let bytes = |value: &Value| value.as_str().and_then(hex::read);
        Ok((one.number("number", HANDED)?, one.wanted("letter", HANDED, bytes)?))
    };
    let letters = said.each("letters", HANDED, letter)?;
    Ok(SentHere { letters, through, last: through })
}
