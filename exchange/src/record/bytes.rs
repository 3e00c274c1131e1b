//! Events as bodies of records, and back.

use domain::voucher::Party;

use super::{Arrival, Event, KIND_FIRST, Lane, Owner, TwoPersons};
use crate::certificates::CertificateEvent;
use crate::encoding::{Put, Reader, Unreadable};
use crate::envelope::Envelope;
use crate::limits::{
    BODY_BYTES_MAX, PERSON_BYTES_MAX, REASON_BYTES_MAX, TROUBLE_BYTES_MAX, WINDOW_LETTERS_MAX,
};
use crate::notice::{Failure, Notice};

const QUEUED: u16 = KIND_FIRST + 2;
const GIVEN: u16 = KIND_FIRST + 3;
const ACKNOWLEDGED: u16 = KIND_FIRST + 4;
const RECEIVED: u16 = KIND_FIRST + 5;
const SETTLED: u16 = KIND_FIRST + 6;
const SENT_BACK: u16 = KIND_FIRST + 7;
const VOIDED: u16 = KIND_FIRST + 8;
const RESEALED: u16 = KIND_FIRST + 9;
const STOPPED: u16 = KIND_FIRST + 10;
const GIVEN_UP: u16 = KIND_FIRST + 11;
const WENT_BY_PAPER: u16 = KIND_FIRST + 12;
const CAME_BY_PAPER: u16 = KIND_FIRST + 13;
const ASKED_BACK: u16 = KIND_FIRST + 14;
const BUSINESS: u16 = KIND_FIRST + 15;
const CERTIFICATE: u16 = KIND_FIRST + 16;
const DAY: u16 = KIND_FIRST + 17;
const AUTHORISED: u16 = KIND_FIRST + 18;
const FOLLOWED: u16 = KIND_FIRST + 19;
const TROUBLE: u16 = KIND_FIRST + 20;
const PIECE: u16 = KIND_FIRST + 21;
const CUT_OFF: u16 = KIND_FIRST + 22;
const LET_GO: u16 = KIND_FIRST + 23;
const OWNED: u16 = KIND_FIRST + 24;
const TOOK_BACK: u16 = KIND_FIRST + 25;

impl Event {
    /// The kind of its record.
    #[must_use]
    pub const fn kind(&self) -> u16 {
        match self {
            Event::Queued { .. } => QUEUED,
            Event::Given { .. } => GIVEN,
            Event::Acknowledged { .. } => ACKNOWLEDGED,
            Event::Piece { .. } => PIECE,
            Event::Received { .. } => RECEIVED,
            Event::Settled { .. } => SETTLED,
            Event::SentBack { .. } => SENT_BACK,
            Event::Voided { .. } => VOIDED,
            Event::Resealed { .. } => RESEALED,
            Event::Stopped { .. } => STOPPED,
            Event::GivenUp { .. } => GIVEN_UP,
            Event::WentByPaper { .. } => WENT_BY_PAPER,
            Event::CameByPaper { .. } => CAME_BY_PAPER,
            Event::AskedBack { .. } => ASKED_BACK,
            Event::Business(_) => BUSINESS,
            Event::Certificate(_) => CERTIFICATE,
            Event::Day(_) => DAY,
            Event::Authorised { .. } => AUTHORISED,
            Event::Followed(_) => FOLLOWED,
            Event::Trouble { .. } => TROUBLE,
            Event::CutOff => CUT_OFF,
            Event::LetGo => LET_GO,
            Event::Owned(_) => OWNED,
            Event::TookBack { .. } => TOOK_BACK,
        }
    }

