import numpy as np
import pytest

from lesionlens_training.lesion import axes_of_mask, mask_box, turned


def ellipse(long: float, short: float, theta: float, side: int = 160) -> np.ndarray:
    y, x = np.mgrid[:side, :side] - side / 2 + 0.5
    u, v = x * np.cos(theta) + y * np.sin(theta), y * np.cos(theta) - x * np.sin(theta)
    return (u / (long / 2)) ** 2 + (v / (short / 2)) ** 2 <= 1


@pytest.mark.parametrize("theta", [0.0, 0.4, 1.2, np.pi / 2, 2.5])
@pytest.mark.parametrize(("long", "short"), [(20, 12), (60, 30), (120, 40)])
def test_axes_of_an_ellipse_are_its_own(long: float, short: float, theta: float) -> None:
    got_long, got_short, got_theta = axes_of_mask(ellipse(long, short, theta))
    assert got_long == pytest.approx(long, abs=1.6)
    assert got_short == pytest.approx(short, abs=2.5)
    # The outermost pixels of a small ellipse leave its direction open by a few degrees.
    assert abs(np.sin(got_theta - theta)) < max(0.12, 2.5 / (long - short))


def test_axes_of_one_pixel_and_of_a_line() -> None:
    mask = np.zeros((9, 9), bool)
    mask[4, 4] = True
    assert axes_of_mask(mask)[:2] == (1, 1)
    mask[4, 2:8] = True
    long, short, theta = axes_of_mask(mask)
    assert (long, short) == (6, 1)
    assert np.sin(theta) == pytest.approx(0)


def test_the_short_axis_is_never_the_longer() -> None:
    mask = np.zeros((30, 30), bool)
    mask[5:25, 5:25] = True
    long, short, _ = axes_of_mask(mask)
    assert short <= long


def test_box_of_a_mask_is_half_open_and_none_for_an_empty_one() -> None:
    mask = np.zeros((9, 9), bool)
    assert mask_box(mask) is None
    mask[2:5, 3:4] = True
    assert mask_box(mask, 10, 20) == (13, 22, 14, 25)


def test_turned_axes_follow_rotation_flip_and_scale() -> None:
    c, s = np.cos(0.5), np.sin(0.5)
    rotation = 1.5 * np.array([[c, -s], [s, c]])
    assert turned((10, 4, 0.2), rotation) == pytest.approx((15, 6, 0.7))
    long, short, theta = turned((10, 4, 0.2), np.diag([-1.0, 1.0]))
    assert (long, short, theta) == pytest.approx((10, 4, np.pi - 0.2))
    assert turned(None, rotation) is None
