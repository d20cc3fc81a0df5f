//! The answer for people.

use super::report::{BenchReport, BenchedLayer};
use std::fmt;

impl fmt::Display for BenchReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BenchReport { backend, device, scan, threads, batch, time_steps, .. } = self;
        writeln!(
            f,
            "{backend} {device}, {scan} scan, {threads} threads, batch {batch}, {time_steps} time steps"
        )?;
        for (name, t) in [("training", &self.train), ("inference", &self.inference)] {
            writeln!(
                f,
                "{name:<10} {:>10.2} ms per step ({:.2} to {:.2}), {:.0} time steps x samples per second",
                t.ms_per_step, t.ms_min, t.ms_max, t.tokens_per_second
            )?;
        }
        if let Some(stream) = &self.stream {
            writeln!(f, "streaming  {:>10.1} µs per time step of one sample", stream.microseconds_per_step)?;
        }
        self.fmt_breakdown(f)?;
        write!(f, "layers: {:.1} GFLOP/s", self.layer_gflops)?;
        if let (Some(peak), Some(simd)) = (self.peak_gflops, &self.simd) {
            write!(f, " of {peak:.0} at most with {simd}")?;
        }
        if let Some(bytes) = self.peak_memory_bytes {
            write!(f, "; peak memory {:.0} MiB", bytes as f64 / 1048576.0)?;
        }
        if let Some(faults) = self.page_faults_per_step {
            write!(f, ", {faults:.0} page faults per training step")?;
        }
        if let Some(percent) = &self.percent_of_peak {
            let (train, inference) = (percent.train, percent.inference);
            write!(f, "\nshare of that peak: whole training step {train:.1} %, inference {inference:.1} %")?;
        }
        self.layers.iter().enumerate().try_for_each(|(l, layer)| self.fmt_layer(f, l, layer))
    }
}

impl BenchReport {
    fn fmt_breakdown(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let b = &self.breakdown;
        // A card's peak is not measured.
        let behind = if self.peak_gflops.is_none() {
            " (forward handed over to the card, done by the end of backward)"
        } else {
            ""
        };
        writeln!(
            f,
            "of a training step{behind}: forward {:.1}, backward {:.1}, optimizer {:.1}, other {:.1} ms; data {:.1} ms \
             before it",
            b.forward, b.backward, b.optimizer, b.other, b.data
        )
    }

    fn fmt_layer(&self, f: &mut fmt::Formatter<'_>, l: usize, layer: &BenchedLayer) -> fmt::Result {
        match layer.neurons {
            Some(neurons) => write!(f, "\nlayer {l}: {neurons} neurons, ")?,
            None => write!(f, "\nall layers: ")?,
        }
        match (&layer.reason, &layer.simd) {
            (Some(reason), _) => write!(f, "{} ({reason})", layer.path)?,
            (None, Some(simd)) => write!(f, "{} with {simd}", layer.path)?,
            (None, None) => write!(f, "{} on {}", layer.path, self.device)?,
        }
        if let Some(input) = layer.input {
            write!(f, ", input {input}")?;
        }
        let flops = layer.flops_per_step_forward as f64;
        write!(f, ", {:.3} MFLOP per time step and sample", flops / 1e6)?;
        for (name, pass) in [("forward", &layer.forward), ("backward", &layer.backward)] {
            if let Some(pass) = pass {
                write!(f, ", {name} {:.2} ms ({:.1} %)", pass.ms, pass.percent_of_peak)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::{Breakdown, Timing};
    use super::*;
    use elm_core::spec::InputKind;

    /// What is measured on a card.
    fn on_a_card() -> BenchReport {
        let timing = Timing { ms_per_step: 2.0, ms_min: 1.0, ms_max: 3.0, tokens_per_second: 4e5 };
        let layer = |path: &str, reason: Option<&str>, input| BenchedLayer {
            neurons: Some(5),
            path: path.into(),
            reason: reason.map(String::from),
            simd: None,
            input: Some(input),
            flops_per_step_forward: 3000,
            forward: None,
            backward: None,
        };
        BenchReport {
            backend: "candle".into(),
            device: "cuda:0".into(),
            scan: "fused".into(),
            threads: 1,
            batch: 8,
            time_steps: 100,
            train: timing,
            inference: timing,
            stream: None,
            peak_memory_bytes: None,
            page_faults_per_step: None,
            simd: None,
            peak_gflops: None,
            layer_gflops: 3.0,
            percent_of_peak: None,
            layers: vec![
                layer("fused", None, InputKind::Tokens),
                layer("composed", Some("it does not fit"), InputKind::Dense),
            ],
            breakdown: Breakdown { data: 0.1, forward: 0.5, backward: 1.0, optimizer: 0.4, other: 0.1 },
        }
    }

    #[test]
    fn of_a_card_no_peak_and_no_share_is_told() {
        let text = on_a_card().to_string();
        for told in [
            "done by the end of backward): forward 0.5",
            "layers: 3.0 GFLOP/s\n",
            "\nlayer 0: 5 neurons, fused on cuda:0, input tokens, 0.003 MFLOP per time step and sample\n",
            "\nlayer 1: 5 neurons, composed (it does not fit), input dense, 0.003 MFLOP",
        ] {
            assert!(text.contains(told), "{told:?} is not in:\n{text}");
        }
        assert!(!text.contains('%') && !text.contains("at most") && !text.contains("peak"), "{text}");
    }
}
