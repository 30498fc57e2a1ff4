//! One body grown from the template, and the order in which a slice of it is painted: from the skin inwards, each
//! tissue over what lies behind it.

use super::anatomy as a;
use super::canvas::{Build, Canvas, Ink, Mask, N_PX, SIDE_PX, mm, px_range};
use super::noise::{Dice, Lattice, smoothstep};
use super::shape::{Capsule, CapsuleCut, Loft, Node, Outline, Section, coverage, tube};
use super::tree::{Growth, grow};

/// Both sides of the body: the image's right, and its mirror image.
const SIDES: [f32; 2] = [1.0, -1.0];

/// A body: the template with this seed's proportions, and everything in it that grows at random.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) lattice: Lattice,
    pub(super) build: Build,
    /// Subcutaneous fat beyond the template's, mm.
    fat_mm: f32,
    background_hu: Vec<f32>,
    ribs: Vec<Capsule>,
    cartilages: Vec<Capsule>,
    lung_vessels: Vec<Capsule>,
    bronchi: Vec<Capsule>,
    portal_veins: Vec<Capsule>,
    hepatic_veins: Vec<Capsule>,
    mesenteric_vessels: Vec<Capsule>,
    small_bowel: Vec<Vec<Capsule>>,
}

impl Body {
    /// The body of a seed.
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed, 1);
        let build = Build { scale_x: dice.between(0.95, 1.04), scale_y: dice.between(0.95, 1.05) };
        let fat_mm = dice.between(-4.0, 4.0);
        let (ribs, cartilages) = grow_ribs();
        let mut lung_vessels = Vec::new();
        for side in SIDES {
            let growth = Growth { root: [40.0 * side, 2.0, 62.0], n_twigs: 1500, twig_mm: 0.5, stem_mm: 7.0 };
            lung_vessels.extend(grow(&growth, &mut dice, |dice| lung_point(dice, side)));
        }
        let bronchi = lung_vessels.iter().filter_map(bronchus).collect();
        let portal = Growth { root: [-32.0, -10.0, 190.0], n_twigs: 110, twig_mm: 0.9, stem_mm: 6.5 };
        let hepatic = Growth { root: [-26.0, 0.0, 142.0], n_twigs: 70, twig_mm: 1.0, stem_mm: 6.0 };
        let mesenteric = Growth { root: [0.0, -4.0, 215.0], n_twigs: 70, twig_mm: 0.7, stem_mm: 4.0 };
        Self {
            lattice: Lattice::new(seed),
            build,
            fat_mm,
            background_hu: background(),
            ribs,
            cartilages,
            bronchi,
            lung_vessels,
            portal_veins: grow(&portal, &mut dice, liver_point),
            hepatic_veins: grow(&hepatic, &mut dice, liver_point),
            mesenteric_vessels: grow(&mesenteric, &mut dice, mesentery_point),
            small_bowel: (0..6).map(|_| bowel_loop(&mut dice)).collect(),
        }
    }

    /// Paints the slice at height z, before lesions and scanner.
    pub(super) fn paint(&self, z: f32) -> Canvas {
        let mut canvas = Canvas::new(self.build, &self.lattice, z, self.background_hu.clone());
        self.paint_wall(&mut canvas, z);
        let cavity = section_mask(&canvas, &a::CAVITY, z, 0.0);
        let below = self.paint_lungs(&mut canvas, z, &cavity);
        self.paint_chest(&mut canvas, z);
        self.paint_abdomen(&mut canvas, z, &below);
        paint_spine(&mut canvas, z);
        canvas
    }

    /// Skin, fat, muscles and bones of the wall, and the fat that fills the cavity.
    fn paint_wall(&self, canvas: &mut Canvas, z: f32) {
        let Some(skin) = a::BODY.section(z, 1.0).map(|s| s.grown(self.fat_mm)) else {
            return;
        };
        canvas.paint(&skin, 0.0, None, &a::SKIN);
        canvas.paint_with(&skin, 2.2, None, |canvas, px, _, _| {
            // Thin septa between the lobules of fat.
            let [fine, middle, coarse] = canvas.textures(px);
            canvas.tone(&a::FAT, px) + 45.0 * vein(middle + 0.6 * coarse + 0.15 * fine, 0.06)
        });
        let inside = canvas.mask(&skin, 5.0);
        let muscle = |canvas: &Canvas, px: usize, _: f32, _: f32| {
            let [fine, middle, coarse] = canvas.textures(px);
            canvas.tone(&a::MUSCLE, px) - 115.0 * vein(0.8 * middle + 0.7 * coarse + 0.2 * fine, 0.1)
        };
        if let Some(trunk) = a::TRUNK.section(z, 1.0) {
            canvas.paint_with(&trunk, 0.0, Some(&inside), muscle);
            // A plane of fat between the layers of the wall.
            canvas.paint(&trunk, 6.5, None, &a::FAT);
            canvas.paint_with(&trunk, 7.8, None, muscle);
        }
        for section in pairs(&a::PAIRED_MUSCLES, z) {
            canvas.paint(&section, -1.2, Some(&inside), &a::FAT);
            canvas.paint_with(&section, 0.0, Some(&inside), muscle);
        }
        for section in pairs(&[a::SCAPULA, a::SCAPULAR_SPINE], z) {
            paint_bone(canvas, &section, 1.3, 0.0);
        }
        if let Some(sternum) = a::STERNUM.section(z, 1.0) {
            paint_bone(canvas, &sternum, 1.5, 0.0);
        }
        for cut in cuts(&self.cartilages, z) {
            canvas.paint(&cut, 0.0, None, &a::CARTILAGE);
        }
        for cut in cuts(&self.ribs, z) {
            canvas.paint(&cut, 0.0, None, &a::CORTEX);
        }
        for cut in cuts(&self.ribs, z) {
            canvas.paint(&cut, 1.5, None, &a::MARROW);
        }
        if let Some(cavity) = a::CAVITY.section(z, 1.0) {
            canvas.paint(&cavity, 0.0, None, &a::FAT);
        }
    }

    /// Lungs with fissures, vessels and bronchi, and the diaphragm. Returns the mask of what lies below the diaphragm.
    fn paint_lungs(&self, canvas: &mut Canvas, z: f32, cavity: &Mask) -> Mask {
        let mut kept_out = vec![0.0; N_PX];
        for section in a::MEDIASTINUM.iter().chain([&a::PERICARDIUM]).filter_map(|loft| loft.section(z, 1.0)) {
            canvas.add_to(&mut kept_out, &section, 0.0);
        }
        let domes: Vec<Section> = a::DOMES.iter().filter_map(|loft| loft.section(z, 1.0)).collect();
        let mut below = vec![0.0; N_PX];
        for dome in &domes {
            canvas.add_to(&mut below, dome, 0.0);
        }
        for (share, inside) in below.iter_mut().zip(cavity) {
            *share *= inside;
        }
        if let Some(pleura) = a::CAVITY.section(z, 1.0) {
            let mut lungs = canvas.mask(&pleura, 1.6);
            for (px, share) in lungs.iter_mut().enumerate() {
                *share *= (1.0 - kept_out[px]) * (1.0 - below[px]);
            }
            canvas.paint_with(&pleura, 1.6, Some(&lungs), |canvas, px, x, y| {
                // The lower lobe, which lies behind, is a little denser; fissures are sheets that rise backwards.
                let fissure = (1.0 - (y - fissure_y(x, z)).abs() / 1.5).max(0.0);
                let lung = canvas.tone(&a::LUNG, px) + 0.28 * y;
                lung + 0.42 * fissure * (a::FISSURE.hu - lung)
            });
            for (vessels, inset, ink) in [
                (&self.lung_vessels, 0.0, &a::LUNG_VESSEL),
                (&self.bronchi, -0.8, &a::BRONCHIAL_WALL),
                (&self.bronchi, 0.0, &a::AIR),
            ] {
                for cut in cuts(vessels, z) {
                    canvas.paint(&cut, inset, Some(&lungs), ink);
                }
            }
        }
        for (inset, ink) in [(0.0, &a::MUSCLE), (2.4, &a::FAT)] {
            for dome in &domes {
                canvas.paint(dome, inset, Some(cavity), ink);
            }
        }
        below
    }

    /// Heart, great vessels, airways and gullet.
    fn paint_chest(&self, canvas: &mut Canvas, z: f32) {
        if let Some(pericardium) = a::PERICARDIUM.section(z, 1.0) {
            canvas.paint(&pericardium, 0.0, None, &Ink::flat(-30.0));
            canvas.paint(&pericardium, 1.4, None, &a::FAT);
        }
        if let Some(heart) = a::HEART.section(z, 1.0) {
            canvas.paint(&heart, 0.0, None, &a::MYOCARDIUM);
            for pool in a::BLOOD_POOLS.iter().filter_map(|loft| loft.section(z, 1.0)) {
                canvas.paint(&pool, 0.0, None, &a::BLOOD);
            }
        }
        for cut in tube_cuts(&[a::OESOPHAGUS], z) {
            canvas.paint(&cut, 0.0, None, &a::GULLET);
            canvas.paint(&cut, 4.6, None, &Ink::flat(-300.0));
        }
        for cut in tube_cuts(a::GREAT_VESSELS, z) {
            canvas.paint(&cut, -1.0, None, &a::GLAND);
        }
        for cut in tube_cuts(a::GREAT_VESSELS, z) {
            canvas.paint(&cut, 0.0, None, &a::BLOOD);
        }
        for cut in tube_cuts(a::AIRWAYS, z) {
            canvas.paint(&cut, -1.6, None, &a::GLAND);
        }
        for cut in tube_cuts(a::AIRWAYS, z) {
            canvas.paint(&cut, 0.0, None, &a::AIR);
        }
    }

    /// Everything below the diaphragm.
    fn paint_abdomen(&self, canvas: &mut Canvas, z: f32, below: &Mask) {
        let clip = Some(below);
        for cut in cuts(&self.mesenteric_vessels, z) {
            canvas.paint(&cut, 0.0, clip, &a::PORTAL_BLOOD);
        }
        for crus in a::CRURA.iter().filter_map(|loft| loft.section(z, 1.0)) {
            canvas.paint(&crus, 0.0, clip, &a::MUSCLE);
        }
        for cut in tube_cuts(a::ADRENALS, z) {
            canvas.paint(&cut, 0.0, clip, &a::GLAND);
        }
        for (kidney, side) in a::KIDNEYS.iter().zip(SIDES) {
            paint_kidney(canvas, kidney, z, side, below);
        }
        if let Some(spleen) = a::SPLEEN_LOFT.section(z, 1.0) {
            canvas.paint(&spleen, 0.0, clip, &a::SPLEEN);
        }
        for bowel in &self.small_bowel {
            paint_gut(canvas, &cuts(bowel, z), &a::GUT_FLUID, -7.0, below);
        }
        let colon: Vec<Capsule> = a::COLON.iter().flat_map(|nodes| tube(nodes)).collect();
        paint_gut(canvas, &cuts(&colon, z), &a::STOOL, -1.0, below);
        for cut in tube_cuts(&[a::PANCREAS_TUBE], z) {
            canvas.paint_with(&cut, 0.0, clip, |canvas, px, _, _| {
                let [_, middle, _] = canvas.textures(px);
                canvas.tone(&a::PANCREAS, px) - 110.0 * vein(middle, 0.12)
            });
        }
        if let Some(stomach) = a::STOMACH.section(z, 1.0) {
            let level = stomach.cy - 0.3 * stomach.ry;
            canvas.paint(&stomach, 0.0, clip, &a::GUT_WALL);
            canvas.paint_with(&stomach, 3.6, clip, |canvas, px, _, y| {
                let gas = smoothstep(0.5 + level - y);
                canvas.tone(&a::STOMACH_CONTENT, px) * (1.0 - gas) + a::AIR.hu * gas
            });
        }
        for cut in tube_cuts(a::ABDOMINAL_VESSELS, z) {
            canvas.paint(&cut, 0.0, clip, &a::BLOOD);
        }
        let lobes: Vec<Section> = a::LIVER_LOBES.iter().filter_map(|loft| loft.section(z, 1.0)).collect();
        for lobe in &lobes {
            canvas.paint(lobe, 0.0, clip, &a::LIVER);
        }
        let mut liver = vec![0.0; N_PX];
        for lobe in &lobes {
            canvas.add_to(&mut liver, lobe, 1.5);
        }
        for (share, inside) in liver.iter_mut().zip(below) {
            *share *= inside;
        }
        for (veins, ink) in [(&self.portal_veins, &a::PORTAL_BLOOD), (&self.hepatic_veins, &a::HEPATIC_BLOOD)] {
            for cut in cuts(veins, z) {
                canvas.paint(&cut, 0.0, Some(&liver), ink);
            }
        }
        if let Some(gall_bladder) = a::GALL_BLADDER.section(z, 1.0) {
            canvas.paint(&gall_bladder, 0.0, clip, &a::GUT_WALL);
            canvas.paint(&gall_bladder, 1.4, clip, &a::BILE);
        }
        // The cava runs along the liver's back, the aorta behind everything.
        let back: Vec<Capsule> = a::GREAT_VESSELS.iter().flat_map(|nodes| tube(nodes)).collect();
        for cut in cuts(&back, z) {
            canvas.paint(&cut, 0.0, clip, &a::BLOOD);
        }
        for psoas in pairs(&a::PAIRED_MUSCLES[3..], z) {
            canvas.paint(&psoas, 0.0, clip, &a::MUSCLE);
        }
    }
}

