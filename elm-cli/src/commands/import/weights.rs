//! The file of weights, whoever wrote it.

use crate::commands::weights_file;
use crate::run::Symbols;
use anyhow::{Context, Result, bail};
use elm_core::model::{StoredTensor, StoredTensors, StoredValues};
use elm_data::weights::{NumberArray, Numbers, equinox, torch};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Larger files are taken for something else.
const LARGEST: u64 = 1 << 30;

/// What the file holds.
pub(super) struct WeightsFile {
    pub(super) given: Given,
    /// The settings of the run that it was exported from.
    pub(super) config: Option<String>,
    /// The symbols of that run.
    pub(super) vocabulary: Option<Symbols>,
    /// Digest of the file.
    pub(super) sha256: String,
}

/// Tensors with names, or arrays that have an order only.
pub(super) enum Given {
    Named(StoredTensors),
    InOrder(Vec<StoredTensor>),
}

impl Given {
    /// Is there a tensor of that name?
    pub(super) fn has(&self, name: &str) -> bool {
        matches!(self, Given::Named(tensors) if tensors.tensors.contains_key(name))
    }
}

/// Reads a file in any of the formats, which its first bytes tell.
///
/// # Errors
/// When it cannot be read or is of no such format.
pub(super) fn read(path: &Path) -> Result<WeightsFile> {
    let cannot = || format!("cannot read {}", path.display());
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)).with_context(cannot)?;
    if bytes.len() as u64 > LARGEST {
        bail!("{}: goes on beyond {LARGEST} bytes, which no weights here do", path.display());
    }
    let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let plain = |given| WeightsFile { given, config: None, vocabulary: None, sha256 };
    if torch::is_torch(&bytes) {
        let mut named = StoredTensors::default();
        for (name, array) in torch::parse(path, &bytes)? {
            let tensor = stored(&name, array).with_context(|| path.display().to_string())?;
            named.tensors.insert(name, tensor);
        }
        return Ok(plain(Given::Named(named)));
    }
    if equinox::is_equinox(&bytes) {
        let arrays = equinox::parse(path, &bytes)?.into_iter().enumerate();
        let arrays = arrays.map(|(at, array)| stored(&format!("array {at}"), array)).collect::<Result<_>>();
        return Ok(plain(Given::InOrder(arrays.with_context(|| path.display().to_string())?)));
    }
    // The length of a header, and the header.
    if bytes.get(8) != Some(&b'{') {
        bail!(
            "{}: expected weights as torch.save (.pt), tree_serialise_leaves (.eqx) or safetensors file them",
            path.display()
        );
    }
    let about = weights_file::about(&bytes).with_context(|| path.display().to_string())?;
    let named = StoredTensors::from_bytes(&path.display().to_string(), &bytes)?;
    let (config, vocabulary) = about.map(|about| (about.config, about.vocabulary)).unzip();
    Ok(WeightsFile { config, vocabulary: vocabulary.flatten(), ..plain(Given::Named(named)) })
}

/// An array as models take it.
fn stored(name: &str, array: NumberArray) -> Result<StoredTensor> {
    let values = match array.numbers {
        Numbers::Floats(values) => StoredValues::F32(values),
        Numbers::Integers(values) => {
            let values: Result<Vec<u32>, _> = values.into_iter().map(u32::try_from).collect();
            let Ok(values) = values else {
                bail!("{name}: holds an integer that is negative or above 2^32 - 1");
            };
            StoredValues::U32(values)
        }
    };
    Ok(StoredTensor { shape: array.shape, values })
}
