//! Parameters of addresses that count readers or campaigns.

/// Prefixes of such names.
const PREFIXES: [&str; 5] = ["utm_", "hsa_", "pk_", "piwik_", "mtm_"];

/// Whole names.
const NAMES: &[&str] = &[
    "fbclid",
    "gclid",
    "dclid",
    "gbraid",
    "wbraid",
    "msclkid",
    "yclid",
    "twclid",
    "igshid",
    "mc_cid",
    "mc_eid",
    "jetpack_skip_subscription_popup",
    "wt_mc",
    "wt_zmc",
    "cflt",
    "at_medium",
    "at_campaign",
    "xtor",
    "s_cid",
    "ref_src",
    "mkt_tok",
    "_hsenc",
    "_hsmi",
    "oly_enc_id",
    "vero_id",
];

/// Returns whether a parameter of that name counts readers or campaigns and names no page.
pub fn is_tracking_parameter(name: &str) -> bool {
    let begins = |prefix: &&str| {
        name.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
    };
    PREFIXES.iter().any(begins) || NAMES.iter().any(|known| name.eq_ignore_ascii_case(known))
}
