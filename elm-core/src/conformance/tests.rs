//! The suite on the reference backend itself.

crate::conformance_tests!(crate::reference::Reference);
