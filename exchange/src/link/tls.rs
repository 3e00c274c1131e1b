//! Who is trusted on a line: certificates of both parties, TLS 1.3, nothing else.
//!
//! Each party is filed with certificates of its own, so that no party can vouch for another. The name in a
//! certificate is the party's ([`name_of`]). Never reads a file or a clock.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::voucher::Party;
use rustls::client::{Resumption, WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
pub use rustls::pki_types::UnixTime;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, ServerName};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, ParsedCertificate, WebPkiClientVerifier};
pub use rustls::time_provider::{DefaultTimeProvider, TimeProvider};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use thiserror::Error;

use super::Reason;

/// Why there can be no TLS with what was given.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TlsError {
    /// No certificate or key where one has to be.
    #[error("{what} of {party}: {why}; give a PEM file with it")]
    Pem {
        /// Of whom.
        party: Party,
        /// What was read.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// Certificates and key that do not go together, or that cannot be used.
    #[error("the certificates of {party} cannot be used: {why}; file others")]
    Unfit {
        /// Of whom.
        party: Party,
        /// What is wrong with them.
        why: String,
    },
}

/// The name that the certificate of a party has to carry as its alternative name (DNS): `bank:102` is
/// `102.bank.parties.internal`.
#[must_use]
pub fn name_of(party: Party) -> String {
    format!("{}.{}.parties.internal", party.code(), party.kind()).to_ascii_lowercase()
}

fn server_name(party: Party) -> ServerName<'static> {
    ServerName::try_from(name_of(party)).expect("letters, digits and hyphens, well below 253")
}

/// Our own certificates and key.
#[derive(Debug)]
pub struct Own {
    party: Party,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Own {
    /// From a PEM text with the certificate first and what it was issued by behind it, and one with its key.
    ///
    /// # Errors
    /// A text without one.
    pub fn from_pem(party: Party, chain: &[u8], key: &[u8]) -> Result<Own, TlsError> {
        let chain = certificates(party, "the certificate", chain)?;
        let no_key = |error: rustls::pki_types::pem::Error| {
            let why = error.to_string();
            TlsError::Pem { party, what: "the key", why }
        };
        let key = PrivateKeyDer::from_pem_slice(key).map_err(no_key)?;
        Ok(Own { party, chain, key })
    }
}

/// What a counterparty is filed with.
#[derive(Clone, Debug)]
pub struct Filed {
    party: Party,
    anchors: Vec<CertificateDer<'static>>,
    revoked: Vec<CertificateRevocationListDer<'static>>,
}

impl Filed {
    /// From a PEM text with the certificates that its own has to be, or be issued by, and one with lists of what
    /// was revoked; empty where there is none.
    ///
    /// # Errors
    /// No certificate, or a list that is none.
    pub fn from_pem(party: Party, anchors: &[u8], revoked: &[u8]) -> Result<Filed, TlsError> {
        let no_list = |error: rustls::pki_types::pem::Error| {
            let why = error.to_string();
            TlsError::Pem { party, what: "the list of what was revoked", why }
        };
        let revoked: Result<Vec<_>, _> =
            CertificateRevocationListDer::pem_slice_iter(revoked).collect();
        let anchors = certificates(party, "the filed certificate", anchors)?;
        Ok(Filed { party, anchors, revoked: revoked.map_err(no_list)? })
    }

    fn roots(&self) -> Result<RootCertStore, TlsError> {
        let mut roots = RootCertStore::empty();
        for anchor in &self.anchors {
            roots.add(anchor.clone()).map_err(unfit(self.party))?;
        }
        Ok(roots)
    }
}

fn certificates(
    party: Party,
    what: &'static str,
    pem: &[u8],
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if found.is_empty() => {
            Err(TlsError::Pem { party, what, why: "there is none".to_owned() })
        }
        Ok(found) => Ok(found),
        Err(error) => Err(TlsError::Pem { party, what, why: error.to_string() }),
    }
}

