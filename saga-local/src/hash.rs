//! The digests of `$hash`, and the one that SQS reports, in hexadecimal.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// The digest in lower-case hexadecimal; `None` for an algorithm that Step Functions does not know.
pub(crate) fn hex(algorithm: &str, bytes: &[u8]) -> Option<String> {
    let digest = match algorithm {
        "MD5" => Md5::digest(bytes).to_vec(),
        "SHA-1" => Sha1::digest(bytes).to_vec(),
        "SHA-256" => Sha256::digest(bytes).to_vec(),
        "SHA-384" => Sha384::digest(bytes).to_vec(),
        "SHA-512" => Sha512::digest(bytes).to_vec(),
        _ => return None,
    };
    let nibble = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or_default();
    Some(
        digest
            .iter()
            .flat_map(|byte| [nibble(byte >> 4), nibble(byte & 15)])
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::hex;

    #[test]
    fn digests_are_those_of_the_standards() {
        let abc = |algorithm| hex(algorithm, b"abc").unwrap_or_default();
        assert_eq!(abc("MD5"), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(abc("SHA-1"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(
            abc("SHA-256"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(&abc("SHA-384")[..16], "cb00753f45a35e8b");
        assert_eq!(&abc("SHA-512")[..16], "ddaf35a193617aba");
        assert_eq!(abc("SHA-3"), "");
        let long = "a".repeat(200);
        assert_eq!(
            hex("MD5", long.as_bytes()).as_deref(),
            Some("887f30b43b2867f4a9accceee7d16e6c")
        );
        assert_eq!(
            hex("SHA-1", long.as_bytes()).as_deref(),
            Some("e61cfffe0d9195a525fc6cf06ca2d77119c24a40")
        );
    }
}