    /// Puts the body of its record behind what is there.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Event::Queued { to, lane, day, envelope } => {
                out.put_party(*to);
                out.push(*lane as u8);
                out.put_day(*day);
                envelope.encode_into(out);
            }
            Event::Given { to, first, entries } => {
                out.put_party(*to);
                out.extend_from_slice(&first.to_le_bytes());
                out.extend_from_slice(&(entries.len() as u32).to_le_bytes());
                entries.iter().for_each(|entry| out.extend_from_slice(&entry.to_le_bytes()));
            }
            Event::Acknowledged { by, through } => {
                out.put_party(*by);
                out.extend_from_slice(&through.to_le_bytes());
            }
            Event::Piece { from, number, bytes } => {
                out.put_party(*from);
                out.extend_from_slice(&number.to_le_bytes());
                out.extend_from_slice(bytes);
            }
            Event::Received { from, number, day, arrival, letter } => {
                out.put_party(*from);
                out.extend_from_slice(&number.to_le_bytes());
                out.put_day(*day);
                put_arrival(out, arrival);
                out.extend_from_slice(letter);
            }
            Event::Settled { from, entry, arrival, by, notices } => {
                put_entry(out, *from, *entry);
                put_arrival(out, arrival);
                out.put_text(by);
                out.extend_from_slice(&(notices.len() as u16).to_le_bytes());
                notices.iter().for_each(|notice| notice.encode(out));
            }
            Event::SentBack { to, entry } => put_entry(out, *to, *entry),
            Event::Voided { to, entry, by, reason } | Event::GivenUp { to, entry, by, reason } => {
                put_entry(out, *to, *entry);
                out.put_text(by);
                out.put_text(reason);
            }
            Event::Resealed { to, entry, by, envelope } => {
                put_entry(out, *to, *entry);
                out.put_text(by);
                envelope.encode_into(out);
            }
            Event::Stopped { to, entry, reason } => {
                put_entry(out, *to, *entry);
                out.put_text(reason);
            }
            Event::WentByPaper { to, entry, persons, reason } => {
                put_entry(out, *to, *entry);
                put_persons(out, persons);
                out.put_text(reason);
            }
            Event::CameByPaper { from, day, persons, envelope } => {
                out.put_party(*from);
                out.put_day(*day);
                put_persons(out, persons);
                envelope.encode_into(out);
            }
            Event::AskedBack { to, entry, by } => {
                put_entry(out, *to, *entry);
                out.put_text(by);
            }
            Event::TookBack { to, through, entries, persons, reason } => {
                out.put_party(*to);
                out.extend_from_slice(&through.to_le_bytes());
                put_persons(out, persons);
                out.put_text(reason);
                out.extend_from_slice(&(entries.len() as u32).to_le_bytes());
                for (number, entry) in entries {
                    out.extend_from_slice(&number.to_le_bytes());
                    out.extend_from_slice(&entry.to_le_bytes());
                }
            }
            Event::Business(bytes) | Event::Followed(bytes) => out.extend_from_slice(bytes),
            Event::Certificate(event) => event.encode(out),
            Event::Day(day) => out.put_day(*day),
            Event::Authorised { person, may, by } => {
                out.put_text(person);
                out.push(u8::from(*may));
                out.put_text(by);
            }
            Event::Trouble { what } => out.put_text(what),
            Event::CutOff | Event::LetGo => {}
            Event::Owned(owner) => owner.encode(out),
        }
    }

    /// Reads an event from a record's kind and body.
    ///
    /// # Errors
    /// When they are none.
    pub fn decode(kind: u16, body: &[u8]) -> Result<Event, Unreadable> {
        let mut fields = Reader::new(body);
        let event = read(kind, &mut fields)?;
        fields.end()?;
        Ok(event)
    }

    /// The envelope in a record's body: of a letter that was queued or sealed anew.
    ///
    /// # Errors
    /// When there is none.
    pub fn letter_in(kind: u16, body: &[u8]) -> Result<Vec<u8>, Unreadable> {
        let mut fields = Reader::new(body);
        match kind {
            QUEUED => {
                fields.party("the party")?;
                fields.take(5, "lane and day")?;
            }
            RESEALED => {
                read_entry(&mut fields)?;
                person(&mut fields)?;
            }
            RECEIVED => {
                fields.party("the party")?;
                fields.take(12, "number and day")?;
                read_arrival(&mut fields)?;
            }
            CAME_BY_PAPER => {
                fields.party("the party")?;
                fields.day("the day")?;
                read_persons(&mut fields)?;
            }
            _ => return Err(Unreadable::Impossible { what: "a record with a letter" }),
        }
        Ok(rest(&mut fields)?.to_vec())
    }
}