fn unfit<E: ToString>(party: Party) -> impl Fn(E) -> TlsError {
    move |error| TlsError::Unfit { party, why: error.to_string() }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// What a dialling side connects with: only the one counterparty is trusted, whoever answers at its address.
#[derive(Clone, Debug)]
pub struct DialTls {
    pub(super) config: Arc<ClientConfig>,
    pub(super) name: ServerName<'static>,
}

impl DialTls {
    /// # Errors
    /// Certificates that cannot be used.
    pub fn new(own: &Own, peer: &Filed, time: Arc<dyn TimeProvider>) -> Result<DialTls, TlsError> {
        let roots = Arc::new(peer.roots()?);
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider())
            .with_crls(peer.revoked.clone())
            .allow_unknown_revocation_status()
            .only_check_end_entity_revocation()
            .build()
            .map_err(unfit(peer.party))?;
        let mut config = ClientConfig::builder_with_details(provider(), time)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(unfit(own.party))?
            .with_webpki_verifier(verifier)
            .with_client_auth_cert(own.chain.clone(), own.key.clone_key())
            .map_err(unfit(own.party))?;
        // Certificates are looked at anew each time: they may have expired or been revoked.
        config.resumption = Resumption::disabled();
        Ok(DialTls { config: Arc::new(config), name: server_name(peer.party) })
    }
}

/// What a listening side answers with: some counterparty has to be the caller, and the one it says it is.
#[derive(Debug)]
pub struct ListenTls {
    pub(super) config: Arc<ServerConfig>,
    parties: BTreeMap<Party, Arc<dyn ClientCertVerifier>>,
    time: Arc<dyn TimeProvider>,
}

impl ListenTls {
    /// # Errors
    /// Certificates that cannot be used; nobody filed.
    pub fn new(
        own: &Own,
        peers: &[Filed],
        time: Arc<dyn TimeProvider>,
    ) -> Result<ListenTls, TlsError> {
        let mut parties = BTreeMap::new();
        let (mut anyone, mut revoked) = (RootCertStore::empty(), Vec::new());
        for peer in peers {
            let roots = peer.roots()?;
            anyone.roots.extend(roots.roots.iter().cloned());
            revoked.extend(peer.revoked.iter().cloned());
            let verifier = client_verifier(roots, peer.revoked.clone());
            parties.insert(peer.party, verifier.map_err(unfit(peer.party))?);
        }
        let verifier = client_verifier(anyone, revoked).map_err(unfit(own.party))?;
        let mut config = ServerConfig::builder_with_details(provider(), Arc::clone(&time))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(unfit(own.party))?
            .with_client_cert_verifier(verifier)
            .with_single_cert(own.chain.clone(), own.key.clone_key())
            .map_err(unfit(own.party))?;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(ListenTls { config: Arc::new(config), parties, time })
    }

    /// Whether the certificates of a caller are those of the party it says it is.
    ///
    /// # Errors
    /// [`Reason::Stranger`] for a party that is not filed, [`Reason::WrongCertificate`] with words.
    pub(super) fn is(
        &self,
        party: Party,
        chain: Option<&[CertificateDer<'_>]>,
    ) -> Result<(), (Reason, String)> {
        let wrong = |why: String| (Reason::WrongCertificate, why);
        let verifier = self.parties.get(&party).ok_or((Reason::Stranger, String::new()))?;
        let (first, issuers) = chain.and_then(<[_]>::split_first).ok_or(wrong(String::new()))?;
        let now = self.time.current_time().ok_or_else(|| wrong("no time is known".to_owned()))?;
        let told = |error: rustls::Error| wrong(error.to_string());
        verifier.verify_client_cert(first, issuers, now).map_err(told)?;
        let parsed = ParsedCertificate::try_from(first).map_err(told)?;
        verify_server_name(&parsed, &server_name(party)).map_err(told)
    }
}

fn client_verifier(
    roots: RootCertStore,
    revoked: Vec<CertificateRevocationListDer<'static>>,
) -> Result<Arc<dyn ClientCertVerifier>, rustls::server::VerifierBuilderError> {
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
        .with_crls(revoked)
        .allow_unknown_revocation_status()
        .only_check_end_entity_revocation()
        .build()
}