/// 1 where a noise is 0, falling to 0 at ± `width`: thin winding sheets.
fn vein(noise: f32, width: f32) -> f32 {
    (1.0 - noise.abs() / width).max(0.0)
}

/// Where the oblique fissures lie (template mm).
fn fissure_y(x: f32, z: f32) -> f32 {
    60.0 - 0.8 * z + 0.3 * x.abs() - 0.002 * x * x
}

fn section_mask(canvas: &Canvas, loft: &Loft, z: f32, inset: f32) -> Mask {
    loft.section(z, 1.0).map_or_else(|| vec![0.0; N_PX], |section| canvas.mask(&section, inset))
}

/// The cross-sections of lofts on both sides of the body.
fn pairs(lofts: &[Loft], z: f32) -> Vec<Section> {
    lofts.iter().flat_map(|loft| SIDES.iter().filter_map(move |&side| loft.section(z, side))).collect()
}

/// The capsules that reach the slice.
fn cuts(capsules: &[Capsule], z: f32) -> Vec<CapsuleCut> {
    capsules.iter().filter_map(|capsule| capsule.cut(z)).collect()
}

fn tube_cuts(tubes: &[&[Node]], z: f32) -> Vec<CapsuleCut> {
    tubes.iter().flat_map(|nodes| tube(nodes)).filter_map(|capsule| capsule.cut(z)).collect()
}

