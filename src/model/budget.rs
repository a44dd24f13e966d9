//! The bound that travels with every stranger's bytes.
//!
//! One budget is made where a document, a mail or a request comes in, and every
//! loop that its bytes drive spends from it. Running out is an error that names
//! the resource; it is never a panic and never a result that looks whole.
//! Knows no clock: work is counted in steps, so the same bytes always cost the same.

use std::cell::Cell;

/// Counts that a budget bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Bytes that are produced: decoded, expanded or copied.
    Bytes,
    /// Nodes of a tree.
    Nodes,
    /// Items, parts or rows that are read out.
    Items,
    /// References that are replaced by what they stand for: entities, base addresses.
    Expansions,
    /// Units of work: a byte looked at, a node visited, two values compared.
    Steps,
}

const RESOURCES: usize = 5;

/// Levels of nesting that any document may have.
///
/// Deeper than any page or message seen (a table soup of 1998 had 190), shallow
/// enough for recursion on a thread's stack.
const MAX_DEPTH: u32 = 512;

/// A resource ran out before the work was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too much to read: more than {limit} {}", .resource.noun())]
pub struct Exhausted {
    /// The resource that ran out.
    pub resource: Resource,
    /// The amount that was allowed.
    pub limit: u64,
}

impl Resource {
    const ALL: [Self; RESOURCES] =
        [Self::Bytes, Self::Nodes, Self::Items, Self::Expansions, Self::Steps];

    const fn noun(self) -> &'static str {
        match self {
            Self::Bytes => "bytes produced",
            Self::Nodes => "nodes",
            Self::Items => "items",
            Self::Expansions => "expansions",
            Self::Steps => "steps of work",
        }
    }
}

/// Remaining amounts of each resource for one document, mail or request.
#[derive(Debug)]
pub struct Budget {
    limits: [u64; RESOURCES],
    spent: [Cell<u64>; RESOURCES],
    depth: Cell<u32>,
}

impl Budget {
    /// Returns the budget of a document of `bytes` bytes.
    ///
    /// Grows with the input only where honest input needs it to: 64 steps a byte
    /// and 4 bytes out per byte in, each above a base that a small document may use.
    pub fn for_document(bytes: usize) -> Self {
        let bytes = bytes as u64;
        Self::new([
            bytes.saturating_mul(4).saturating_add(4 << 20),
            200_000,
            20_000,
            bytes.saturating_add(10_000),
            bytes.saturating_mul(64).saturating_add(1 << 20),
        ])
    }

    fn new(limits: [u64; RESOURCES]) -> Self {
        Self { limits, spent: Default::default(), depth: Cell::new(0) }
    }

    /// Returns this budget with another limit for one resource.
    #[must_use]
    pub fn with_limit(mut self, resource: Resource, limit: u64) -> Self {
        self.limits[resource as usize] = limit;
        self
    }

    /// Takes `amount` of a resource.
    ///
    /// # Errors
    /// Fails if less than `amount` is left; every later call for that resource fails too.
    pub fn spend(&self, resource: Resource, amount: usize) -> Result<(), Exhausted> {
        let spent = &self.spent[resource as usize];
        let limit = self.limits[resource as usize];
        spent.set(spent.get().saturating_add(amount as u64));
        if spent.get() > limit {
            return Err(Exhausted { resource, limit });
        }
        Ok(())
    }

    /// Takes `amount` steps of work.
    ///
    /// # Errors
    /// Fails if fewer are left.
    pub fn step(&self, amount: usize) -> Result<(), Exhausted> {
        self.spend(Resource::Steps, amount)
    }

    /// Returns whether `amount` of a resource is left, without taking it: for work that
    /// a cheaper way can replace.
    pub fn affords(&self, resource: Resource, amount: usize) -> bool {
        let wanted = self.spent(resource).saturating_add(amount as u64);
        wanted <= self.limits[resource as usize]
    }

    /// Returns the first resource that ran out.
    ///
    /// A loop over foreign bytes may simply stop when `spend` fails. Who made the budget
    /// calls this before it believes what was read.
    ///
    /// # Errors
    /// Fails if any resource ran out.
    pub fn check(&self) -> Result<(), Exhausted> {
        Resource::ALL.into_iter().try_for_each(|resource| self.spend(resource, 0))
    }

    /// Returns how much of a resource was spent so far, also beyond its limit.
    ///
    /// Tests of linear time compare it at n, 2n and 4n.
    pub fn spent(&self, resource: Resource) -> u64 {
        self.spent[resource as usize].get()
    }

    /// Returns whether one more level of nesting is allowed, and enters it.
    ///
    /// The level is left when the returned guard is dropped; `None` means that
    /// the nested part must be left out and noted.
    pub fn enter(&self) -> Option<Level<'_>> {
        let depth = self.depth.get() + 1;
        if depth > MAX_DEPTH {
            return None;
        }
        self.depth.set(depth);
        Some(Level(&self.depth))
    }
}

/// A level of nesting; dropping it leaves the level.
#[derive(Debug)]
pub struct Level<'a>(&'a Cell<u32>);

impl Drop for Level<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_out_names_the_resource_and_stays() {
        let budget = Budget::for_document(0).with_limit(Resource::Items, 2);
        assert_eq!(budget.spend(Resource::Items, 2), Ok(()));
        let out = budget.spend(Resource::Items, 1).unwrap_err();
        assert_eq!(out.to_string(), "too much to read: more than 2 items");
        assert!(budget.spend(Resource::Items, 0).is_err());
        assert_eq!(budget.step(1), Ok(()));
        assert_eq!(budget.check(), Err(out));
    }

    #[test]
    fn what_is_not_affordable_is_not_taken() {
        let budget = Budget::for_document(0).with_limit(Resource::Nodes, 5);
        assert!(budget.affords(Resource::Nodes, 5) && !budget.affords(Resource::Nodes, 6));
        assert_eq!((budget.spent(Resource::Nodes), budget.check()), (0, Ok(())));
    }

    #[test]
    fn levels_are_given_back() {
        let budget = Budget::for_document(0);
        let levels: Vec<_> = (0..MAX_DEPTH).map_while(|_| budget.enter()).collect();
        assert_eq!(levels.len(), MAX_DEPTH as usize);
        assert!(budget.enter().is_none());
        drop(levels);
        assert!(budget.enter().is_some());
    }
}
