//! Sizes and initial weights of the baselines.

use elm_core::baseline::{
    BaselineSpec, Cell, Gru, Lif, LifReadout, LinearHead, Lstm, Pooling, Positions, Recurrent, Transformer,
};
use elm_core::model::{
    DropoutSpec, HostInput, InputDropoutMode, ModelSpec, Pass, PerStep, Sequences, StoredTensors,
};
use elm_core::reference::Reference;
use elm_core::train::{Batch, Target, Trainer, TrainingSpec};
use elm_core::{Backend, Error};

const NO_DROPOUT: DropoutSpec =
    DropoutSpec { input: 0.0, recurrent: 0.0, memory: 0.0, input_mode: InputDropoutMode::Variational };

fn model<C: Cell>(cell: C, logits: usize) -> Recurrent<C> {
    let features = cell.outputs();
    Recurrent {
        cell,
        input_scale: 1.0,
        dropout: NO_DROPOUT,
        head: LinearHead { features, logits, pairs: false },
    }
}

fn lstm(inputs: usize, hidden: usize, logits: usize, chrono: Option<f64>) -> Recurrent<Lstm> {
    model(Lstm { inputs, hidden, layers: 1, chrono }, logits)
}

fn lif(inputs: usize, hidden: usize) -> Lif {
    Lif {
        inputs,
        hidden,
        recurrent: true,
        inhibitory: 0.2,
        tau_min: 2.0,
        tau_max: 50.0,
        readout: LifReadout::Spikes,
        readout_tau: 10.0,
        delta_t: 1.0,
    }
}

fn transformer(positions: Positions, pooling: Pooling) -> Transformer {
    Transformer {
        inputs: 3,
        width: 6,
        heads: 2,
        depth: 2,
        feed_forward: 8,
        positions,
        max_steps: None,
        pooling,
        input_scale: 1.0,
        dropout: 0.0,
        attention_dropout: 0.0,
        head: LinearHead { features: 6, logits: 4, pairs: false },
    }
}

#[test]
fn lstms_on_neuronio_have_the_published_numbers_of_parameters() {
    let published = [(15, 77.67), (25, 130.45), (50, 265.9), (100, 551.8), (150, 857.7), (250, 1529.5)];
    for (hidden, thousands) in published {
        let count = lstm(1278, hidden, 2, None).count().trainable_parameters as f64 / 1e3;
        let digits = if thousands < 200.0 { 100.0 } else { 10.0 };
        assert_eq!((count * digits).round() / digits, thousands, "hidden size {hidden}: {count}");
    }
}

#[test]
fn chrono_initialisation_spreads_memory_up_to_the_longest_dependency() {
    let (hidden, longest) = (400, 2000.0);
    let plain = lstm(3, hidden, 2, None).initial_weights(5);
    let chrono = lstm(3, hidden, 2, Some(longest)).initial_weights(5);
    let biases = |stored: &StoredTensors| stored.floats("lstm.bias_ih_l0", &[4 * hidden]).unwrap().to_vec();
    let (plain, biased) = (biases(&plain), biases(&chrono));
    let (input, rest) = biased.split_at(hidden);
    let (forget, others) = rest.split_at(hidden);
    // exp of the forget bias is how long a unit remembers, uniform up to the longest.
    let mut spans: Vec<f64> = forget.iter().map(|bias| f64::from(*bias).exp()).collect();
    spans.sort_by(f64::total_cmp);
    assert!(spans[0] >= 1.0 && spans[hidden - 1] <= longest - 1.0, "{spans:?}");
    let mean = spans.iter().sum::<f64>() / hidden as f64;
    assert!((mean - longest / 2.0).abs() < 90.0, "{mean}");
    assert!(input.iter().zip(forget).all(|(input, forget)| *input == -*forget));
    assert_eq!(others, &plain[2 * hidden..]);
}

#[test]
fn timescales_of_lif_units_start_inside_of_their_bounds() {
    let weights = model(lif(4, 30), 2).initial_weights(1);
    let raw = weights.floats("lif.tau_raw", &[30]).unwrap();
    let tau: Vec<f64> = raw.iter().map(|raw| 2.0 + 48.0 / (1.0 + f64::from(-raw).exp())).collect();
    assert!(tau.windows(2).all(|pair| pair[0] < pair[1]) && tau[0] > 2.0 && tau[29] < 50.0, "{tau:?}");
}

/// The activity of a model on pulses, `[T, rows of the activity, B]`.
fn activity(
    spec: &impl ModelSpec,
    weights: &StoredTensors,
    values: Vec<f32>,
    lengths: Option<&[u32]>,
) -> Vec<f32> {
    let input = HostInput::Dense(values);
    let steps = input.dense().unwrap().len() / spec.inputs() / 2;
    let sequences = Sequences { rows: 2, steps, input: &input, lengths };
    let built = spec.build(&Reference, weights).unwrap();
    let state = built.start_state(&Reference, 2).unwrap();
    let answers = built.forward(&Reference, &sequences, &Pass::plain(&state)).unwrap();
    Reference.values(&answers[0].activity).unwrap()
}

