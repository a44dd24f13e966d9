//! Passwords and keys: where they come from, and who may read them.

use super::*;

#[test]
fn secrets_come_from_three_places_and_never_show() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let smtp = "[mail]\nchannel = 'smtp'\n[mail.smtp]\ntls = 'starttls'\nusername = 'u'\n";
    let credentials = folder.path().join("creds");
    std::fs::create_dir(&credentials).unwrap();
    write("creds/smtp-password", "from-credential\n");
    write("creds/amtsbote-key", "key-from-credential");
    write("pw", "from-file\r\n");
    let systemd = ("CREDENTIALS_DIRECTORY", credentials.to_str().unwrap());
    let variable = ("AMTSBOTE_SMTP_PASSWORD", "from-environment");
    let password = |text: &str, vars: &[(&str, &str)]| {
        write("amtsbote.toml", text);
        let environment = environment(vars);
        let config = load(folder.path(), &environment).unwrap();
        for text in [config.show(false), format!("{config:?}{environment:?}")] {
            for secret in ["from-file", "from-credential", "from-environment"] {
                assert!(!text.contains(secret), "{text}");
            }
        }
        assert!(config.show(false).contains("# password = \"********\""));
        let key = config.service.key.0.map(|key| key.expose_secret().to_owned());
        assert_eq!(key.as_deref(), vars.contains(&systemd).then_some("key-from-credential"));
        let inner = |table: &Table, key: &str| match &table.get(key).unwrap().content {
            Content::Table(table) => table.clone(),
            other => panic!("{other:?}"),
        };
        let smtp = inner(&inner(&config.tree, "mail"), "smtp");
        let around = Around { files: &Disk, directory: folder.path(), environment: &environment };
        let mut found = Vec::new();
        let mut reader = Reader::within(&around, &smtp, "mail.smtp", &mut found);
        let settings = SmtpSettings::read(&mut reader).unwrap();
        settings.password_file.value.unwrap().expose_secret().to_owned()
    };
    let with_file = format!("{smtp}password_file = 'pw'\n");
    assert_eq!(password(&with_file, &[systemd, variable]), "from-file");
    assert_eq!(password(smtp, &[systemd, variable]), "from-environment");
    assert_eq!(password(smtp, &[systemd]), "from-credential");
}

#[test]
fn a_credential_that_was_refreshed_is_read_before_the_one_of_the_start() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        (
            "amtsbote.toml",
            "[mail.dkim]\nselector = 's'\ndomain = 'd.test'\nkey_file = '%d/dkim-key'\n",
        ),
        ("start/dkim-key", "the first"),
        ("run/credentials/dkim-key", "the second"),
    ] {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (start, run) = (at("start"), at("run"));
    let vars = [("CREDENTIALS_DIRECTORY", start.as_str()), ("RUNTIME_DIRECTORY", run.as_str())];
    let environment = environment(&vars);
    let around = Around { files: &Disk, directory: folder.path(), environment: &environment };
    let read = |name: &str| around.credential(name);
    assert_eq!(read("dkim-key").unwrap(), b"the second");
    std::fs::remove_file(at("run/credentials/dkim-key")).unwrap();
    assert_eq!(read("dkim-key").unwrap(), b"the first");
    for name in ["other", "../run", "", "."] {
        assert!(read(name).is_err(), "{name}");
    }
    // A key that names one says so where it is no key.
    let error = load(folder.path(), &environment).unwrap_err().to_string();
    assert!(error.contains("`%d/dkim-key` is not an RSA private key"), "{error}");
}

#[test]
fn a_password_on_disk_that_anyone_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str, mode: u32| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    write("amtsbote.toml", "[mail.smtp]\npassword_file = 'pw'\n", 0o644);
    let warned = || {
        let config = load(&folder.path().join("amtsbote.toml"), &nothing()).unwrap();
        config.warnings.iter().any(|warning| {
            warning.path == "mail.smtp.password_file" && warning.message.contains("can read")
        })
    };
    write("pw", "x\n", 0o600);
    assert!(!warned());
    write("pw", "x\n", 0o644);
    assert!(warned());
}
