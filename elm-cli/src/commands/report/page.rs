//! The frame of a page, and the pieces that pages are made of.

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// How pages look, in light and in dark.
const STYLE: &str = include_str!("style.css");

/// What a browser may do with a page: show it, and fetch nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// A whole document.
pub(super) fn document(title: &str, content: &Markup) -> String {
    let date = jiff::ZonedDateTime::now().strftime("%Y-%m-%d %H:%M:%S %:z").to_string();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                link rel="icon" href="data:,";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    (content)
                    footer { "Written by elm " (env!("CARGO_PKG_VERSION")) " on " (date) "." }
                }
            }
        }
    };
    page.into_string()
}

/// The name of what the page is about, its state, and a line about it.
pub(super) fn head(name: &str, state: Option<&str>, about: &str) -> Markup {
    html! {
        header {
            h1 { (name) }
            p {
                @if let Some(state) = state { span class={ "state " (state) } { (state) } " " }
                span class="quiet" { (about) }
            }
        }
    }
}

/// A few large figures.
pub(super) fn cards(figures: &[(String, String)]) -> Markup {
    html! {
        dl class="cards" {
            @for (name, value) in figures {
                div class="card" { dt { (name) } dd { (value.replace(" %", "\u{a0}%")) } }
            }
        }
    }
}

/// A section, left out where it has nothing in it.
pub(super) fn section(title: &str, content: Option<Markup>) -> Markup {
    html! {
        @if let Some(content) = content {
            section { h2 { (title) } (content) }
        }
    }
}

/// A table of texts, with numbers set as such.
pub(super) fn table(head: &[String], rows: &[Vec<Markup>]) -> Markup {
    html! {
        div class="wide" tabindex="0" {
            table {
                thead { tr { @for cell in head { th scope="col" { (cell) } } } }
                tbody { @for row in rows { tr { @for cell in row { (cell) } } } }
            }
        }
    }
}

/// Letters of a text that is not broken.
const SHORT: usize = 24;

/// A cell of a table.
pub(super) fn cell(text: &str) -> Markup {
    let is_number = text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    let class = match text.chars().count() <= SHORT {
        true if is_number => "number",
        true => "short",
        false => "long",
    };
    html! { td class=(class) { (text) } }
}

/// A cell with a name of the program, which may be broken between its parts.
pub(super) fn key(text: &str) -> Markup {
    html! { td class="key" { (parts(text)) } }
}

/// A long name with the places where it may be broken.
pub(super) fn parts(text: &str) -> Markup {
    html! { @for part in text.split_inclusive(['.', '_', '-']) { (part) wbr; } }
}

/// Names with their values, one below the other.
pub(super) fn list(pairs: &[(String, String)]) -> Markup {
    html! {
        div class="wide" tabindex="0" {
            table {
                tbody {
                    @for (name, value) in pairs {
                        tr { th scope="row" { (name) } (cell(value)) }
                    }
                }
            }
        }
    }
}