/// Cortex around marrow.
fn paint_bone(canvas: &mut Canvas, outline: &impl Outline, cortex_mm: f32, denser_hu: f32) {
    canvas.paint(outline, 0.0, None, &a::CORTEX);
    canvas.paint(outline, cortex_mm, None, &Ink { hu: a::MARROW.hu + denser_hu, ..a::MARROW });
}

/// Vertebra or disc, arch, canal and cord.
fn paint_spine(canvas: &mut Canvas, z: f32) {
    let Some(body) = a::VERTEBRAE.section(z, 1.0) else {
        return;
    };
    let turns = (z - a::VERTEBRA_MIDDLE_MM) / a::VERTEBRA_PITCH_MM;
    let from_middle = (turns - turns.round()) * a::VERTEBRA_PITCH_MM;
    if from_middle.abs() < 10.0 {
        let endplate = smoothstep((from_middle.abs() - 6.5) / 3.0);
        paint_bone(canvas, &body, 1.5, 110.0 * endplate);
    } else {
        canvas.paint(&body.grown(1.0), 0.0, None, &a::DISC);
    }
    let parts: Vec<Capsule> = a::ARCH
        .iter()
        .filter(|part| (part.heights[0]..part.heights[1]).contains(&from_middle))
        .flat_map(|part| {
            SIDES.map(|side| {
                let [p, q] = part.ends.map(|[x, y]| [side * x, y, z, part.radius]);
                Capsule::new(p, q)
            })
        })
        .collect();
    let parts = cuts(&parts, z);
    for part in &parts {
        canvas.paint(part, 0.0, None, &a::CORTEX);
    }
    for part in &parts {
        canvas.paint(part, 1.4, None, &a::MARROW);
    }
    let canal = Section::ellipse(0.0, 73.0, 9.5, 8.5, 0.2);
    canvas.paint(&canal, 0.0, None, &Ink::flat(-30.0));
    canvas.paint(&canal.grown(-1.6), 0.0, None, &a::CORD);
}

