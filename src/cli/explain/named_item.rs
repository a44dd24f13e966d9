//! Which item somebody means: by its number, its address, or a part of its title.

use crate::cli::{Session, UsageError};
use crate::model::ItemId;
use crate::page::shown_url;
use crate::store::items::{self, Stored};
use crate::store::{StoreError, Transaction};

/// Items that are shown where several have such a title.
const MOST: usize = 20;

pub(super) enum Named {
    /// The one that is meant.
    One(ItemId),
    /// All that may be meant.
    Several(Vec<Stored>),
}

pub(super) async fn find(session: &Session, what: &str) -> anyhow::Result<Named> {
    if let Some(id) = number(session, what) {
        return Ok(Named::One(id));
    }
    let wanted = what.trim().to_owned();
    let is_address = wanted.contains("://");
    let found =
        session
            .ctx
            .store
            .read(move |tx| {
                if is_address { of_address(tx, &wanted) } else { items::titled(tx, &wanted, MOST) }
            })
            .await?;
    match found.as_slice() {
        [] if is_address => Err(UsageError::new(
            "no item has this address; `amtsbote items --search WORDS` looks for its words",
        )
        .into()),
        [] => Err(UsageError::new(format!(
            "no title holds `{what}`; `amtsbote items --search` looks into the texts, too"
        ))
        .into()),
        [one] => Ok(Named::One(one.id)),
        _ => Ok(Named::Several(found)),
    }
}

/// Returns the number of an item, given as such or as the address of its page here.
fn number(session: &Session, what: &str) -> Option<ItemId> {
    let page = session.plan.mail.link("meldung/");
    let number = what.strip_prefix(&page).unwrap_or(what);
    number.parse().ok().map(ItemId)
}

/// Returns the items of an address as it was given, or as it is shown: mails and pages show it
/// without what counts readers.
fn of_address(tx: &Transaction<'_>, address: &str) -> Result<Vec<Stored>, StoreError> {
    let exact = items::of_url(tx, address)?;
    if !exact.is_empty() {
        return Ok(exact);
    }
    let start = address.split(['?', '#']).next().unwrap_or(address);
    let wanted = shown_url(address);
    let mut near = items::of_url_start(tx, start, MOST)?;
    near.retain(|item| item.url.as_deref().and_then(shown_url) == wanted);
    Ok(near)
}
