//! Secrets: from a file that the config names, the environment, or systemd's credentials.

use secrecy::SecretString;

use super::Context;
use crate::model::Reader;

/// A secret by its three ways in: the file that `key` names, as whoever writes
/// it there means it, else the environment, else the credential.
pub(super) fn read(
    reader: &mut Reader<'_>,
    context: &mut Context<'_>,
    key: &'static str,
    variable: &str,
    credential: &str,
) -> Option<SecretString> {
    from_file(reader, context, key)
        .or_else(|| context.environment.secret(variable).cloned())
        .or_else(|| from_credential(reader, context, key, credential))
}

/// The secret in the file that `key` names, without the line break at its end.
pub(super) fn from_file(
    reader: &mut Reader<'_>,
    context: &mut Context<'_>,
    key: &'static str,
) -> Option<SecretString> {
    let path = context.path(&super::optional_text(reader, key)?);
    let bytes = match context.files.read(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            reader.problem(key, format!("cannot read `{}`: {error}", path.display()));
            return None;
        }
    };
    if context.files.is_public(&path) {
        let (place, path_of_key) = (reader.place_of(key).clone(), reader.path_of(key));
        let message = format!(
            "every user of this machine can read `{0}`; `chmod o-r {0}` keeps it secret",
            path.display()
        );
        context.warn(Some(place), &path_of_key, message);
    }
    let secret = text(bytes);
    if secret.is_none() {
        reader.problem(key, format!("`{}` is empty or not text", path.display()));
    }
    secret
}

pub(super) fn from_credential(
    reader: &mut Reader<'_>,
    context: &Context<'_>,
    key: &'static str,
    credential: &str,
) -> Option<SecretString> {
    let path = context.environment.credentials_dir.as_ref()?.join(credential);
    match context.files.read(&path) {
        Ok(bytes) => {
            let secret = text(bytes);
            if secret.is_none() {
                reader.problem(key, format!("the credential `{credential}` is empty or not text"));
            }
            secret
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => {
            reader.problem(key, format!("cannot read the credential `{credential}`: {error}"));
            None
        }
    }
}

fn text(bytes: Vec<u8>) -> Option<SecretString> {
    let text = String::from_utf8(bytes).ok()?;
    let text = text.trim_end_matches(['\r', '\n']);
    (!text.is_empty()).then(|| SecretString::from(text.to_owned()))
}
