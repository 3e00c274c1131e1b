//! A list that grows by chunks and never moves what it holds.

/// Elements in one chunk.
const CHUNK: usize = 1024;

/// A growing list of `T` in chunks of 1,024: growth allocates one chunk and copies nothing.
#[derive(Clone, Debug)]
pub struct Arena<T> {
    chunks: Vec<Vec<T>>,
    len: usize,
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Arena { chunks: Vec::new(), len: 0 }
    }
}

impl<T> Arena<T> {
    /// How many elements it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// True when it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds an element and gives its index.
    pub fn push(&mut self, value: T) -> usize {
        let index = self.len;
        if index.is_multiple_of(CHUNK) {
            // The first chunk of a small list grows as it needs; later ones are whole.
            self.chunks.push(Vec::with_capacity(if index == 0 { 4 } else { CHUNK }));
        }
        self.chunks[index / CHUNK].push(value);
        self.len += 1;
        index
    }

    /// Takes the newest element back.
    pub fn pop(&mut self) -> Option<T> {
        let chunk = self.chunks.last_mut()?;
        let value = chunk.pop();
        if chunk.is_empty() {
            self.chunks.pop();
        }
        self.len -= usize::from(value.is_some());
        value
    }

    /// The element at an index.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&T> {
        self.chunks.get(index / CHUNK)?.get(index % CHUNK)
    }

    /// The element at an index, to change.
    #[must_use]
    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.chunks.get_mut(index / CHUNK)?.get_mut(index % CHUNK)
    }

    /// Bytes it keeps in memory, without what hangs on its elements.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let chunk = |chunk: &Vec<T>| chunk.capacity() * size_of::<T>() + size_of::<Vec<T>>();
        self.chunks.iter().map(chunk).sum()
    }

    /// Every element, by index.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_and_shrinks_across_chunks() {
        let mut arena = Arena::default();
        for value in 0..3000 {
            assert_eq!(arena.push(value), value);
        }
        assert_eq!((arena.len(), arena.get(2047), arena.get(3000)), (3000, Some(&2047), None));
        for value in (0..3000).rev() {
            assert_eq!(arena.pop(), Some(value));
        }
        assert_eq!((arena.pop(), arena.is_empty()), (None, true));
        arena.push(7);
        assert_eq!(arena.iter().copied().collect::<Vec<_>>(), [7]);
    }
}
