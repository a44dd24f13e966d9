//! Networks as the config names them: an address and how many bits count.

use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;

/// A network such as `127.0.0.0/8` or `::1/128`; a bare address is itself alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// Its first address.
    pub address: IpAddr,
    /// How many leading bits must agree: up to 32, or 128.
    pub prefix: u8,
}

impl Network {
    /// Whether `address` lies in it. An IPv4 address in IPv6 form
    /// (`::ffff:127.0.0.1`, RFC 4291 2.5.5.2) is the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let differs = match (self.address.to_canonical(), address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                (u32::from(ours) ^ u32::from(theirs)).leading_zeros()
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                (u128::from(ours) ^ u128::from(theirs)).leading_zeros()
            }
            _ => return false,
        };
        differs >= u32::from(self.prefix)
    }

    fn has_bits_beyond_prefix(&self) -> bool {
        let prefix = u32::from(self.prefix);
        match self.address {
            IpAddr::V4(address) => u32::from(address).checked_shl(prefix).unwrap_or(0) != 0,
            IpAddr::V6(address) => u128::from(address).checked_shl(prefix).unwrap_or(0) != 0,
        }
    }
}

impl FromStr for Network {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| ())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => most,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok().filter(|prefix| *prefix <= most).ok_or(())?
            }
            Some(_) => return Err(()),
        };
        let network = Self { address, prefix };
        // `10.0.0.5/8`: is the network meant, or the address?
        if network.has_bits_beyond_prefix() { Err(()) } else { Ok(network) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_lies_in_its_networks_only() {
        for (network, address, inside) in [
            ("127.0.0.0/8", "127.9.9.9", true),
            ("127.0.0.0/8", "128.0.0.1", false),
            ("127.0.0.0/8", "::ffff:127.0.0.1", true),
            ("10.0.0.5", "10.0.0.5", true),
            ("10.0.0.5", "10.0.0.4", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::1/128", "::1", true),
            ("fc00::/7", "fd12::1", true),
            ("fc00::/7", "2001:db8::1", false),
        ] {
            let network: Network = network.parse().unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), inside, "{network} {address}");
        }
        for bad in [
            "",
            "localhost",
            "127.0.0.0/33",
            "::/129",
            "127.0.0.0/",
            "127.0.0.0/+8",
            "1/8",
            "10.0.0.5/8",
        ] {
            assert_eq!(bad.parse::<Network>(), Err(()), "{bad}");
        }
    }
}
