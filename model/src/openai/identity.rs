//! Names for tool uses that a server gave none.

/// Unlike in any other answer, because a conversation holds the tool uses of many.
#[derive(Debug, Clone)]
pub(super) struct Identity(u64);

impl Identity {
    pub(super) fn random() -> Self {
        Self(fastrand::u64(..))
    }

    pub(super) fn of_tool(&self, position: usize) -> String {
        format!("call_{:016x}_{position}", self.0)
    }
}
