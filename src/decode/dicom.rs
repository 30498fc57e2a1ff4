//! DICOM CT images.
