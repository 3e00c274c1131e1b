//! Certificates by name: what people file, verify and revoke at a party that runs, what they see of them, and the keys it
//! renews.

use domain::ids::Day;
use domain::office::rules::windows::day_number;
use domain::voucher::SealPlace;
use exchange::business::Business;
use exchange::certificates::{CertificateState, Filed};
use exchange::party::RunningNode;
use exchange::party::identity::Identity;
use exchange::signing::CertificateId;
use serde_json::{Value, json};

use super::said::Said;
use crate::hex;

/// A certificate's id that has to be there.
pub(crate) fn id(said: &Said<'_>) -> Result<CertificateId, String> {
    let told = said.text("certificate")?;
    let id = hex::read(told).and_then(|bytes| bytes.try_into().ok());
    id.map(CertificateId).ok_or_else(|| {
        format!("`{told}` is no certificate; give the 32 digits that `look certificates` has")
    })
}

/// A whole certificate that has to be there.
pub(crate) fn document(said: &Said<'_>) -> Result<Vec<u8>, String> {
    hex::read(said.text("document")?).ok_or_else(|| {
        "`document` is no certificate; give the file's bytes as hexadecimal digits".to_owned()
    })
}

/// Every certificate on file, by party and last day.
pub(crate) fn all<B: Business>(node: &RunningNode<B>) -> Value {
    let today = node.store().day();
    let mut filed: Vec<_> = node.store().certificates().iter().collect();
    filed.sort_by_key(|(id, filed)| (filed.certificate.party, filed.certificate.last, *id));
    let told = filed.into_iter().map(|(id, filed)| told(node, today, id, filed));
    json!({ "day": today.get(), "certificates": told.collect::<Vec<_>>() })
}

/// Those of all that end within a month, or have ended and were not revoked.
pub(crate) fn ending<B: Business>(node: &RunningNode<B>) -> Vec<Value> {
    let today = node.store().day();
    let ends = |filed: &Filed| {
        matches!(filed.state_on(today), CertificateState::Expiring | CertificateState::Ended)
    };
    let filed = node.store().certificates().iter().filter(|(_, filed)| ends(filed));
    filed.map(|(id, filed)| told(node, today, id, filed)).collect()
}

fn told<B: Business>(node: &RunningNode<B>, today: Day, id: CertificateId, filed: &Filed) -> Value {
    let certificate = &filed.certificate;
    let places = SealPlace::ALL.iter().filter(|place| certificate.may_set(**place));
    let by = |(day, person): &(Day, String)| json!({ "day": day.get(), "by": person });
    json!({
        "certificate": id.to_string(),
        "party": certificate.party.to_string(),
        "holder": certificate.holder,
        "places": places.map(|place| place.slug()).collect::<Vec<_>>(),
        "first": certificate.first.get(),
        "last": certificate.last.get(),
        "state": slug(filed.state_on(today)),
        "days_left": day_number(certificate.last).saturating_sub(day_number(today)),
        "seals_here": SealPlace::ALL.iter().any(|place| node.keys().certificate(*place) == id),
        "filed": by(&filed.filed),
        "verified": filed.verified.as_ref().map(by),
        "revoked": filed.revoked.as_ref().map(|(day, person, why)| {
            json!({ "day": day.get(), "by": person, "why": why })
        }),
    })
}

const fn slug(state: CertificateState) -> &'static str {
    match state {
        CertificateState::Filed => "filed",
        CertificateState::Verified => "verified",
        CertificateState::Active => "active",
        CertificateState::Expiring => "expiring",
        CertificateState::Ended => "ended",
        CertificateState::Revoked => "revoked",
    }
}

/// Has a party seal with the key that lies in its directory now. Its certificate has to be on file here and good today, so
/// that two persons have seen it.
///
/// # Errors
/// Why it goes on with the key it has.
pub(crate) fn renew<B: Business>(
    node: &mut RunningNode<B>,
    identity: &Identity,
) -> Result<Value, String> {
    if *node.store().certificates().root() != identity.root {
        return Err("root.pub there is not the root that this party trusts; its keys are of another province".to_owned());
    }
    let ids = identity.keys.certificates();
    ids.iter().try_for_each(|id| is_good(node, *id))?;
    node.renew_keys(identity.keys.clone());
    let told: Vec<String> = ids.iter().map(ToString::to_string).collect();
    Ok(json!({ "done": true, "certificate": told[0], "certificates": told }))
}

/// Whether a party may seal under a certificate today.
fn is_good<B: Business>(node: &RunningNode<B>, id: CertificateId) -> Result<(), String> {
    let store = node.store();
    let again = "then renew the keys again";
    let no = |what: String| Err(format!("the key there has certificate {id}, which {what}"));
    let Some(filed) = store.certificates().get(id) else {
        return no(format!("is not on file here; file it, have another person verify it, {again}"));
    };
    let (first, last) = (filed.certificate.first.get(), filed.certificate.last.get());
    match filed.state_on(store.day()) {
        CertificateState::Active | CertificateState::Expiring => Ok(()),
        CertificateState::Filed => {
            no(format!("nobody has verified; have another person verify it, {again}"))
        }
        CertificateState::Verified => no(format!("is good from {first} on; renew the keys then")),
        CertificateState::Ended => no(format!("ended on {last}; have a new one issued")),
        CertificateState::Revoked => no("is revoked; have a new one issued".to_owned()),
    }
}
