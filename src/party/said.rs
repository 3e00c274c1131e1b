//! What people say to a party: one object of JSON. Of an order every word has to be understood: one that is misspelt, or of
//! another type, must not make it do more or less than was said.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::Value;

/// Characters of a value that a refusal repeats.
const REPEATED_CHARS_MAX: usize = 60;

/// An object, and which of its words were asked for.
pub(crate) struct Said<'a> {
    value: &'a Value,
    asked: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Said<'a> {
    /// Of what was said.
    pub(crate) fn of(value: &'a Value) -> Said<'a> {
        Said { value, asked: RefCell::default() }
    }

    /// What stands under a name; null where nothing does.
    pub(crate) fn at(&self, name: &'static str) -> &'a Value {
        self.asked.borrow_mut().insert(name);
        &self.value[name]
    }

    /// A text that has to be there.
    pub(crate) fn text(&self, name: &'static str) -> Result<&'a str, String> {
        self.wanted(name, "it as a text", Value::as_str)
    }

    /// A text that may be left out.
    pub(crate) fn may_text(&self, name: &'static str) -> Result<Option<&'a str>, String> {
        match self.at(name) {
            Value::Null => Ok(None),
            _ => self.text(name).map(Some),
        }
    }

    /// Yes or no; `default` where nothing is said.
    pub(crate) fn flag(&self, name: &'static str, default: bool) -> Result<bool, String> {
        match self.at(name) {
            Value::Null => Ok(default),
            _ => self.wanted(name, "true or false", Value::as_bool),
        }
    }

    /// A whole number that has to be there; `what` says of what.
    pub(crate) fn number<T: TryFrom<u64>>(
        &self,
        name: &'static str,
        what: &str,
    ) -> Result<T, String> {
        self.wanted(name, what, |value| T::try_from(value.as_u64()?).ok())
    }

    /// A list that has to be there; `what` says of what.
    pub(crate) fn list(&self, name: &'static str, what: &str) -> Result<&'a [Value], String> {
        self.wanted(name, what, |value| value.as_array().map(Vec::as_slice))
    }

    /// Something that has to be there, as `read` takes it.
    pub(crate) fn wanted<T>(
        &self,
        name: &'static str,
        what: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<T, String> {
        let value = self.at(name);
        read(value).ok_or_else(|| match value {
            Value::Null => format!("`{name}` is missing; give {what}"),
            other => {
                let told: String = other.to_string().chars().take(REPEATED_CHARS_MAX).collect();
                format!("`{name}` is {told}; give {what}")
            }
        })
    }

    /// Each object of a list that has to be there, none of them with a word that is not understood.
    pub(crate) fn each<T>(
        &self,
        name: &'static str,
        what: &str,
        read: impl Fn(&Said<'a>) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        let one = |one: &'a Value| {
            let said = Said::of(one);
            let read = read(&said)?;
            said.is_understood(name)?;
            Ok(read)
        };
        self.list(name, what)?.iter().map(one).collect()
    }

    /// That nothing else was said than what was asked for; `order` is what was ordered.
    ///
    /// # Errors
    /// The first word that nobody asked for.
    pub(crate) fn is_understood(&self, order: &str) -> Result<(), String> {
        let asked = self.asked.borrow();
        let said = self.value.as_object().into_iter().flatten();
        let mut more =
            said.filter(|(name, value)| !asked.contains(name.as_str()) && !value.is_null());
        let Some((name, _)) = more.next() else { return Ok(()) };
        let named = asked.iter().filter(|name| !["order", "look"].contains(name));
        let known: Vec<String> = named.map(|name| format!("`{name}`")).collect();
        Err(match known.is_empty() {
            true => format!("`{name}` is no word of `{order}`, which takes none; nothing was done"),
            false => format!(
                "`{name}` is no word of `{order}`, which takes {} here; nothing was done",
                known.join(", ")
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_missing_and_what_is_something_else_are_told_apart() {
        let value = json!({ "amount": 5, "may": "false", "entry": -1, "null": null });
        let said = Said::of(&value);
        assert_eq!(said.text("voucher"), Err("`voucher` is missing; give it as a text".to_owned()));
        assert_eq!(said.text("amount"), Err("`amount` is 5; give it as a text".to_owned()));
        let why = "`may` is \"false\"; give true or false";
        assert_eq!(said.flag("may", true), Err(why.to_owned()));
        assert_eq!(said.flag("null", true), Ok(true));
        assert_eq!(said.may_text("null"), Ok(None));
        assert_eq!(
            said.number::<u32>("entry", "a number"),
            Err("`entry` is -1; give a number".to_owned())
        );
    }

    #[test]
    fn a_word_that_nobody_asked_for_is_named_with_those_there_are() {
        let value = json!({ "voucher": "V", "detial": "1" });
        let said = Said::of(&value);
        said.text("voucher").expect("it is there");
        said.may_text("detail").expect("it may be left out");
        let why = said.is_understood("refund").expect_err("`detial`");
        assert_eq!(
            why,
            "`detial` is no word of `refund`, which takes `detail`, `voucher` here; nothing was done"
        );
    }
}