fn read(kind: u16, fields: &mut Reader<'_>) -> Result<Event, Unreadable> {
    Ok(match kind {
        QUEUED => {
            let to = fields.party("the receiver")?;
            let lane = Reader::known(Lane::from_number(fields.u8("the lane")?), "the lane")?;
            let day = fields.day("the day")?;
            Event::Queued { to, lane, day, envelope: Envelope::decode(rest(fields)?)? }
        }
        GIVEN => {
            let (to, first) = (fields.party("the receiver")?, fields.u64("the number")?);
            let count = fields.u32("the entries")? as usize;
            if count > WINDOW_LETTERS_MAX {
                let max = WINDOW_LETTERS_MAX;
                return Err(Unreadable::TooLong { what: "the entries", length: count, max });
            }
            let entries = (0..count).map(|_| fields.u32("an entry")).collect::<Result<_, _>>()?;
            Event::Given { to, first, entries }
        }
        ACKNOWLEDGED => Event::Acknowledged {
            by: fields.party("the party")?,
            through: fields.u64("the number")?,
        },
        PIECE => {
            let (from, number) = (fields.party("the sender")?, fields.u64("the number")?);
            Event::Piece { from, number, bytes: rest(fields)?.to_vec() }
        }
        RECEIVED => {
            let (from, number) = (fields.party("the sender")?, fields.u64("the number")?);
            let day = fields.day("the day")?;
            let arrival = read_arrival(fields)?;
            Event::Received { from, number, day, arrival, letter: rest(fields)?.to_vec() }
        }
        SETTLED => {
            let (from, entry) = read_entry(fields)?;
            let arrival = read_arrival(fields)?;
            let by = person(fields)?;
            let count = usize::from(fields.u16("the notices")?);
            let notices = (0..count).map(|_| Notice::decode(fields)).collect::<Result<_, _>>()?;
            Event::Settled { from, entry, arrival, by, notices }
        }
        SENT_BACK => {
            let (to, entry) = read_entry(fields)?;
            Event::SentBack { to, entry }
        }
        VOIDED => {
            let (to, entry) = read_entry(fields)?;
            Event::Voided { to, entry, by: person(fields)?, reason: reason(fields)? }
        }
        GIVEN_UP => {
            let (to, entry) = read_entry(fields)?;
            Event::GivenUp { to, entry, by: person(fields)?, reason: reason(fields)? }
        }
        RESEALED => {
            let (to, entry) = read_entry(fields)?;
            let by = person(fields)?;
            Event::Resealed { to, entry, by, envelope: Envelope::decode(rest(fields)?)? }
        }
        STOPPED => {
            let (to, entry) = read_entry(fields)?;
            Event::Stopped { to, entry, reason: reason(fields)? }
        }
        WENT_BY_PAPER => {
            let (to, entry) = read_entry(fields)?;
            let persons = read_persons(fields)?;
            Event::WentByPaper { to, entry, persons, reason: reason(fields)? }
        }
        CAME_BY_PAPER => {
            let (from, day) = (fields.party("the sender")?, fields.day("the day")?);
            let persons = read_persons(fields)?;
            Event::CameByPaper { from, day, persons, envelope: Envelope::decode(rest(fields)?)? }
        }
        ASKED_BACK => {
            let (to, entry) = read_entry(fields)?;
            Event::AskedBack { to, entry, by: person(fields)? }
        }
        TOOK_BACK => {
            let (to, through) = (fields.party("the receiver")?, fields.u64("the last number")?);
            let (persons, reason) = (read_persons(fields)?, reason(fields)?);
            let count = fields.u32("the number of letters")?;
            let each =
                |fields: &mut Reader<'_>| Ok((fields.u64("a number")?, fields.u32("an entry")?));
            let entries = (0..count).map(|_| each(fields)).collect::<Result<_, Unreadable>>()?;
            Event::TookBack { to, through, entries, persons, reason }
        }
        BUSINESS => Event::Business(rest(fields)?.to_vec()),
        CERTIFICATE => Event::Certificate(CertificateEvent::decode(rest(fields)?)?),
        DAY => Event::Day(fields.day("the day")?),
        AUTHORISED => {
            let person_named = person(fields)?;
            let may = match fields.u8("whether they may")? {
                0 => false,
                1 => true,
                _ => return Err(Unreadable::Impossible { what: "whether they may" }),
            };
            Event::Authorised { person: person_named, may, by: person(fields)? }
        }
        CUT_OFF => Event::CutOff,
        LET_GO => Event::LetGo,
        OWNED => Event::Owned(Box::new(Owner::read(fields)?)),
        FOLLOWED => Event::Followed(rest(fields)?.to_vec()),
        TROUBLE => {
            Event::Trouble { what: fields.text(TROUBLE_BYTES_MAX, "the trouble")?.to_owned() }
        }
        _ => return Err(Unreadable::Impossible { what: "the record's kind" }),
    })
}

