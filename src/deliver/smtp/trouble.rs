//! What a fault of TLS means to who runs this: rustls speaks to programmers.

/// Returns the fault in plain words, with what to do about it. What is not known stays
/// as it came.
pub(super) fn explained(reason: &str) -> String {
    let lower = reason.to_lowercase();
    let has = |words: &str| lower.contains(words);
    // BadSignature: an issuer of that name is known, but it was another one (renewed, perhaps).
    if has("unknownissuer") || has("badsignature") {
        "its certificate's issuer is not known here: that of a private authority goes into \
         `mail.smtp.ca_file`"
            .to_owned()
    } else if has("not valid for name") {
        let names = names(reason).join(", ");
        let whose = if names.is_empty() { "another name" } else { "another name, " };
        format!("its certificate is for {whose}{names}: `mail.smtp.host` must be the name in it")
    } else if has("certificate expired") {
        "its certificate has expired: whoever runs the server must renew it".to_owned()
    } else if has("not valid yet") {
        "its certificate is not valid yet: compare the clocks of both machines".to_owned()
    } else if has("eof") || has("connection reset") {
        format!("it broke the handshake off: {FITS}")
    } else if has("corrupt message") {
        format!("it speaks no TLS there: {FITS}")
    } else if has("does not offer starttls") {
        format!("it does not offer STARTTLS: {FITS}")
    } else {
        format!("{reason}: check `mail.smtp.tls` and `host`")
    }
}

const FITS: &str = "`mail.smtp.tls` must fit `port` (usually implicit and 465, starttls and 587)";

/// Returns the first names that a certificate is good for, as rustls lists them.
fn names(reason: &str) -> Vec<&str> {
    let listed = reason.split("DnsName(\"").skip(1).take(3);
    listed.filter_map(|rest| rest.split('"').next()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_known_fault_is_told_with_its_remedy() {
        for (reason, told) in [
            (
                "invalid peer certificate: UnknownIssuer",
                "its certificate's issuer is not known here: that of a private authority goes \
                 into `mail.smtp.ca_file`",
            ),
            (
                "invalid peer certificate: BadSignature",
                "its certificate's issuer is not known here: that of a private authority goes \
                 into `mail.smtp.ca_file`",
            ),
            (
                "invalid peer certificate: certificate not valid for name \"a.de\"; certificate \
                 is only valid for DnsName(\"b.de\") or DnsName(\"c.de\")",
                "its certificate is for another name, b.de, c.de: `mail.smtp.host` must be the \
                 name in it",
            ),
            (
                "invalid peer certificate: certificate not valid for name \"a.de\"",
                "its certificate is for another name: `mail.smtp.host` must be the name in it",
            ),
            (
                "invalid peer certificate: certificate expired: verification time 5 (UNIX)",
                "its certificate has expired: whoever runs the server must renew it",
            ),
            (
                "invalid peer certificate: certificate not valid yet: verification time 5",
                "its certificate is not valid yet: compare the clocks of both machines",
            ),
            (
                "tls handshake eof",
                "it broke the handshake off: `mail.smtp.tls` must fit `port` (usually implicit \
                 and 465, starttls and 587)",
            ),
            (
                "received corrupt message of type InvalidContentType",
                "it speaks no TLS there: `mail.smtp.tls` must fit `port` (usually implicit and \
                 465, starttls and 587)",
            ),
            (
                "received fatal alert: ProtocolVersion",
                "received fatal alert: ProtocolVersion: check `mail.smtp.tls` and `host`",
            ),
        ] {
            assert_eq!(explained(reason), told);
            assert!(told.len() <= 200, "what is longer is cut");
        }
    }
}
