//! Named tensors as bytes: the safetensors format, without opening a file.

use crate::error::{Error, Result};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::{BTreeMap, HashMap};

/// The values of a stored tensor.
#[derive(Debug, Clone, PartialEq)]
pub enum StoredValues {
    /// 32-bit floats.
    F32(Vec<f32>),
    /// Unsigned 32-bit integers (a connectome).
    U32(Vec<u32>),
}

impl StoredValues {
    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            StoredValues::F32(values) => values.len(),
            StoredValues::U32(values) => values.len(),
        }
    }

    /// True when there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A tensor on the host with its shape.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredTensor {
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its values, row-major.
    pub values: StoredValues,
}

/// Tensors by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StoredTensors {
    /// The tensors.
    pub tensors: BTreeMap<String, StoredTensor>,
}

impl StoredTensors {
    /// Adds a tensor of floats.
    pub fn insert(&mut self, name: impl Into<String>, shape: &[usize], values: Vec<f32>) {
        let tensor = StoredTensor { shape: shape.to_vec(), values: StoredValues::F32(values) };
        self.tensors.insert(name.into(), tensor);
    }

    /// Adds a tensor of integers.
    pub fn insert_integers(&mut self, name: impl Into<String>, shape: &[usize], values: Vec<u32>) {
        let tensor = StoredTensor { shape: shape.to_vec(), values: StoredValues::U32(values) };
        self.tensors.insert(name.into(), tensor);
    }

    /// The floats of that name, which must have this shape.
    ///
    /// # Errors
    /// [`Error::Stored`] when it is absent, of another type or shape.
    pub fn floats(&self, name: &str, shape: &[usize]) -> Result<&[f32]> {
        match &self.of_shape(name, shape)?.values {
            StoredValues::F32(values) => Ok(values),
            StoredValues::U32(_) => Err(Error::stored(name, "holds integers where floats are expected")),
        }
    }

    /// The integers of that name, which must have this shape.
    ///
    /// # Errors
    /// [`Error::Stored`] when it is absent, of another type or shape.
    pub fn integers(&self, name: &str, shape: &[usize]) -> Result<&[u32]> {
        match &self.of_shape(name, shape)?.values {
            StoredValues::U32(values) => Ok(values),
            StoredValues::F32(_) => Err(Error::stored(name, "holds floats where integers are expected")),
        }
    }

    /// The tensor of that name, whatever its shape.
    ///
    /// # Errors
    /// [`Error::Stored`] when it is absent.
    pub fn get(&self, name: &str) -> Result<&StoredTensor> {
        self.tensors.get(name).ok_or_else(|| {
            let near = self.tensors.keys().find(|key| key.split('.').next() == name.split('.').next());
            let hint = near.map(|key| format!("; there is {key}, for example")).unwrap_or_default();
            Error::stored(name, format!("the tensor is missing{hint}"))
        })
    }

    fn of_shape(&self, name: &str, shape: &[usize]) -> Result<&StoredTensor> {
        let tensor = self.get(name)?;
        if tensor.shape != shape {
            let reason = format!(
                "has shape {:?}, the model needs {shape:?}: it belongs to another model",
                tensor.shape
            );
            return Err(Error::stored(name, reason));
        }
        Ok(tensor)
    }

    /// The tensors as a safetensors document.
    ///
    /// # Errors
    /// [`Error::Stored`] when the tensors do not fit the format.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        self.document(None)
    }

    /// The same with a text about them, under `key` of its metadata.
    ///
    /// # Errors
    /// As [`StoredTensors::to_bytes`].
    pub fn to_bytes_about(&self, key: &str, text: &str) -> Result<Vec<u8>> {
        self.document(Some(HashMap::from([(key.to_string(), text.to_string())])))
    }

    fn document(&self, metadata: Option<HashMap<String, String>>) -> Result<Vec<u8>> {
        let wrong = |error: safetensors::SafeTensorError| Error::stored("safetensors", error.to_string());
        let bytes: Vec<(&String, Dtype, &StoredTensor, Vec<u8>)> = self
            .tensors
            .iter()
            .map(|(name, tensor)| match &tensor.values {
                StoredValues::F32(v) => {
                    (name, Dtype::F32, tensor, v.iter().flat_map(|x| x.to_le_bytes()).collect())
                }
                StoredValues::U32(v) => {
                    (name, Dtype::U32, tensor, v.iter().flat_map(|x| x.to_le_bytes()).collect())
                }
            })
            .collect();
        let mut views = Vec::with_capacity(bytes.len());
        for (name, dtype, tensor, data) in &bytes {
            views.push((*name, TensorView::new(*dtype, tensor.shape.clone(), data).map_err(wrong)?));
        }
        safetensors::serialize(views, metadata).map_err(wrong)
    }

    /// The text under `key` of the metadata of a safetensors document; `None`
    /// where it has none.
    ///
    /// # Errors
    /// [`Error::Stored`] when the document is damaged.
    pub fn about(what: &str, bytes: &[u8], key: &str) -> Result<Option<String>> {
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| not_intact(what, &error))?;
        Ok(header.metadata().as_ref().and_then(|metadata| metadata.get(key)).cloned())
    }

    /// Reads a safetensors document; integers and booleans of any width
    /// become `u32`, floats `f32`.
    ///
    /// # Errors
    /// [`Error::Stored`] when the document is damaged or a value does not fit.
    pub fn from_bytes(what: &str, bytes: &[u8]) -> Result<Self> {
        let document = SafeTensors::deserialize(bytes).map_err(|error| not_intact(what, &error))?;
        let mut stored = StoredTensors::default();
        for (name, view) in document.tensors() {
            let values = decode(&name, view.dtype(), view.data())?;
            stored.tensors.insert(name, StoredTensor { shape: view.shape().to_vec(), values });
        }
        Ok(stored)
    }
}

fn not_intact(what: &str, error: &safetensors::SafeTensorError) -> Error {
    Error::stored(what, format!("not an intact safetensors document: {error}"))
}

fn decode(name: &str, dtype: Dtype, data: &[u8]) -> Result<StoredValues> {
    let unsigned = |values: Vec<i64>| {
        let fitting: std::result::Result<Vec<u32>, _> = values.into_iter().map(u32::try_from).collect();
        fitting
            .map(StoredValues::U32)
            .map_err(|_| Error::stored(name, "holds an integer that is negative or above 2^32 - 1"))
    };
    match dtype {
        Dtype::F32 => Ok(StoredValues::F32(words(data).map(f32::from_le_bytes).collect())),
        Dtype::F64 => Ok(StoredValues::F32(words(data).map(|w| f64::from_le_bytes(w) as f32).collect())),
        Dtype::U32 => Ok(StoredValues::U32(words(data).map(u32::from_le_bytes).collect())),
        Dtype::I32 => unsigned(words(data).map(|w| i64::from(i32::from_le_bytes(w))).collect()),
        Dtype::I64 => unsigned(words(data).map(i64::from_le_bytes).collect()),
        Dtype::BOOL | Dtype::U8 => Ok(StoredValues::U32(data.iter().map(|&byte| u32::from(byte)).collect())),
        other => Err(Error::stored(name, format!("has unsupported type {other:?}"))),
    }
}

/// The little-endian words of a byte string.
fn words<const W: usize>(data: &[u8]) -> impl Iterator<Item = [u8; W]> + '_ {
    data.as_chunks::<W>().0.iter().copied()
}
