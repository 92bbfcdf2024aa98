use super::*;

#[test]
fn only_so_many_sign_ins_wait_at_a_time() {
    let sign_ins = SignIns::new(&Secret::new("a secret"));
    for _ in 0..MOST_BEGUN {
        sign_ins.count(0, 10).unwrap();
    }
    let Err(CallbackError::Failed(words)) = sign_ins.count(9, 19) else { panic!("one more is taken") };
    assert!(words.contains("try again"), "{words}");
    sign_ins.count(10, 20).unwrap();
}

#[test]
fn a_cookie_is_found_by_its_whole_name() {
    for (cookies, expected) in [
        ("sign-in-a=1", Some("1")),
        ("x=2; sign-in-a=1; y=3", Some("1")),
        ("sign-in-ab=1", None),
        ("xsign-in-a=1", None),
        ("", None),
    ] {
        assert_eq!(cookie(cookies, "sign-in-a"), expected, "{cookies}");
    }
}
