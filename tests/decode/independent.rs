//! Files that an independent program, dicom-rs, wrote.

use dicom_core::value::PrimitiveValue;
use dicom_core::{DataElement, Tag, VR};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use lesionlens::slice::StoredValues;

use crate::slice;

const CT_IMAGE: &str = "1.2.840.10008.5.1.4.1.1.2";

#[test]
fn files_of_dicom_rs_come_back_in_all_four_uncompressed_syntaxes() {
    let values: Vec<u16> = (0..20 * 30).map(|i| i * 109).collect();
    for uid in ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"] {
        for signed in [false, true] {
            let text = |g, e, vr, text: &str| DataElement::new(Tag(g, e), vr, PrimitiveValue::from(text));
            let word = |e, word: u16| DataElement::new(Tag(0x0028, e), VR::US, PrimitiveValue::from(word));
            let object = InMemDicomObject::from_element_iter([
                text(0x0008, 0x0016, VR::UI, CT_IMAGE),
                text(0x0008, 0x0018, VR::UI, "1.2.3"),
                text(0x0008, 0x0060, VR::CS, "CT"),
                text(0x0020, 0x000e, VR::UI, "1.2.3.4.5"),
                text(0x0020, 0x0013, VR::IS, "12"),
                word(0x0002, 1),
                text(0x0028, 0x0004, VR::CS, "MONOCHROME2"),
                word(0x0010, 20),
                word(0x0011, 30),
                text(0x0028, 0x0030, VR::DS, "0.7\\0.9"),
                word(0x0100, 16),
                word(0x0101, 16),
                word(0x0102, 15),
                word(0x0103, u16::from(signed)),
                text(0x0028, 0x1052, VR::DS, "-1024"),
                text(0x0028, 0x1053, VR::DS, "1"),
                DataElement::new(Tag(0x7fe0, 0x0010), VR::OW, PrimitiveValue::U16(values.clone().into())),
            ]);
            let meta = FileMetaTableBuilder::new()
                .media_storage_sop_class_uid(CT_IMAGE)
                .media_storage_sop_instance_uid("1.2.3")
                .transfer_syntax(uid);
            let mut bytes = Vec::new();
            object.with_meta(meta).expect("a complete meta group").write_all(&mut bytes).expect("writes to memory");

            let slice = slice("independent.dcm", &bytes);
            let expected = if signed {
                StoredValues::Signed(values.iter().map(|value| value.cast_signed()).collect())
            } else {
                StoredValues::Unsigned(values.clone())
            };
            assert_eq!(slice.stored(), &expected, "{uid}");
            assert_eq!((slice.rows(), slice.cols()), (20, 30));
            assert_eq!(slice.info().number, Some(12));
            assert_eq!(slice.info().pixel_spacing_mm, Some((0.9, 0.7)));
            assert_eq!(slice.info().transfer_syntax.as_deref(), Some(uid));
        }
    }
}