/// Cortex, pyramids, sinus fat and pelvis of a kidney; `side` is 1 for the one at the image's right.
fn paint_kidney(canvas: &mut Canvas, loft: &Loft, z: f32, side: f32, below: &Mask) {
    let Some(kidney) = loft.section(z, 1.0) else { return };
    canvas.paint(&kidney, 0.0, Some(below), &a::RENAL_CORTEX);
    canvas.paint_with(&kidney, 5.0, Some(below), |canvas, px, _, _| {
        let [_, middle, coarse] = canvas.textures(px);
        let pyramid = smoothstep(0.5 + 1.5 * (middle + 0.5 * coarse));
        canvas.tone(&a::RENAL_CORTEX, px) * (1.0 - pyramid) + canvas.tone(&a::RENAL_MEDULLA, px) * pyramid
    });
    // The sinus opens towards the spine in the kidney's middle third.
    let size = ((kidney.rx - 17.0) / 8.0).clamp(0.0, 1.0);
    if size > 0.0 {
        let (cx, cy) = (kidney.cx - side * 10.0, kidney.cy - 7.0);
        canvas.paint(&Section::ellipse(cx, cy, 15.0 * size, 9.0 * size, 0.0), 0.0, Some(below), &a::FAT);
        canvas.paint(&Section::ellipse(cx + side, cy, 8.0 * size, 4.5 * size, 0.0), 0.0, Some(below), &a::RENAL_PELVIS);
    }
}

