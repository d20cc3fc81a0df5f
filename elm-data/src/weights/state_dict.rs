//! The pickle of a state dict: which tensors there are, in which storages they
//! lie and how.

use super::elements::Element;
use super::{MOST_NUMBERS, NumberArray, Numbers};
use crate::pickle::{Pickle, Value};
use std::collections::BTreeMap;

/// Under these names a checkpoint has its state dict, where it is not the
/// state dict itself.
const NESTED: [&str; 4] = ["state_dict", "model_state_dict", "model_state", "model"];

const REBUILD: [&str; 2] = ["torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor"];
const PARAMETER: &str = "torch._utils._rebuild_parameter";

/// A storage as the pickle tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Storage {
    pub(super) element: Element,
    /// How many numbers it holds.
    pub(super) numbers: usize,
}

impl Storage {
    /// Its size; `None`: no machine has so much.
    pub(super) fn bytes(&self) -> Option<usize> {
        self.numbers.checked_mul(self.element.width())
    }
}

/// Refuses names that a state dict has no use for: somebody wants them called.
///
/// # Errors
/// The first such name.
pub(super) fn check_globals(pickle: &Pickle<'_>) -> Result<(), String> {
    let harmless = |name: &str| {
        let storage = name.strip_prefix("torch.").is_some_and(|name| Element::of_storage(name).is_some());
        storage || REBUILD.contains(&name) || name == PARAMETER || name == "collections.OrderedDict"
    };
    match pickle.globals().find(|name| !harmless(name)) {
        None => Ok(()),
        Some(name) => Err(format!(
            "the pickle wants Python to import {name}, which no state dict needs; nothing was executed. A whole \
             module is filed like this: save `model.state_dict()`"
        )),
    }
}

/// The storages that tensors lie in, by key.
///
/// # Errors
/// When one is described wrongly or in two ways.
pub(super) fn storages(pickle: &Pickle<'_>) -> Result<BTreeMap<String, Storage>, String> {
    let mut found = BTreeMap::new();
    for name in pickle.outside() {
        let (key, storage) = storage_of(name)?;
        if found.insert(key.clone(), storage).is_some_and(|other| other != storage) {
            return Err(format!("storage {key} is described in two ways"));
        }
    }
    Ok(found)
}

/// Key and description in `("storage", type, key, location, numbers, …)`.
fn storage_of(name: Value<'_>) -> Result<(String, Storage), String> {
    let wrong = || "what lies outside of the pickle is no storage".to_string();
    let parts: Vec<Value<'_>> = name.members().ok_or_else(wrong)?.collect();
    let [kind, class, key, _, numbers, view @ ..] = parts.as_slice() else { return Err(wrong()) };
    let class = class.global().filter(|_| text(*kind).as_deref() == Some("storage")).ok_or_else(wrong)?;
    let key = text(*key).ok_or_else(wrong)?;
    if view.iter().any(|view| view.members().is_some()) {
        return Err(format!("storage {key} is a part of another one, as PyTorch wrote before version 0.4"));
    }
    let element = class.strip_prefix("torch.").and_then(Element::of_storage);
    let element = element.ok_or_else(|| format!("storage {key} is a {class}, which cannot be read"))?;
    let numbers = numbers.int().and_then(|numbers| usize::try_from(numbers).ok()).ok_or_else(wrong)?;
    Ok((key, Storage { element, numbers }))
}

/// All tensors of the state dict, by name.
///
/// # Errors
/// When there is no state dict, or a tensor does not lie within its storage.
pub(super) fn tensors(
    pickle: &Pickle<'_>,
    storages: &BTreeMap<String, Numbers>,
) -> Result<BTreeMap<String, NumberArray>, String> {
    let mut found = BTreeMap::new();
    let mut left = MOST_NUMBERS;
    for (name, value) in state_dict(pickle.root())?.items().into_iter().flatten() {
        let (Some(name), true) = (text(name), is_tensor(value)) else { continue };
        let array =
            tensor(value, storages, &mut left).map_err(|reason| format!("tensor {name}: {reason}"))?;
        found.insert(name, array);
    }
    Ok(found)
}

