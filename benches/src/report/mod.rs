//! What was measured, for people: on the terminal, as Markdown, as a picture.

pub mod lines;
pub mod markdown;
pub mod picture;
mod place;
pub mod text;

pub use place::Place;