#[test]
fn a_lif_unit_leaks_spikes_and_is_reset_by_nine_tenths_of_the_threshold() {
    let unit = Lif { recurrent: false, readout: LifReadout::Membrane, ..lif(1, 1) };
    let spec = model(unit, 1);
    let mut weights = spec.initial_weights(0);
    weights.insert("lif.weight_ih", &[1, 1], vec![1.0]);
    weights.insert("lif.tau_raw", &[1], vec![0.0]); // the middle of 2 and 50
    let kept = (-1.0f64 / 26.0).exp();
    // The first row is pushed over the threshold at the first step, the other stays below.
    let seen = activity(&spec, &weights, vec![1.5, 0.8, 0.0, 0.0, 0.0, 0.0], None);
    let wanted = [1.5, 0.8, 1.5 * kept - 0.9, 0.8 * kept, (1.5 * kept - 0.9) * kept, 0.8 * kept * kept];
    for (seen, wanted) in seen.iter().zip(wanted) {
        assert!((f64::from(*seen) - wanted).abs() < 1e-6, "{seen} {wanted}");
    }
}

#[test]
fn inhibitory_units_only_inhibit() {
    let spec = model(lif(1, 5), 1); // the last of five
    let membrane = Recurrent { cell: Lif { readout: LifReadout::Membrane, ..spec.cell.clone() }, ..spec };
    let mut weights = membrane.initial_weights(0);
    weights.insert("lif.weight_hh", &[5, 5], vec![0.5; 25]);
    let after = |driven: [f32; 5]| {
        let mut weights = weights.clone();
        weights.insert("lif.weight_ih", &[5, 1], driven.to_vec());
        let seen = activity(&membrane, &weights, vec![1.0, 0.0, 0.0, 0.0], None);
        seen[10] // the first unit at the second step in the first row
    };
    assert!((after([0.0, 2.0, 0.0, 0.0, 0.0]) - 0.5).abs() < 1e-6);
    assert!((after([0.0, 0.0, 0.0, 0.0, 2.0]) + 0.5).abs() < 1e-6);
}

#[test]
fn padding_changes_nothing_of_what_a_transformer_answers() {
    for pooling in [Pooling::Mean, Pooling::Last] {
        let spec = transformer(Positions::Sinusoidal, pooling);
        let weights = spec.initial_weights(3);
        let values: Vec<f32> = (0..24).map(|i| (f64::from(i) * 0.7).sin() as f32).collect(); // 4 steps
        let short = activity(&spec, &weights, values.clone(), None);
        let mut padded = values;
        padded.extend([9.0; 12]);
        let long = activity(&spec, &weights, padded.clone(), Some(&[4, 4]));
        let last = 3 * 12..4 * 12;
        for (short, long) in short[last.clone()].iter().zip(&long[last.clone()]) {
            assert!((short - long).abs() < 1e-5, "{pooling:?}: {short} {long}");
        }
        let without = activity(&spec, &weights, padded, None);
        assert_ne!(&without[last.clone()], &long[last]);
    }
}

#[test]
fn without_positions_a_transformer_does_not_tell_orders_apart() {
    let values: Vec<f32> = (0..24).map(|i| (f64::from(i) * 0.7).sin() as f32).collect();
    let turned: Vec<f32> = values.chunks_exact(6).rev().flatten().copied().collect();
    for (positions, same) in [(Positions::None, true), (Positions::Sinusoidal, false)] {
        let spec = transformer(positions, Pooling::Mean);
        let weights = spec.initial_weights(3);
        let [one, other] = [&values, &turned].map(|values| activity(&spec, &weights, values.clone(), None));
        let apart = one.iter().zip(&other).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert_eq!(apart < 1e-5, same, "{positions:?}: {apart}");
    }
}

#[test]
fn dropout_of_a_transformer_is_a_function_of_seed_and_update_and_acts_in_training_only() {
    let plain = transformer(Positions::Sinusoidal, Pooling::Mean);
    let weights = plain.initial_weights(3);
    let input = HostInput::Dense((0..60).map(|i| (f64::from(i) * 0.7).sin() as f32).collect());
    let sequences = Sequences { rows: 4, steps: 5, input: &input, lengths: None };
    let run = |spec: &Transformer, place: u64, gradient: bool| {
        let model = spec.build(&Reference, &weights).unwrap();
        let state = model.start_state(&Reference, 4).unwrap();
        let per_step = Some(PerStep { seed: 1, place });
        let pass = Pass { per_step, gradient, ..Pass::plain(&state) };
        Reference.values(&model.forward(&Reference, &sequences, &pass).unwrap()[0].activity).unwrap()
    };
    let undisturbed = run(&plain, 0, true);
    for (dropout, attention_dropout) in [(0.2, 0.0), (0.0, 0.4)] {
        let spec = Transformer { dropout, attention_dropout, ..plain.clone() };
        assert_eq!(run(&spec, 7, true), run(&spec, 7, true));
        assert_ne!(run(&spec, 7, true), run(&spec, 8, true));
        assert_ne!(run(&spec, 7, true), undisturbed);
        assert_eq!(run(&spec, 7, false), undisturbed);
    }
}