fn state_dict(root: Value<'_>) -> Result<Value<'_>, String> {
    let has_tensors =
        |value: &Value<'_>| value.items().is_some_and(|mut items| items.any(|(_, value)| is_tensor(value)));
    let nested = NESTED.iter().filter_map(|name| root.get(name));
    std::iter::once(root).chain(nested).find(has_tensors).ok_or_else(|| {
        let names = NESTED.join(", ");
        format!("no state dict: expected tensors by name, or such a dictionary under one of {names}")
    })
}

fn is_tensor(value: Value<'_>) -> bool {
    value.call().is_some_and(|(name, _)| REBUILD.contains(&name.as_str()) || name == PARAMETER)
}

fn tensor(
    value: Value<'_>,
    storages: &BTreeMap<String, Numbers>,
    left: &mut usize,
) -> Result<NumberArray, String> {
    let wrong = || "is not described as tensors are".to_string();
    let (mut name, mut arguments) = value.call().ok_or_else(wrong)?;
    if name == PARAMETER {
        let inner = arguments.members().and_then(|mut members| members.next());
        (name, arguments) = inner.and_then(Value::call).ok_or_else(wrong)?;
    }
    if !REBUILD.contains(&name.as_str()) {
        return Err(wrong());
    }
    let parts: Vec<Value<'_>> = arguments.members().ok_or_else(wrong)?.collect();
    let [storage, offset, shape, strides, ..] = parts.as_slice() else { return Err(wrong()) };
    let (key, _) = storage_of(storage.outside().ok_or_else(wrong)?)?;
    let numbers = storages.get(&key).ok_or_else(wrong)?;
    let size = |value: Value<'_>| value.int().and_then(|size| usize::try_from(size).ok());
    let sizes = |value: &Value<'_>| value.members()?.map(size).collect::<Option<Vec<_>>>();
    let offset = size(*offset).ok_or_else(wrong)?;
    let (shape, strides) = (sizes(shape).ok_or_else(wrong)?, sizes(strides).ok_or_else(wrong)?);
    if shape.len() != strides.len() {
        return Err(format!("has shape {shape:?}, but strides {strides:?}"));
    }
    let count = within(offset, &shape, &strides, numbers.len()).ok_or_else(|| {
        format!(
            "shape {shape:?} with strides {strides:?} from {offset} on does not fit storage {key} of {} numbers",
            numbers.len()
        )
    })?;
    *left = left.checked_sub(count).ok_or_else(|| format!("there are more than {MOST_NUMBERS} numbers"))?;
    Ok(NumberArray { numbers: numbers.at(&places(offset, &shape, &strides, count)), shape })
}

/// How many numbers a tensor has, if all lie within a storage and there are
/// no more of them than in it.
fn within(offset: usize, shape: &[usize], strides: &[usize], numbers: usize) -> Option<usize> {
    let count = shape.iter().try_fold(1usize, |count, &size| count.checked_mul(size))?;
    if count == 0 {
        return Some(0);
    }
    let last = shape
        .iter()
        .zip(strides)
        .try_fold(offset, |last, (&size, &stride)| last.checked_add((size - 1).checked_mul(stride)?))?;
    (last < numbers && count <= numbers).then_some(count)
}

/// Where the numbers of a tensor lie, row by row.
fn places(offset: usize, shape: &[usize], strides: &[usize], count: usize) -> Vec<usize> {
    let mut found = Vec::with_capacity(count);
    let mut index = vec![0; shape.len()];
    for _ in 0..count {
        found.push(offset + index.iter().zip(strides).map(|(&at, &stride)| at * stride).sum::<usize>());
        for (at, &size) in index.iter_mut().zip(shape).rev() {
            *at += 1;
            if *at < size {
                break;
            }
            *at = 0;
        }
    }
    found
}

/// A string.
pub(super) fn text(value: Value<'_>) -> Option<String> {
    String::from_utf8(value.bytes()?.into_owned()).ok()
}
