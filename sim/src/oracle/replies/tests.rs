use super::*;

fn reply(text: &str) -> Reply {
    let lines: Vec<Vec<u8>> = text.lines().map(|line| line.as_bytes().to_vec()).collect();
    Reply { code: text[..3].parse().unwrap(), lines }
}

/// Plays lines that begin with `> ` as said, and others as heard: the first complaint.
fn play(script: &[&str]) -> Result<(), String> {
    let mut dialogue = Dialogue::new([10, 0, 0, 1].into());
    for step in script {
        match step.strip_prefix("> ") {
            Some(line) => dialogue.said(format!("{line}\r\n").as_bytes(), Moment::START),
            None => dialogue.heard(&reply(step), Moment::from_secs(400), Duration::from_secs(200))?,
        }
    }
    Ok(())
}

const LOGIN: [&str; 5] = ["220 x", "> USER a", "331 x", "> PASS b", "230 x"];

fn after_login(script: &[&str]) -> Result<(), String> {
    play(&[&LOGIN, script].concat())
}

fn complaint(result: Result<(), String>, part: &str) {
    let why = result.expect_err("something is wrong");
    assert!(why.contains(part), "{why}");
}

#[test]
fn a_good_dialogue() {
    after_login(&[
        "> EPSV",
        "229 x",
        "> RETR a",
        "> NOOP",
        "150 x",
        "110 MARK 1 = 1",
        "200 OK.",
        "226 x",
        "> QUIT",
        "221 x",
    ])
    .unwrap();
    after_login(&["> RETR a", "> ABOR", "150 x", "426 x", "226 x"]).unwrap();
    play(&["220 x", "> \u{0}", "500 x", "421 x"]).unwrap();
}

#[test]
fn replies_that_are_too_many_or_out_of_order() {
    complaint(play(&["220 x", "> NOOP", "200 OK.", "200 OK."]), "nobody asked");
    complaint(play(&["220 x", "> SYST", "> NOOP", "200 OK.", "215 x"]), "another command");
    complaint(after_login(&["> RETR a", "150 x", "150 x"]), "announced before");
    complaint(after_login(&["> RETR a", "226 x"]), "no 150");
    complaint(after_login(&["> RETR a", "150 x", "550 x"]), "may not have it");
    complaint(after_login(&["> PWD", "150 x"]), "may come first");
    complaint(after_login(&["> QUIT", "221 x", "421 x"]), "last word");
    complaint(play(&["331 x"]), "greeted");
}

#[test]
fn what_was_told_before_has_to_agree() {
    complaint(play(&["220 x", "> PWD", "257 \"/\" x"]), "nobody is logged in");
    complaint(
        after_login(&["> CWD /a/../b", "250 x", "> CWD c", "250 x", "> PWD", "257 \"/b/d\" x"]),
        "it is in \"/b/c\"",
    );
    after_login(&["> CWD /a\"b", "250 x", "> CDUP", "250 x", "> CWD a\"b", "250 x", "> PWD", "257 \"/a\"\"b\" x"])
        .unwrap();
    complaint(after_login(&["> STAT", "211-Status:\n Connected from 10.0.0.2\n211 End"]), "this is 10.0.0.1");
    complaint(after_login(&["> STAT", "211-Status:\n Logged in as b\n211 End"]), "somebody else");
}

#[test]
fn nobody_is_idle_who_has_spoken() {
    complaint(after_login(&["> PWD", "421 Idle for too long."]), "was not answered");
    after_login(&["421 Idle for too long."]).unwrap();
}

#[test]
fn closing_needs_a_word() {
    let mut dialogue = Dialogue::new([10, 0, 0, 1].into());
    assert_eq!(dialogue.owed().unwrap(), "the greeting");
    dialogue.heard(&reply("220 x"), Moment::START, Duration::ZERO).unwrap();
    dialogue.said(b"NO\xFF\xF4OP\r\nPA", Moment::START);
    assert_eq!(dialogue.owed().unwrap(), "the reply to \"NOOP\"");
    dialogue.ended().unwrap_err();
    dialogue.said(b"SS x\nAUTH TLS\r\n", Moment::START);
    assert_eq!(dialogue.unanswered(), 3);
    dialogue.ended().unwrap();
}

#[test]
fn telnet_in_what_a_server_says() {
    let mut out = Vec::new();
    let used = unescape(b"a\xFF\xFE\x01b\xFF\xFFc\xFF\xFC", &mut out);
    assert_eq!((&out[..], used), (&b"ab\xFFc"[..], 8));
}

#[test]
fn what_is_said_behind_the_end_of_tls_excuses_the_server_though_it_be_the_beginning_of_a_line() {
    let rein = |behind: &[u8]| {
        let mut dialogue = Dialogue::new([10, 0, 0, 1].into());
        dialogue.heard(&reply("220 x"), Moment::START, Duration::ZERO).unwrap();
        dialogue.secured();
        dialogue.said(b"NOOP\r\n", Moment::START);
        dialogue.heard(&reply("200 OK."), Moment::START, Duration::ZERO).unwrap();
        dialogue.said(b"REIN\r\n", Moment::START);
        dialogue.said(behind, Moment::START);
        dialogue.heard(&reply("220 x"), Moment::START, Duration::ZERO).unwrap();
        dialogue.cleared();
        dialogue.said(b"OP\r\n", Moment::START);
        dialogue.heard(&reply("500 x"), Moment::START, Duration::ZERO).unwrap();
        dialogue.ended()
    };
    complaint(rein(b""), "without a word");
    rein(b"NO").unwrap();
    rein(&[255, 241]).unwrap();
}

#[test]
fn a_server_that_has_not_seen_the_end_of_tls_may_give_it_up_without_a_word_until_it_answers() {
    let mut dialogue = Dialogue::new([10, 0, 0, 1].into());
    dialogue.heard(&reply("220 x"), Moment::START, Duration::ZERO).unwrap();
    dialogue.secured();
    dialogue.said(b"REIN\r\n", Moment::START);
    dialogue.heard(&reply("220 x"), Moment::START, Duration::ZERO).unwrap();
    dialogue.cleared();
    dialogue.said(b"NOOP\r\n", Moment::START);
    dialogue.ended().unwrap();
    dialogue.heard(&reply("200 OK."), Moment::START, Duration::ZERO).unwrap();
    complaint(dialogue.ended(), "without a word");
}
