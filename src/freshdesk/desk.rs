//! The helpdesk with the secret of its webhooks, as the service holds it.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::sync::Helpdesk;

/// The account, and what its webhooks must know.
#[derive(Clone)]
pub struct Desk {
    helpdesk: Helpdesk,
    /// Of the secret only its hash is kept: two hashes are compared in the same time, whatever they are of.
    secret: Option<[u8; 32]>,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk")
            .field("takes_webhooks", &self.takes_webhooks())
            .finish_non_exhaustive()
    }
}

impl Desk {
    /// An account; without a secret no webhook is taken.
    pub fn new(helpdesk: Helpdesk, webhook_secret: Option<&str>) -> Self {
        let secret = webhook_secret
            .filter(|secret| !secret.is_empty())
            .map(|secret| Sha256::digest(secret).into());
        Self { helpdesk, secret }
    }

    /// The account.
    pub const fn helpdesk(&self) -> &Helpdesk {
        &self.helpdesk
    }

    /// Is there a secret?
    pub const fn takes_webhooks(&self) -> bool {
        self.secret.is_some()
    }

    /// Is that the secret?
    pub fn knows_secret(&self, said: &[u8]) -> bool {
        let said: [u8; 32] = Sha256::digest(said).into();
        self.secret.is_some_and(|secret| bool::from(secret.ct_eq(&said)))
    }
}
