//! Pickles of every protocol, as Python writes `{"labels": [3, 9], "data": an
//! array of 2 rows of 3 bytes, "text": "a€ä"}`; in those with `F` the array is in
//! column-major order and the second label a NumPy scalar, -9.

use elm_data::pickle::{Array, Pickle};

/// The bytes and whether they are column-major.
const FILES: [(&[u8], bool); 12] = [
    (include_bytes!("files/protocol0_C.pickle"), false),
    (include_bytes!("files/protocol0_F.pickle"), true),
    (include_bytes!("files/protocol1_C.pickle"), false),
    (include_bytes!("files/protocol1_F.pickle"), true),
    (include_bytes!("files/protocol2_C.pickle"), false),
    (include_bytes!("files/protocol2_F.pickle"), true),
    (include_bytes!("files/protocol3_C.pickle"), false),
    (include_bytes!("files/protocol3_F.pickle"), true),
    (include_bytes!("files/protocol4_C.pickle"), false),
    (include_bytes!("files/protocol4_F.pickle"), true),
    (include_bytes!("files/protocol5_C.pickle"), false),
    (include_bytes!("files/protocol5_F.pickle"), true),
];

#[test]
fn every_protocol_and_order_of_arrays_gives_the_same_values() {
    for (place, (bytes, by_column)) in FILES.into_iter().enumerate() {
        let pickle = Pickle::parse(bytes).unwrap_or_else(|error| panic!("file {place}: {error:?}"));
        let root = pickle.root();
        let labels: Vec<_> =
            root.get("labels").unwrap().members().unwrap().map(|label| label.int()).collect();
        assert_eq!(labels, [Some(3), Some(if by_column { -9 } else { 9 })], "file {place}");
        let data = vec![0, 10, 200, 92, 255, 39];
        let known = Array { dtype: "|u1".into(), shape: vec![2, 3], data };
        assert_eq!(root.get("data").unwrap().array(), Some(known), "file {place}");
        assert_eq!(root.get("text").unwrap().bytes().as_deref(), Some("a€ä".as_bytes()), "file {place}");
    }
}

#[test]
fn files_cut_off_anywhere_are_refused() {
    for (bytes, _) in FILES {
        for end in 0..bytes.len() {
            assert!(Pickle::parse(&bytes[..end]).is_err(), "{end} of {}", bytes.len());
        }
    }
}

#[test]
fn strings_of_python_2_are_read_from_protocol_0() {
    let text = b"(dp0\nS'labels'\np1\n(lp2\nI3\naL9L\nasS\"it's\"\nF0.5\ns.";
    let pickle = Pickle::parse(text).unwrap();
    let labels: Vec<_> =
        pickle.root().get("labels").unwrap().members().unwrap().map(|one| one.int()).collect();
    assert_eq!(labels, [Some(3), Some(9)]);
    assert_eq!(pickle.root().get("it's").unwrap().float(), Some(0.5));
    for wrong in
        [b"S'a\n.".as_slice(), b"I1x\n.", b"L99999999999999999999L\n.", b"Fone\n.", b"gx\n.", b"V\\u12\n."]
    {
        assert!(Pickle::parse(wrong).is_err(), "{:?}", String::from_utf8_lossy(wrong));
    }
}

#[test]
fn an_array_of_numbers_is_one_of_whole_numbers() {
    let array = |dtype: &str, data: &[u8]| Array { dtype: dtype.into(), shape: vec![], data: data.to_vec() };
    assert_eq!(array("<i2", &[1, 0, 255, 255]).whole_numbers(), Some(vec![1, -1]));
    assert_eq!(array(">u2", &[1, 0]).whole_numbers(), Some(vec![256]));
    assert_eq!(array("|u1", &[7, 255]).whole_numbers(), Some(vec![7, 255]));
    assert_eq!(array("<u8", &[255; 8]).whole_numbers(), None);
    assert_eq!(array("<f4", &[0; 4]).whole_numbers(), None);
}
