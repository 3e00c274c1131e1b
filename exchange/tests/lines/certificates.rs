//! Certificates of parties, good ones and bad ones.

use std::sync::Arc;
use std::time::Duration;

use domain::voucher::Party;
use exchange::link::tls::{Filed, Own, TimeProvider, UnixTime, name_of};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, IsCa,
    KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};

/// The day on which tests take place: 1 July 2026. Certificates hold from January to the end of that year.
#[derive(Debug)]
pub(crate) struct Day(pub(crate) u64);

pub(crate) const TODAY: Day = Day(1_782_864_000);

impl TimeProvider for Day {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(self.0)))
    }
}

pub(crate) fn today() -> Arc<dyn TimeProvider> {
    Arc::new(TODAY)
}

pub(crate) fn party(text: &str) -> Party {
    text.parse().expect("a party")
}

/// Who issues certificates, and what it has issued them with.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, as PEM.
pub(crate) struct Papers {
    pub(crate) chain: String,
    pub(crate) key: String,
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a key")
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2026, 12, 31);
    params
}

impl Authority {
    pub(crate) fn new() -> Authority {
        let mut params = params("authority.parties.internal");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Authority(CertifiedIssuer::self_signed(params, key()).expect("an authority"))
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate that says whatever is wanted.
    pub(crate) fn issue(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Papers {
        let (mut params, key) = (params(name), key());
        change(&mut params);
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        Papers { chain: certificate.pem(), key: key.serialize_pem() }
    }

    pub(crate) fn own(&self, of: Party) -> Own {
        self.issue(&name_of(of), |_| {}).own(of)
    }

    pub(crate) fn filed(&self, of: Party) -> Filed {
        Filed::from_pem(of, self.pem().as_bytes(), b"").expect("an authority")
    }

    /// A list that revokes one number.
    pub(crate) fn revoking(&self, number: u64) -> String {
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2026, 6, 1),
            next_update: date_time_ymd(2026, 12, 31),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: vec![RevokedCertParams {
                serial_number: SerialNumber::from(number),
                revocation_time: date_time_ymd(2026, 6, 1),
                reason_code: None,
                invalidity_date: None,
            }],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.0).expect("a list").pem().expect("a list as PEM")
    }
}

impl Papers {
    /// A certificate that nobody issued but its owner.
    pub(crate) fn self_signed(of: Party) -> Papers {
        let key = key();
        let certificate = params(&name_of(of)).self_signed(&key).expect("a certificate");
        Papers { chain: certificate.pem(), key: key.serialize_pem() }
    }

    pub(crate) fn own(&self, of: Party) -> Own {
        Own::from_pem(of, self.chain.as_bytes(), self.key.as_bytes()).expect("papers")
    }
}
