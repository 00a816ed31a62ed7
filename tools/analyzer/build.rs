//! Rules and their evidence are embedded; a change to one rebuilds the crate.

fn main() {
    println!("cargo::rerun-if-changed=rules");
    println!("cargo::rerun-if-changed=evidence");
}
