//! SHA-256 of a file's bytes: the name of its content, by which the same file is known again.

use sha2::{Digest, Sha256};

/// A digest in the making.
#[derive(Debug, Clone, Default)]
pub struct Fingerprint(Sha256);

impl Fingerprint {
    /// Of these bytes at once.
    pub fn of(bytes: &[u8]) -> String {
        let mut made = Self::default();
        made.add(bytes);
        made.hex()
    }

    /// Takes the next bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// In 64 hexadecimal digits.
    pub fn hex(self) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digest = self.0.finalize();
        digest
            .iter()
            .flat_map(|b| [b >> 4, b & 15])
            .map(|nibble| char::from(DIGITS[usize::from(nibble)]))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_sha_256_in_hex() {
        assert_eq!(
            Fingerprint::of(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