#[test]
fn learned_positions_end_where_they_were_told_to() {
    let spec = Transformer { max_steps: Some(4), ..transformer(Positions::Learned, Pooling::Mean) };
    let model = spec.build(&Reference, &spec.initial_weights(0)).unwrap();
    let state = model.start_state(&Reference, 1).unwrap();
    let answer = |steps: usize| {
        let input = HostInput::Dense(vec![0.5; 3 * steps]);
        let sequences = Sequences { rows: 1, steps, input: &input, lengths: None };
        model.forward(&Reference, &sequences, &Pass::plain(&state)).map(|_| ())
    };
    answer(4).unwrap();
    let refused = answer(5).unwrap_err().to_string();
    assert!(refused.contains("[5]") && refused.contains("at most 4"), "{refused}");
}

#[test]
fn a_linear_head_compares_pairs() {
    let mut spec = lstm(3, 4, 2, None);
    spec.head.pairs = true;
    let model = spec.build(&Reference, &spec.initial_weights(0)).unwrap();
    let input = HostInput::Dense((0..3 * 3 * 4).map(|i| i as f32 * 0.01).collect());
    let target = Target::Pairs { labels: vec![0, 1], lengths: Some(vec![3, 2, 1, 3]) };
    let batch = Batch { rows: 4, steps: 3, input, target };
    let report = Trainer::new(&Reference, model, TrainingSpec::new(5)).unwrap().step(&batch).unwrap();
    assert!(report.loss > 0.0 && report.gradient_norm > 0.0);
}

#[test]
fn recurrent_masks_are_a_function_of_seed_and_update_and_change_the_answer() {
    let mut spec = model(Gru { inputs: 3, hidden: 40, layers: 2 }, 2);
    spec.dropout = DropoutSpec { input: 0.2, recurrent: 0.3, ..NO_DROPOUT };
    let model = spec.build(&Reference, &spec.initial_weights(0)).unwrap();
    let masks = model.draw_masks(1, 7, 2);
    assert_eq!(masks, model.draw_masks(1, 7, 2));
    assert_ne!(masks, model.draw_masks(1, 8, 2));
    assert_eq!([masks[0].input.as_ref().unwrap().len(), masks[1].input.as_ref().unwrap().len()], [6, 80]);
    let dropped = masks[0].recurrent.as_ref().unwrap().iter().filter(|&&mask| mask == 0.0).count();
    assert!((10..40).contains(&dropped), "{dropped} of 80");
    let input = HostInput::Dense(vec![0.5; 5 * 3 * 2]);
    let sequences = Sequences { rows: 2, steps: 5, input: &input, lengths: None };
    let state = model.start_state(&Reference, 2).unwrap();
    let run = |masks| {
        let pass = Pass { masks, ..Pass::plain(&state) };
        Reference.values(&model.forward(&Reference, &sequences, &pass).unwrap()[0].activity).unwrap()
    };
    assert_eq!(run(&masks), run(&masks));
    assert_ne!(run(&masks), run(&[]));
}

#[test]
fn stored_specs_are_read_back_and_huge_ones_are_refused() {
    let specs = [
        BaselineSpec::Lstm(lstm(3, 4, 2, Some(9.0))),
        BaselineSpec::Gru(model(Gru { inputs: 3, hidden: 4, layers: 1 }, 2)),
        BaselineSpec::Lif(model(lif(3, 4), 2)),
        BaselineSpec::Transformer(transformer(Positions::None, Pooling::Last)),
    ];
    for spec in specs {
        let text = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<BaselineSpec>(&text).unwrap(), spec, "{text}");
        let inputs =
            serde_json::from_str::<BaselineSpec>(&text.replace("\"inputs\":3", "\"inputs\":99999999999"));
        let refused = inputs.unwrap().build(&Reference, &StoredTensors::default());
        assert!(matches!(refused.err(), Some(Error::Stored { .. })), "{text}");
    }
}

#[test]
fn impossible_sizes_are_refused_by_name() {
    let mut wide = transformer(Positions::None, Pooling::Mean);
    wide.heads = 4;
    let cases = [
        (lstm(3, 0, 2, None).check(), "model.lstm.hidden_size"),
        (lstm(3, 5, 2, Some(2.0)).check(), "model.lstm.chrono"),
        (lstm(3, 5, usize::MAX, None).check(), "model.num_output"),
        (model(Lif { tau_max: 1.0, ..lif(3, 4) }, 2).check(), "model.lif.tau_max"),
        (wide.check(), "model.transformer.heads"),
        (transformer(Positions::Learned, Pooling::Mean).check(), "model.transformer.max_steps"),
        (
            Transformer { dropout: 1.0, ..transformer(Positions::None, Pooling::Mean) }.check(),
            "model.transformer.dropout",
        ),
    ];
    for (result, wanted) in cases {
        match result {
            Err(Error::Config { key, .. }) => assert_eq!(key, wanted),
            other => panic!("{wanted}: {other:?}"),
        }
    }
}
