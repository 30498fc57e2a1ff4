//! 16-bit greyscale PNG in the way DeepLesion ships it.
