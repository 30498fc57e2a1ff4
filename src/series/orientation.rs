//! Letters at the edges of an image.

/// `R\L A\P` for an axial image seen from the feet: what lies at its left and right edge, then at its top and bottom
/// edge (DICOM PS3.3 C.7.6.2.1.1: x grows to the patient's left, y to the back, z to the head). A direction between
/// two axes gets the letter of every axis that it leans to by more than 20°, the nearest first.
#[must_use]
pub fn orientation_letters(cosines: [f64; 6]) -> String {
    let [a, b, c, d, e, f] = cosines;
    let toward = |direction: [f64; 3], sign: f64| {
        let mut axes: Vec<(f64, char)> = direction
            .iter()
            .zip([('L', 'R'), ('P', 'A'), ('H', 'F')])
            .map(|(&cosine, (plus, minus))| (cosine.abs(), if cosine * sign >= 0.0 { plus } else { minus }))
            .collect();
        axes.sort_by(|x, y| y.0.total_cmp(&x.0));
        let lean = 20.0_f64.to_radians().sin();
        let letters = axes.iter().enumerate().filter(|(rank, (cosine, _))| *rank == 0 || *cosine > lean);
        letters.map(|(_, &(_, letter))| letter).collect::<String>()
    };
    let (row, column) = ([a, b, c], [d, e, f]);
    format!("{}\\{} {}\\{}", toward(row, -1.0), toward(row, 1.0), toward(column, -1.0), toward(column, 1.0))
}
