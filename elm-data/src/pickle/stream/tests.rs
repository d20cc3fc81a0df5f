use super::*;
use std::io::Cursor;

fn read_all(bytes: &[u8], kept: &[&[u8]]) -> Result<Streamed, Fault> {
    read(&mut Cursor::new(bytes), bytes.len() as u64, kept)
}

fn numbers(item: Item<'_>) -> Option<Vec<f64>> {
    let mut all = Vec::new();
    item.numbers(|number| all.push(number)).then_some(all)
}

/// The array `[1.5]` of half precision, as NumPy of Python 2 pickles it.
const HALVES: &[u8] =
    b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85U\x01b\
    \x87Rq\x03(K\x01K\x01\x85cnumpy\ndtype\nq\x04U\x02f2K\x00K\x01\x87Rq\x05(K\x03U\x01<NNNJ\xff\xff\xff\xff\
    J\xff\xff\xff\xffK\x00tb\x89U\x02\x00>tb.";

#[test]
fn an_array_of_halves_is_read() {
    assert_eq!(numbers(read_all(HALVES, &[]).unwrap().root()), Some(vec![1.5]));
}

#[test]
fn files_cut_off_anywhere_are_refused() {
    for end in 0..HALVES.len() {
        assert!(read_all(&HALVES[..end], &[]).is_err(), "{end} of {}", HALVES.len());
    }
}

#[test]
fn long_strings_are_kept_under_the_named_keys_only() {
    let array = |values: usize| {
        let bytes = vec![0x3e; 2 * values];
        let head = &HALVES[2..HALVES.len() - 8];
        let mut array = head.to_vec();
        array.extend(b"\x89T");
        array.extend((bytes.len() as u32).to_le_bytes());
        array.extend(bytes);
        array.extend(b"tb");
        array
    };
    let mut file = b"\x80\x02}(U\x09wanted___".to_vec();
    file.extend(array(4000));
    file.extend(b"U\x09unwanted_");
    file.extend(array(4000));
    file.extend(b"u.");
    let read = read_all(&file, &[b"wanted___"]).unwrap();
    let of = |key| numbers(read.root().get(key).unwrap()).map(|all| all.len());
    assert_eq!((of("wanted___"), of("unwanted_")), (Some(4000), None));
}

#[test]
fn single_numbers_leave_nothing_behind() {
    let mut file =
        b"\x80\x02](cnumpy.core.multiarray\nscalar\nq\x01cnumpy\ndtype\nU\x02i8K\x00K\x01\x87Rq\x02\
        (K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tbU\x08\x05\x00\x00\x00\x00\x00\x00\x00\x86R"
            .to_vec();
    for number in 0..1000_u64 {
        file.extend(b"h\x01h\x02U\x08");
        file.extend(number.to_le_bytes());
        file.extend(b"\x86Rr\x00\x01\x00\x00");
    }
    file.extend(b"e.");
    let read = read_all(&file, &[]).unwrap();
    assert!(read.nodes.len() < 10, "{} nodes", read.nodes.len());
    let all = numbers(read.root()).unwrap();
    assert_eq!((all.len(), all[0], all[1000]), (1001, 5.0, 999.0));
}

/// Python 3 writes bytes of protocol 2 as text, here nine bytes of it for eight.
#[test]
fn single_numbers_of_python_3_leave_nothing_behind() {
    let head = b"\x80\x02](cnumpy._core.multiarray\nscalar\nq\x01cnumpy\ndtype\nX\x02\x00\x00\x00i8\x89\x88\x87Rq\x02\
        (K\x03X\x01\x00\x00\x00<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tbX\x06\x00\x00\x00latin1q\x040\
        c_codecs\nencode\nq\x03000";
    let mut file = head.to_vec();
    for _ in 0..1000 {
        file.extend(b"h\x01h\x02h\x03X\x09\x00\x00\x00\xc3\x88\0\0\0\0\0\0\0h\x04\x86q\x10Rq\x11\x86q\x12Rr\0\x01\0\0");
    }
    file.extend(b"e.");
    let read = read_all(&file, &[]).unwrap();
    assert!(read.nodes.len() < 10, "{} nodes", read.nodes.len());
    assert_eq!(numbers(read.root()).map(|all| (all.len(), all[999])), Some((1000, 200.0)));
}

#[test]
fn what_data_files_do_not_have_is_refused_by_name() {
    let refusal = |bytes: &[u8]| match read_all(bytes, &[]) {
        Ok(_) => panic!("{} was accepted", String::from_utf8_lossy(bytes)),
        Err((at, reason)) => format!("{at}: {reason}"),
    };
    assert!(refusal(b"cos\nsystem\n(S'true'\ntR.").contains("0: names os.system"));
    assert!(refusal(b"\x8c\x02os\x8c\x06system\x93.").contains("names os.system"));
    assert!(refusal(b"h\x05.").contains("nothing was remembered as 5"));
    assert!(refusal(b"(i__main__\nx\n.").contains("opcode 0x69"));
    assert!(refusal(b"K\x01K\x02\x86R.").contains("the stack is empty"));
    assert!(refusal(b"K\x01K\x01\x85R.").contains("no function"));
    assert!(refusal(b"T\xff\xff\xff\x7f.").contains("announced"));
    assert!(refusal(b"}(K\x01u.").contains("a key without a value"));
}

#[test]
fn tuples_that_others_hold_stay() {
    // Arguments that are remembered, used, and recalled; likewise doubled.
    let file = b"\x80\x02cnumpy\ndtype\nU\x02f2\x85q\x00R0h\x00.";
    let read = read_all(file, &[]).unwrap();
    assert_eq!(read.root().members().map(|all| all.len()), Some(1));
    let file = b"\x80\x02U\x02f2\x852cnumpy\ndtype\nK\x01\x85000.";
    let read = read_all(file, &[]).unwrap();
    assert_eq!(read.root().members().map(|all| all.len()), Some(1));
}

#[test]
fn files_with_a_flipped_bit_are_read_or_refused() {
    let files: [&[u8]; 3] = [
        include_bytes!("../../../tests/files/neuronio0.pickle"),
        include_bytes!("../../../tests/files/neuronio2.pickle"),
        include_bytes!("../../../tests/files/neuronio4.pickle"),
    ];
    for bytes in files {
        let mut damaged = bytes.to_vec();
        for at in (0..bytes.len()).step_by(3) {
            damaged[at] ^= 1 << (at % 8);
            let _ = read_all(&damaged, &[b"somaVoltageLowRes"]);
            damaged[at] = bytes[at];
        }
    }
}
