//! What was measured, for people: on the terminal, as Markdown, as a picture.

pub mod text;
