//! What a reader of the result should know about the two commits.

use crate::error::MeasureError;
use crate::git::Repository;
use crate::request::Request;

pub(crate) fn warnings(
    request: &Request,
    repository: &Repository,
    base: &str,
    head: &str,
) -> Result<Vec<String>, MeasureError> {
    let mut warnings = Vec::new();
    let uncommitted = repository.uncommitted()?;
    if uncommitted > 0 {
        let files = if uncommitted == 1 {
            "1 file has changes that are"
        } else {
            &format!("{uncommitted} files have changes that are")
        };
        warnings.push(format!(
            "{files} not committed: not measured, as only commits are (commit or stash them)"
        ));
    }
    if !request.self_check && base == head {
        warnings.push(
            "base and head are the same commit: nothing can differ but the machine".to_owned(),
        );
    }
    if repository.has_submodules(head) {
        warnings.push("submodules are not checked out by themselves: let the build command do it (`git submodule update --init`)".to_owned());
    }
    Ok(warnings)
}
