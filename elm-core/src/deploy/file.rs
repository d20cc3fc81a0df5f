//! The file of a deployed network as bytes.

use super::form::{InputForm, OutputForm};
use crate::error::{Error, Result};
use crate::model::{NetworkSpec, StoredTensors, StoredValues};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The name in the metadata of the document that describes the tensors.
const KEY: &str = "elm_live";
/// The format that is written, and the newest that is read.
const VERSION: u32 = 1;
/// What a document begins with; the digest in hexadecimal follows.
const DIGEST: &str = "{\"sha256\":\"";
/// Most inputs of a deployed network. Every step clears them, and nothing else
/// in a file bounds them.
const MOST_INPUTS: usize = 1 << 24;

/// A network with its weights and all that is to be known to run it.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveFile {
    /// The network.
    pub network: NetworkSpec,
    /// Its weights, named as in a checkpoint.
    pub weights: StoredTensors,
    /// What a step takes.
    pub input: InputForm,
    /// What a step answers.
    pub output: OutputForm,
    /// The program that wrote it.
    pub written_by: String,
    /// Updates that the weights had.
    pub step: u64,
}

/// The document, all but its digest.
#[derive(Serialize)]
struct Written<'a> {
    version: u32,
    network: &'a NetworkSpec,
    input: &'a InputForm,
    output: &'a OutputForm,
    written_by: &'a str,
    step: u64,
}

#[derive(Deserialize)]
struct Read {
    network: NetworkSpec,
    input: InputForm,
    output: OutputForm,
    #[serde(default)]
    written_by: String,
    #[serde(default)]
    step: u64,
}

/// What every version tells of itself.
#[derive(Deserialize)]
struct Header {
    version: u32,
}

impl LiveFile {
    /// The bytes of the file: the same whenever the network is.
    ///
    /// # Errors
    /// [`Error::Stored`] when the parts do not fit each other.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        self.check()?;
        self.weights.to_bytes_about(KEY, &self.document()?)
    }

    /// The JSON document that describes the tensors.
    ///
    /// # Errors
    /// [`Error::Stored`] when JSON has no form for a number in it.
    pub fn document(&self) -> Result<String> {
        let LiveFile { network, input, output, written_by, step, .. } = self;
        let written = Written { version: VERSION, network, input, output, written_by, step: *step };
        let text = serde_json::to_string(&written).map_err(|error| Error::stored(KEY, error.to_string()))?;
        let rest = text.strip_prefix('{').unwrap_or(&text);
        Ok(format!("{DIGEST}{}\",{rest}", digest(rest, &self.weights)))
    }

    /// Reads a file; `what` names it in errors.
    ///
    /// # Errors
    /// [`Error::Stored`] when it is damaged, is no such file, is one of a newer
    /// version, or its parts do not fit each other; names the tensor or key.
    pub fn from_bytes(what: &str, bytes: &[u8]) -> Result<Self> {
        let foreign = || {
            let reason = format!(
                "not a network for live use: its metadata lacks {KEY}; `elm export RUN --to live` writes one"
            );
            Error::stored(what, reason)
        };
        let text = StoredTensors::about(what, bytes, KEY)?.ok_or_else(foreign)?;
        let damaged = |reason: String| Error::stored(format!("{what}: {KEY}"), reason);
        let Header { version } = serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
        if version > VERSION {
            return Err(damaged(format!(
                "written by a newer elm (version {version}, this one reads up to {VERSION})"
            )));
        }
        let found = text.strip_prefix(DIGEST).and_then(|text| text.split_once("\","));
        let (recorded, rest) = found.ok_or_else(|| damaged("does not begin with its digest".into()))?;
        let weights = StoredTensors::from_bytes(what, bytes)?;
        if digest(rest, &weights) != recorded {
            return Err(Error::stored(what, "damaged: its digest is not that of what was written"));
        }
        let mut json = serde_json::Deserializer::from_str(&text);
        let read = serde_path_to_error::deserialize(&mut json);
        let Read { network, input, output, written_by, step } =
            read.map_err(|error| damaged(error.to_string()))?;
        let file = LiveFile { network, weights, input, output, written_by, step };
        file.check()?;
        Ok(file)
    }

    /// Do the parts fit each other? Weights are looked at by whoever runs them.
    fn check(&self) -> Result<()> {
        self.network.check_sizes().map_err(|reason| Error::stored("network", reason))?;
        let inputs = self.network.inputs();
        if inputs > MOST_INPUTS {
            let reason = format!("{inputs} inputs are more than {MOST_INPUTS}");
            return Err(Error::stored("network.layers[0].inputs", reason));
        }
        self.input.check(&self.network)?;
        self.output.check(&self.network)
    }
}

/// Of a document behind its own digest, and of all tensors.
fn digest(document: &str, weights: &StoredTensors) -> String {
    let mut digest = Sha256::new();
    let mut add = |bytes: &[u8]| digest.update(bytes);
    let number = |count: usize| (count as u64).to_le_bytes();
    add(&number(document.len()));
    add(document.as_bytes());
    for (name, tensor) in &weights.tensors {
        add(&number(name.len()));
        add(name.as_bytes());
        add(match tensor.values {
            StoredValues::F32(_) => b"f32",
            StoredValues::U32(_) => b"u32",
        });
        add(&number(tensor.shape.len()));
        tensor.shape.iter().for_each(|&size| add(&number(size)));
        match &tensor.values {
            StoredValues::F32(values) => values.iter().for_each(|value| add(&value.to_le_bytes())),
            StoredValues::U32(values) => values.iter().for_each(|value| add(&value.to_le_bytes())),
        }
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