/// A piece of gut: wall, and contents with gas above them; the gas reaches down to `gas_mm` below the middle.
fn paint_gut(canvas: &mut Canvas, parts: &[CapsuleCut], contents: &Ink, gas_mm: f32, below: &Mask) {
    for part in parts {
        canvas.paint(part, 0.0, Some(below), &a::GUT_WALL);
    }
    for part in parts {
        let [_, y0, _, y1] = part.bounds();
        let level = 0.5 * (y0 + y1) + gas_mm;
        canvas.paint_with(part, 2.2, Some(below), |canvas, px, _, y| {
            let [_, middle, coarse] = canvas.textures(px);
            let gas = smoothstep(0.5 + 0.7 * (level + 5.0 * coarse + 2.0 * middle - y));
            canvas.tone(contents, px) * (1.0 - gas) + a::AIR.hu * gas
        });
    }
}

/// Air and the couch under the body, two carbon shells with foam between: the same on every slice.
fn background() -> Vec<f32> {
    let mut hu = vec![a::ROOM.hu; N_PX];
    for (px, hu) in hu.iter_mut().enumerate() {
        let (x, y) = (mm(px % SIDE_PX), mm(px / SIDE_PX));
        let top = 141.0 - 22.0 * (x / 188.0) * (x / 188.0);
        let bottom = 178.0 - (x.abs() - 60.0).max(0.0) * 0.4;
        if y > top && y < bottom && x.abs() < 180.0 {
            *hu = a::COUCH_FOAM.hu;
        }
    }
    for points in a::COUCH {
        for side in SIDES {
            let nodes: Vec<Node> = points.iter().map(|&[x, y]| [side * x, y, 0.0, a::COUCH_SHELL_MM]).collect();
            for cut in tube(&nodes).filter_map(|capsule| capsule.cut(0.0)) {
                let [x0, y0, x1, y1] = cut.bounds();
                for row in px_range(y0 - 1.0, y1 + 1.0) {
                    for col in px_range(x0 - 1.0, x1 + 1.0) {
                        let hu = &mut hu[row * SIDE_PX + col];
                        *hu += (a::COUCH_SHELL.hu - *hu) * coverage(cut.distance(mm(col), mm(row)), cut.edge());
                    }
                }
            }
        }
    }
    hu
}

