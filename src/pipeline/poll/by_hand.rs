//! An item that a person wrote: recognised, tagged and stored as one that a poll brought.

use crate::dedup;
use crate::extract::html;
use crate::model::{
    Access, DetailPolicy, IdentityPolicy, Initial, ItemId, RawItem, SourceSettings, Timestamp,
};
use crate::normalize;
use crate::pipeline::Plan;
use crate::store::{StoreError, Transaction, items, sources, stories};

use super::decide;
use super::reading::NewItem;
use super::record;

/// Of which source such items are, unless the config has one of that id.
const SOURCE: &str = "redaktion";

/// An item that is ready to be stored.
pub struct ByHand {
    settings: SourceSettings,
    new: NewItem,
}

/// Prepares an item of that title, address and text, all plain. None if there is nothing to
/// show.
pub fn by_hand(
    plan: &Plan,
    title: &str,
    url: Option<&str>,
    text: &str,
    now: Timestamp,
) -> Option<ByHand> {
    let settings = plan
        .source(&SOURCE.into())
        .map_or_else(|| settings(plan), |source| source.configured.settings.clone());
    let raw = RawItem {
        link: url.map(str::to_owned),
        title: Some(html::escape(title)),
        summary_html: Some(html::escape(text)),
        published: Some(crate::model::Date { at: now, is_guess: false }),
        ..RawItem::default()
    };
    let raws = [raw];
    let keys = normalize::keys(&raws, &settings).keys;
    let raw_hash = normalize::raw_hash(&raws[0]);
    let item = normalize::item(&raws[0], keys.into_iter().next()?, raw_hash, &settings, now)?;
    let new = decide::new_item(plan, &settings, item, now, &mut Vec::new());
    Some(ByHand { settings, new })
}

impl ByHand {
    /// Returns the item of that address that was written before.
    pub fn known(&self, tx: &Transaction<'_>) -> Result<Option<ItemId>, StoreError> {
        let known = items::known(tx, &self.settings.id, &self.new.item.key)?;
        Ok(known.map(|known| known.id))
    }

    /// Stores it with its topics and its story. None if it is known.
    pub fn store(
        &self,
        tx: &Transaction<'_>,
        plan: &Plan,
        now: Timestamp,
    ) -> Result<Option<ItemId>, StoreError> {
        sources::name(tx, &self.settings)?;
        let subject =
            dedup::Subject { source: &self.settings.id, received: now, traces: &self.new.traces };
        let placement = stories::place(tx, &subject, now.before(dedup::MEMORY))?;
        record::store_new(tx, plan, &self.settings.id, &self.new, placement, None, now)
    }
}

fn settings(plan: &Plan) -> SourceSettings {
    SourceSettings {
        id: SOURCE.into(),
        name: "Redaktion".to_owned(),
        kind: "page".to_owned(),
        url: plan.mail.link(""),
        enabled: true,
        interval: plan.polling.interval,
        rank: 2,
        topics: Vec::new(),
        initial: Initial::All,
        identity: IdentityPolicy::Auto,
        timezone: plan.mail.timezone,
        aliases: Vec::new(),
        only: Vec::new(),
        detail: DetailPolicy::Never,
        remark: None,
        access: Access::default(),
    }
}
