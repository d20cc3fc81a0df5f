//! Weights in a file for other programs: safetensors, with the settings and
//! symbols of the run in its header.

use crate::run::Symbols;
use anyhow::{Context, Result};
use elm_core::model::{StoredTensors, StoredValues};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Under this name the header has what belongs to the weights.
const KEY: &str = "elm";

/// What belongs to the weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct About {
    /// Every setting of the run, as its `config.toml` has them.
    pub(super) config: String,
    /// The numbers that the run gave the symbols of its data.
    pub(super) vocabulary: Option<Symbols>,
}

/// How whole numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Integers {
    /// As checkpoints have them.
    Unsigned32,
    /// As PyTorch indexes by, and masks as truth values.
    Signed64,
}

/// The bytes of a file.
///
/// # Errors
/// When the tensors do not fit the format.
pub(super) fn to_bytes(weights: &StoredTensors, integers: Integers, about: &About) -> Result<Vec<u8>> {
    let bytes: Vec<(Dtype, Vec<u8>)> = weights
        .tensors
        .iter()
        .map(|(name, tensor)| match &tensor.values {
            StoredValues::F32(values) => (Dtype::F32, values.iter().flat_map(|v| v.to_le_bytes()).collect()),
            StoredValues::U32(values) => whole(name, values, integers),
        })
        .collect();
    let mut views = Vec::with_capacity(bytes.len());
    for ((name, tensor), (dtype, bytes)) in weights.tensors.iter().zip(&bytes) {
        views.push((name, TensorView::new(*dtype, tensor.shape.clone(), bytes).context(name.clone())?));
    }
    let about = serde_json::to_string(about).context("what belongs to the weights")?;
    safetensors::serialize(views, Some(HashMap::from([(KEY.to_string(), about)]))).context("safetensors")
}

/// Whole numbers as bytes.
fn whole(name: &str, values: &[u32], integers: Integers) -> (Dtype, Vec<u8>) {
    match integers {
        Integers::Unsigned32 => (Dtype::U32, values.iter().flat_map(|v| v.to_le_bytes()).collect()),
        Integers::Signed64 if name.ends_with("mask") => {
            (Dtype::BOOL, values.iter().map(|&v| u8::from(v != 0)).collect())
        }
        Integers::Signed64 => (Dtype::I64, values.iter().flat_map(|&v| i64::from(v).to_le_bytes()).collect()),
    }
}

/// What belongs to the weights of a file; `None` where another program wrote it.
///
/// # Errors
/// When the header is damaged.
pub(super) fn about(bytes: &[u8]) -> Result<Option<About>> {
    let (_, header) = SafeTensors::read_metadata(bytes).context("not an intact safetensors document")?;
    let Some(text) = header.metadata().as_ref().and_then(|metadata| metadata.get(KEY)) else {
        return Ok(None);
    };
    serde_json::from_str(text).map(Some).context("what the header says of the run is damaged")
}
