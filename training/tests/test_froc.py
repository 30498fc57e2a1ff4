import numpy as np
import pytest
from lesionlens_training.froc import froc
from lesionlens_training.heads import candidates, suppressed


def rows(*boxes: tuple[float, ...]) -> np.ndarray:
    return np.asarray(boxes, np.float64).reshape(-1, 5)


def test_froc_by_hand() -> None:
    truth = np.array([[0.0, 0, 10, 10], [50, 50, 70, 70]])
    images = [
        (truth, rows((100, 0, 110, 10, 0.9), (0, 0, 10, 10, 0.8), (0, 0, 10, 11, 0.7), (50, 50, 70, 70, 0.2))),
        (truth[:1], rows((30, 30, 40, 40, 0.6), (0, 0, 10, 9, 0.5), (80, 80, 90, 90, 0.3))),
    ]
    # Falling score: false, lesion 1, again lesion 1 (counts neither way), false, lesion 3, false, lesion 2.
    report = froc(images)
    assert report["sensitivity"] == pytest.approx([1 / 3, 2 / 3, 1, 1, 1, 1])
    assert report["mean"] == pytest.approx(0.75)


def test_one_detection_may_find_two_lesions() -> None:
    truth = np.array([[0.0, 0, 10, 10], [0, 0, 10, 12]])
    assert froc([(truth, rows((0, 0, 10, 11, 0.5)))])["sensitivity"][0] == 1


def test_candidate_is_decoded_to_image_pixels_with_margin() -> None:
    heads = [np.full((5, 16, 16), -9.0, np.float32), np.full((5, 8, 8), -9.0, np.float32)]
    heads[0][:, 5, 7] = [2.0, 0.5, 0.25, np.log(16), np.log(8)]
    found = candidates(heads, (10, 20), (1.25, 1.25), (512, 512))
    assert len(found) == 1
    # Centre (30, 21) on the grid, 16 × 8; origin and ratio; 5 px of margin.
    assert found[0, :4] == pytest.approx([(22 + 10) * 1.25 - 5, (17 + 20) * 1.25 - 5, (38 + 10) * 1.25 + 5, (25 + 20) * 1.25 + 5])
    assert found[0, 4] == pytest.approx(1 / (1 + np.exp(-2)))


def test_suppression_keeps_the_best_of_an_overlapping_pair() -> None:
    kept = suppressed(rows((0, 0, 10, 10, 0.5), (0, 0, 10, 9, 0.9), (40, 40, 50, 50, 0.1)))
    assert kept[:, 4].tolist() == [0.9, 0.1]