/// Bones and cartilages of the ribs on both sides.
fn grow_ribs() -> (Vec<Capsule>, Vec<Capsule>) {
    const STEP_DEGREES: f32 = 4.0;
    const START_DEGREES: f32 = 20.0;
    let (mut bones, mut cartilages) = (Vec::new(), Vec::new());
    for &[head, fall, bone_end, end] in a::RIBS {
        for side in SIDES {
            let node = |degrees: f32| -> Option<Node> {
                let along = ((degrees - START_DEGREES) / (bone_end - START_DEGREES)).min(1.0);
                // Behind the end of the bone the cartilage rises again.
                let rise = 0.45 * fall * ((degrees - bone_end) / 46.0).max(0.0);
                let z = head + fall * along - rise;
                let (x, y) = a::CAVITY.section(z.clamp(-59.0, 299.0), 1.0)?.grown(4.8).rim(degrees);
                Some([side * x, y, z, 4.1])
            };
            let chain = |from: f32, to: f32| -> Vec<Capsule> {
                let nodes: Vec<Node> = core::iter::successors(Some(from), |d| Some(d + STEP_DEGREES))
                    .take_while(|&d| d <= to + 0.5 * STEP_DEGREES)
                    .filter_map(node)
                    .collect();
                tube(&nodes).map(|capsule| Capsule { z_weight: 0.62, ..capsule }).collect()
            };
            bones.extend(chain(START_DEGREES, bone_end));
            if let Some(first) = node(START_DEGREES) {
                bones.push(Capsule { z_weight: 0.62, ..Capsule::new([side * 15.0, 62.0, head, 4.0], first) });
            }
            if end > bone_end {
                cartilages.extend(chain(bone_end, end));
            }
        }
    }
    (bones, cartilages)
}

/// A random point of the lung on one side, some way inside it.
fn lung_point(dice: &mut Dice, side: f32) -> Option<[f32; 3]> {
    let (x, y, z) = (side * dice.between(20.0, 132.0), dice.between(-98.0, 84.0), dice.between(-50.0, 215.0));
    let deeper = |loft: &Loft, mm: f32| loft.section(z, 1.0).is_some_and(|s| s.distance(x, y) < mm);
    let free = !a::MEDIASTINUM.iter().chain([&a::PERICARDIUM]).chain(&a::DOMES).any(|loft| deeper(loft, 4.0));
    (free && deeper(&a::CAVITY, -7.0)).then_some([x, y, z])
}

/// A random point inside the liver.
fn liver_point(dice: &mut Dice) -> Option<[f32; 3]> {
    let (x, y, z) = (dice.between(-140.0, 45.0), dice.between(-92.0, 80.0), dice.between(120.0, 275.0));
    let inside = |loft: &Loft| loft.section(z, 1.0).is_some_and(|s| s.distance(x, y) < -8.0);
    a::LIVER_LOBES.iter().any(inside).then_some([x, y, z])
}

/// A random point of the mesentery.
fn mesentery_point(dice: &mut Dice) -> Option<[f32; 3]> {
    Some([dice.between(-70.0, 90.0), dice.between(-60.0, 15.0), dice.between(218.0, 300.0)])
}

/// A random loop of small bowel.
fn bowel_loop(dice: &mut Dice) -> Vec<Capsule> {
    let radius = dice.between(9.0, 12.0);
    let mut at = [dice.between(25.0, 85.0), dice.between(-45.0, 10.0), dice.between(222.0, 280.0)];
    let nodes: Vec<Node> = (0..6)
        .map(|_| {
            at[0] = (at[0] + dice.between(-26.0, 26.0)).clamp(18.0, 92.0);
            at[1] = (at[1] + dice.between(-20.0, 20.0)).clamp(-50.0, 14.0);
            at[2] = (at[2] + dice.between(-22.0, 22.0)).clamp(220.0, 300.0);
            [at[0], at[1], at[2], radius]
        })
        .collect();
    tube(&nodes).collect()
}

/// The bronchus that runs beside a vessel of the lung, if the vessel is thick enough for it to be seen.
fn bronchus(vessel: &Capsule) -> Option<Capsule> {
    let radius = vessel.b[3];
    if !(2.2..6.0).contains(&radius) {
        return None;
    }
    let beside = |[x, y, z, _]: Node| [x + radius * x.signum(), y - 1.1 * radius, z, 0.55 * radius];
    Some(Capsule::new(beside(vessel.a), beside(vessel.b)))
}
