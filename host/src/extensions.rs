//! Typed storage for the embedding program: what it wants to keep for the whole server, or for one session.

use std::any::{Any, TypeId, type_name};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Values by their type: at most one of each. Shared, and changed through a shared reference.
///
/// Two parts of a program do not meet here unless they mean to: each keeps a type of its own.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use ftp_host::Extensions;
///
/// #[derive(Default)]
/// struct Uploads(AtomicU64);
///
/// let extensions = Extensions::new();
/// extensions.get_or_insert_with(Uploads::default).0.fetch_add(1, Ordering::Relaxed);
/// extensions.insert("Europe/Berlin");
///
/// assert_eq!(extensions.get::<Uploads>().unwrap().0.load(Ordering::Relaxed), 1);
/// assert_eq!(*extensions.get::<&str>().unwrap(), "Europe/Berlin");
/// assert!(extensions.get::<String>().is_none());
/// ```
#[derive(Default)]
pub struct Extensions(Mutex<Values>);

type Values = BTreeMap<TypeId, Value>;

struct Value {
    value: Arc<dyn Any + Send + Sync>,
    name: &'static str,
}

impl Extensions {
    /// None. Takes no memory until something is inserted.
    #[must_use]
    pub const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// Keeps `value`, and gives the one of its type that it replaces.
    pub fn insert<T: Send + Sync + 'static>(&self, value: T) -> Option<Arc<T>> {
        let old = self.values().insert(TypeId::of::<T>(), Value::of(Arc::new(value)));
        old.and_then(Value::into_typed)
    }

    /// The value of this type.
    #[must_use]
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        let value = Arc::clone(&self.values().get(&TypeId::of::<T>())?.value);
        value.downcast().ok()
    }

    /// The value of this type; made, if there is none. `make` may be called in vain where two threads ask at once: both
    /// get the value that was kept.
    pub fn get_or_insert_with<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        if let Some(value) = self.get() {
            return value;
        }
        // Outside the lock: it may do anything, also come back here.
        let made = Arc::new(make());
        let mut values = self.values();
        let kept = values.entry(TypeId::of::<T>()).or_insert_with(|| Value::of(Arc::clone(&made)));
        Arc::clone(&kept.value).downcast().unwrap_or(made)
    }

    /// Takes the value of this type out.
    pub fn remove<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        let value = self.values().remove(&TypeId::of::<T>());
        value.and_then(Value::into_typed)
    }

    /// Nothing that could panic runs while this is held, so it is whole whatever happened.
    fn values(&self) -> MutexGuard<'_, Values> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Value {
    fn of<T: Send + Sync + 'static>(value: Arc<T>) -> Self {
        Self { value, name: type_name::<T>() }
    }

    fn into_typed<T: Send + Sync + 'static>(self) -> Option<Arc<T>> {
        self.value.downcast().ok()
    }
}

impl fmt::Debug for Extensions {
    /// The types that are kept.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values().values().map(|value| value.name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_each_type_is_kept() {
        let extensions = Extensions::new();
        assert_eq!(extensions.insert(1_u8), None);
        assert_eq!(extensions.insert(2_u16), None);
        assert_eq!(extensions.insert(3_u8).as_deref(), Some(&1));
        assert_eq!(extensions.get::<u8>().as_deref(), Some(&3));
        assert_eq!(extensions.get::<u16>().as_deref(), Some(&2));
        assert_eq!(extensions.remove::<u8>().as_deref(), Some(&3));
        assert_eq!(extensions.get::<u8>(), None);
        assert_eq!(format!("{extensions:?}"), "{\"u16\"}");
    }

    #[test]
    fn what_is_made_once_is_shared() {
        let extensions = Extensions::new();
        let first = extensions.get_or_insert_with(|| String::from("first"));
        let second = extensions.get_or_insert_with(|| unreachable!("it is there"));
        assert!(Arc::ptr_eq(&first, &second));
    }

    #[test]
    fn making_a_value_may_ask_for_another_and_may_panic() {
        let extensions = Extensions::new();
        let made = extensions.get_or_insert_with(|| u32::from(*extensions.get_or_insert_with(|| 7_u8)));
        assert_eq!(*made, 7);
        let panics = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            extensions.get_or_insert_with::<u64>(|| panic!("as it was asked to"));
        }));
        assert!(panics.is_err());
        assert_eq!(*extensions.get_or_insert_with(|| 8_u64), 8);
    }
}
