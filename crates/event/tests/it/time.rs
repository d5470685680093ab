use headwater_event::Timestamp;
use proptest::prelude::*;

#[test]
fn times_are_shown_in_utc_with_six_digits() {
    let noon: Timestamp = "2026-11-20T12:00:00+02:00".parse().unwrap();
    assert_eq!(noon.to_string(), "2026-11-20T10:00:00.000000Z");
}

#[test]
fn what_is_no_time_is_refused() {
    for text in [
        "",
        "yesterday",
        "2026-11-20",
        "2026-11-20T10:00:00",
        "10000-01-01T00:00:00Z",
    ] {
        assert_eq!(
            text.parse::<Timestamp>().unwrap_err().code(),
            "bad_time",
            "{text}"
        );
    }
    assert_eq!(Timestamp::from_micros(i64::MAX), None);
    assert_eq!(Timestamp::from_micros(i64::MIN), None);
}

proptest! {
    #[test]
    fn a_time_reads_back_what_it_shows(
        micros in Timestamp::MIN.as_micros()..=Timestamp::MAX.as_micros()
    ) {
        let time = Timestamp::from_micros(micros).unwrap();
        prop_assert_eq!(time.to_string().parse::<Timestamp>().unwrap(), time);
    }
}