fn rest<'a>(fields: &mut Reader<'a>) -> Result<&'a [u8], Unreadable> {
    let left = fields.left();
    if left > BODY_BYTES_MAX {
        return Err(Unreadable::TooLong { what: "a record", length: left, max: BODY_BYTES_MAX });
    }
    fields.take(left, "a record")
}

fn person(fields: &mut Reader<'_>) -> Result<String, Unreadable> {
    Ok(fields.text(PERSON_BYTES_MAX, "the person")?.to_owned())
}

fn reason(fields: &mut Reader<'_>) -> Result<String, Unreadable> {
    Ok(fields.text(REASON_BYTES_MAX, "the reason")?.to_owned())
}

fn put_entry(out: &mut Vec<u8>, party: Party, entry: u32) {
    out.put_party(party);
    out.extend_from_slice(&entry.to_le_bytes());
}

fn read_entry(fields: &mut Reader<'_>) -> Result<(Party, u32), Unreadable> {
    Ok((fields.party("the party")?, fields.u32("the entry")?))
}

fn put_persons(out: &mut Vec<u8>, persons: &TwoPersons) {
    out.put_text(&persons.first);
    out.put_text(&persons.second);
}

fn read_persons(fields: &mut Reader<'_>) -> Result<TwoPersons, Unreadable> {
    Ok(TwoPersons { first: person(fields)?, second: person(fields)? })
}

fn put_arrival(out: &mut Vec<u8>, arrival: &Arrival) {
    match arrival {
        Arrival::Taken => out.push(1),
        Arrival::Repeated { entry } => {
            out.push(2);
            out.extend_from_slice(&entry.to_le_bytes());
        }
        Arrival::NotTaken { failure, reason } => {
            out.push(3);
            out.push(failure.number());
            out.put_text(reason);
        }
        Arrival::SetAside { reason } => {
            out.push(4);
            out.put_text(reason);
        }
        Arrival::Notices => out.push(5),
    }
}

fn read_arrival(fields: &mut Reader<'_>) -> Result<Arrival, Unreadable> {
    let what = "what became of it";
    Ok(match fields.u8(what)? {
        1 => Arrival::Taken,
        2 => Arrival::Repeated { entry: fields.u32(what)? },
        3 => {
            let failure = Reader::known(Failure::from_number(fields.u8(what)?), what)?;
            Arrival::NotTaken { failure, reason: reason(fields)? }
        }
        4 => Arrival::SetAside { reason: reason(fields)? },
        5 => Arrival::Notices,
        _ => return Err(Unreadable::Impossible { what }),
    })
}

#[cfg(test)]
mod tests;
