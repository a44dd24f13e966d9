//! A table of settings: each key once, with its type, bound, default and help.
//!
//! `settings!` makes a struct and its table of one list. Reading,
//! `config show`, the shipped file and the manual walk that table.

use super::{Content, Reader, Value};

/// One key of a table.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name.
    pub key: &'static str,
    /// Text of the manual and of the shipped file, a line per line.
    pub help: &'static str,
    /// Its type in words.
    pub form: String,
    /// Which values of the type are sound.
    pub bound: Bound,
    /// Its value where none is written; none: it must be written.
    pub default: Option<Content>,
}

/// Which values of a type are sound.
#[derive(Debug, Clone, Copy)]
pub enum Bound {
    /// All.
    Any,
    /// Whole numbers from and up to these.
    Range(i64, i64),
    /// Anything but zero or empty text.
    NotZero,
    /// One of these words.
    OneOf(fn() -> Vec<&'static str>),
    /// Text that passes the check; the first string describes it.
    Text(&'static str, fn(&str) -> Result<(), String>),
    /// A secret that may also come from the environment or a systemd credential of this name.
    Credential(&'static str),
    /// Where nothing is written, the value of that other key.
    Inherited(&'static str),
}

/// A key and its present value.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Name of the key.
    pub key: &'static str,
    /// Its value.
    pub content: Content,
    /// A secret belongs to it, which must not be shown.
    pub has_secret: bool,
}

/// A type that a key may have.
pub trait Setting: Sized {
    /// Returns the type in words.
    fn form() -> String;

    /// Returns the value, or reports why it is none.
    fn take(reader: &mut Reader<'_>, field: &Field, value: &Value) -> Option<Self>;

    /// Returns the value as it would be written.
    fn content(&self) -> Content;

    /// Returns whether a secret was found for the key.
    fn has_secret(&self) -> bool {
        false
    }
}

impl Reader<'_> {
    /// Returns the value of the key of that name in a table of settings.
    pub fn take_one<T: Setting>(&mut self, fields: &[Field], key: &str) -> Option<T> {
        self.take(fields.iter().find(|field| field.key == key)?)
    }

    /// Returns the value of a key of a table of settings. An unsound value is reported; then, or
    /// where none is written, the default holds.
    pub fn take<T: Setting>(&mut self, field: &Field) -> Option<T> {
        if let Some(value) = self.value(field.key) {
            if let Some(found) = T::take(self, field, value) {
                return Some(found);
            }
        } else if field.default.is_none() {
            self.problem(field.key, format!("missing key `{}`", field.key));
        }
        let place = self.place().clone();
        if let Some(content) = field.default.clone() {
            return T::take(self, field, &Value { place, content });
        }
        // Reading goes on with empty text, so that all other problems show as well.
        let mut unheard = Vec::new();
        let mut silent = Reader::new(self.table, "", &mut unheard);
        let empty = Field { default: Some("".into()), ..field.clone() };
        T::take(&mut silent, &empty, &Value { place, content: "".into() })
    }
}

/// A type that is written as text.
pub trait TextSetting: Sized {
    /// The type in words.
    const FORM: &'static str;

    /// Returns the value, or what is wrong with the text.
    fn parse(text: &str) -> Result<Self, String>;

    /// Returns the value as it would be written.
    fn text(&self) -> String;

    /// Returns the complaint about a value of zero; none if this is not zero.
    fn zero(&self) -> Option<&'static str> {
        None
    }
}

/// A table of settings, as `settings!` makes it.
pub trait Settings: Sized {
    /// Dotted name of the table.
    const PATH: &'static str;
    /// One sentence on the table.
    const ABOUT: &'static str;

    /// Returns its keys in the order of the documentation.
    fn fields() -> Vec<Field>;

    /// Takes its keys out of the reader's table. Returns nothing if a key without a default is
    /// missing or unsound; any other unsound key is reported and left at its default.
    fn read(reader: &mut Reader<'_>) -> Option<Self>;

    /// Returns every key with its present value.
    fn shown(&self) -> Vec<Shown>;
}

/// Judges a table of settings and returns what holds by it.
pub fn judge<S: Settings>(reader: &mut Reader<'_>) -> Vec<Shown> {
    S::read(reader).map(|settings| settings.shown()).unwrap_or_default()
}

/// Makes a struct whose fields are the keys of a table.
///
/// A line is `key: Type = default, bound;` below the key's help. Without a default the key must be
/// written; without a bound any value of the type is sound. `..name: Type;` before or after all others
/// takes the keys of another such struct in. `checked by f` names a function that compares keys with each other.
macro_rules! settings {
    (
        $(#[doc = $about:literal])*
        $(#[derive($($derived:ident),+)])?
        pub struct $name:ident in $path:literal $(checked by $check:path)? {
            $( .. $first:ident : $first_type:ty ; )*
            $(
                $(#[doc = $help:literal])*
                $field:ident : $type:ty $(= $default:expr)? $(, $bound:expr)? ;
            )+
            $( .. $last:ident : $last_type:ty ; )*
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone)]
        $(#[derive($($derived),+)])?
        pub struct $name {
            $( #[doc = "Keys of the table that are a type of their own."] pub $first: $first_type, )*
            $( #[doc = concat!("The key `", stringify!($field), "`; its help stands in the table.")] pub $field: $type, )+
            $( #[doc = "Keys of the table that are a type of their own."] pub $last: $last_type, )*
        }

        impl $crate::model::settings::Settings for $name {
            const PATH: &'static str = $path;
            const ABOUT: &'static str = concat!($($about, "\n"),*);

            fn fields() -> Vec<$crate::model::settings::Field> {
                let mut fields = Vec::new();
                $( fields.extend(<$first_type as $crate::model::settings::Settings>::fields()); )*
                fields.extend([$(
                    $crate::model::settings::Field {
                        key: stringify!($field),
                        help: concat!($($help, "\n"),*),
                        form: <$type as $crate::model::settings::Setting>::form(),
                        bound: $crate::model::settings::settings!(@bound $($bound)?),
                        default: $crate::model::settings::settings!(@default $($default)?),
                    },
                )+]);
                $( fields.extend(<$last_type as $crate::model::settings::Settings>::fields()); )*
                fields
            }

            fn read(reader: &mut $crate::model::Reader<'_>) -> Option<Self> {
                let fields = Self::fields();
                $( let $first = <$first_type as $crate::model::settings::Settings>::read(reader); )*
                $( let $field = reader.take_one(&fields, stringify!($field)); )+
                $( let $last = <$last_type as $crate::model::settings::Settings>::read(reader); )*
                let settings =
                    Self { $( $first: $first?, )* $( $field: $field?, )+ $( $last: $last?, )* };
                $( let mut settings = settings; $check(&mut settings, reader); )?
                Some(settings)
            }

            fn shown(&self) -> Vec<$crate::model::settings::Shown> {
                use $crate::model::settings::Setting as _;
                let mut shown = Vec::new();
                $( shown.extend($crate::model::settings::Settings::shown(&self.$first)); )*
                shown.extend([$(
                    $crate::model::settings::Shown {
                        key: stringify!($field),
                        content: self.$field.content(),
                        has_secret: self.$field.has_secret(),
                    },
                )+]);
                $( shown.extend($crate::model::settings::Settings::shown(&self.$last)); )*
                shown
            }
        }
    };
    (@bound) => { $crate::model::settings::Bound::Any };
    (@bound $bound:expr) => { $bound };
    (@default) => { None };
    (@default $default:expr) => { Some($crate::model::Content::from($default)) };
}

/// Makes an enum whose variants are the words of a key.
macro_rules! words {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $( $(#[$variant_meta:meta])* $variant:ident = $word:literal, )* }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $( $(#[$variant_meta])* $variant, )* }

        impl $crate::model::settings::TextSetting for $name {
            const FORM: &'static str = $crate::model::settings::words!(@join $($word)*);

            fn parse(text: &str) -> Result<Self, String> {
                match text {
                    $( $word => Ok(Self::$variant), )*
                    _ => Err($crate::model::settings::not_one_of(text, &[$($word),*])),
                }
            }

            fn text(&self) -> String {
                match self { $( Self::$variant => $word, )* }.to_owned()
            }
        }
    };
    (@join $first:literal $($word:literal)*) => { concat!("\"", $first, "\"", $(", \"", $word, "\""),*) };
}

pub(crate) use {settings, words};
