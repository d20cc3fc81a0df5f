//! The recurrence of one layer on an Nvidia card.

pub mod driver;
