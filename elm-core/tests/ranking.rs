//! How well scores tell one class from the other, beside scikit-learn.

use elm_core::train::metric::{roc_auc, true_positives_at};

/// 2000 scores, 1009 or 11 different ones, the second with many ties.
fn pairs(different: i64) -> Vec<(f32, bool)> {
    let pair = |i: i64| {
        let positive = i * 31 % 17 < 3;
        let hash = (i * i * 7919 + 13 * i) % different;
        let score = match different {
            11 => (hash + 3 * i64::from(positive)) as f64 / 11.0,
            _ => hash as f64 / different as f64 + if positive { 0.25 } else { 0.0 },
        };
        (score as f32, positive)
    };
    (0..2000).map(pair).collect()
}

/// Facts of scikit-learn 1.9:
///
/// ```python
/// i = np.arange(2000); y = i * 31 % 17 < 3
/// s = ((i * i * 7919 + 13 * i) % 1009 / 1009 + 0.25 * y).astype(np.float32)
/// s = (((i * i * 7919 + 13 * i) % 11 + 3 * y) / 11).astype(np.float32)
/// f, t, _ = roc_curve(y, s); k = max(1, np.argmin(np.abs(f - x)))
/// print(roc_auc_score(y, s), [t[k] for x in (0.0025, 0.01, 0.3)])
/// ```
#[test]
fn figures_are_those_of_scikit_learn_with_ties_and_without() {
    let facts = [
        (1009, 0.7163131180221228, [0.24362606232294617, 0.24929178470254956, 0.5495750708215298]),
        (11, 0.7357269032372362, [0.18696883852691218, 0.18696883852691218, 0.546742209631728]),
    ];
    for (different, auc, shares) in facts {
        let pairs = pairs(different);
        assert!((roc_auc(&pairs).unwrap() - auc).abs() < 1e-12, "{different}");
        for (at, share) in [0.0025, 0.01, 0.3].into_iter().zip(shares) {
            let got = true_positives_at(&pairs, at).unwrap();
            assert!((got - share).abs() < 1e-12, "{different}, {at}: {got} instead of {share}");
        }
    }
}

#[test]
fn the_area_is_the_share_of_pairs_in_order() {
    let pairs = pairs(11);
    let mut sum = 0.0;
    let mut count = 0.0;
    for positive in pairs.iter().filter(|pair| pair.1) {
        for negative in pairs.iter().filter(|pair| !pair.1) {
            count += 1.0;
            sum += if positive.0 > negative.0 { 1.0 } else { 0.0 };
            sum += if positive.0 == negative.0 { 0.5 } else { 0.0 };
        }
    }
    assert!((roc_auc(&pairs).unwrap() - sum / count).abs() < 1e-12);
}

#[test]
fn one_class_alone_and_scores_that_are_no_numbers_have_no_figure() {
    for pairs in [&[][..], &[(1.0, true)], &[(1.0, false), (0.5, false)], &[(f32::NAN, true), (0.0, false)]] {
        assert_eq!((roc_auc(pairs), true_positives_at(pairs, 0.01)), (None, None));
    }
    assert_eq!(roc_auc(&[(0.0, false), (-0.0, true)]), Some(0.5));
}
