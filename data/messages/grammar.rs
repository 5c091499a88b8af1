//! Turns phrase rules into messages.
//!
//! A rule is `name: one | another` and may span several lines. `{name}` is replaced with an alternative of the rule,
//! `#` with a digit, `^` with a letter or digit, and `¶` with a line break. `{host@firm}` is the alternative of `host`
//! that matches the alternative last drawn for `firm`.

use crate::rng::Rng;
use std::collections::HashMap;
use std::io;

/// Letters and digits of a code, without pairs that are easily confused.
const CODE: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
const DIGITS: &[u8] = b"0123456789";

pub(crate) struct Grammar(HashMap<String, Vec<String>>);

/// An unfinished message.
struct Draft<'a> {
    rng: &'a mut Rng,
    drawn: HashMap<&'a str, usize>,
    text: String,
}

impl Grammar {
    pub(crate) fn new(banks: &[&str]) -> Self {
        let mut bodies: Vec<(&str, String)> = Vec::new();
        for line in banks.iter().flat_map(|bank| bank.lines()) {
            match (line.split_once(": "), bodies.last_mut()) {
                (Some((name, body)), _) if name.chars().all(is_name) => {
                    bodies.push((name, body.to_owned()));
                }
                (_, Some((_, body))) => {
                    body.push(' ');
                    body.push_str(line);
                }
                _ => {}
            }
        }
        let split = |body: &str| body.split('|').map(|part| part.trim().to_owned()).collect();
        Self(bodies.iter().map(|(name, body)| ((*name).to_owned(), split(body))).collect())
    }

    /// All alternatives of a rule. Empty if there is no such rule.
    pub(crate) fn alternatives(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// Expands a template at random.
    pub(crate) fn write(&self, template: &str, rng: &mut Rng) -> io::Result<String> {
        let mut draft = Draft { rng, drawn: HashMap::new(), text: String::new() };
        self.expand(template, &mut draft)?;
        Ok(draft.text)
    }

    fn expand<'a>(&'a self, template: &'a str, draft: &mut Draft<'a>) -> io::Result<()> {
        for part in template.split('{') {
            let literal = match part.split_once('}') {
                Some((slot, tail)) => {
                    self.expand(self.fill(slot, draft)?, draft)?;
                    tail
                }
                None => part,
            };
            for sign in literal.chars() {
                draft.text.push(match sign {
                    '#' => letter(DIGITS, draft.rng),
                    '^' => letter(CODE, draft.rng),
                    '¶' => '\n',
                    other => other,
                });
            }
        }
        Ok(())
    }

    fn fill<'a>(&'a self, slot: &'a str, draft: &mut Draft<'a>) -> io::Result<&'a str> {
        let (name, matching) = slot.split_once('@').unwrap_or((slot, ""));
        let choices = self.alternatives(name);
        let place = match draft.drawn.get(matching) {
            Some(place) => *place,
            None => draft.rng.below(choices.len()),
        };
        draft.drawn.insert(name, place);
        let choice = choices.get(place).map(String::as_str);
        choice.ok_or_else(|| io::Error::other(format!("no phrase for {{{slot}}}; add a rule for it")))
    }
}

const fn is_name(sign: char) -> bool {
    sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '_'
}

fn letter(from: &[u8], rng: &mut Rng) -> char {
    rng.pick(from).copied().map_or(' ', char::from)
}
