"""What happens to every crop at the end: fills, blur, noise, gain and offset, and the degradation of 8-bit copies.

In: a crop in HU, its inside of the skin where that is known, whether it comes from a coded slice. Out: the crop
changed in place.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from . import synthesis
from .fills import cut_to_code, soften_fills
from .mix import Mix


class Finish:
    """The changes of one run, from its generator."""

    def __init__(self, rng: np.random.Generator, mix: Mix) -> None:
        self.rng = rng
        self.mix = mix
        # Correlated noise of unit standard deviation; crops of it stand for fresh noise.
        noise = ndimage.gaussian_filter(rng.standard_normal((900, 900)).astype(np.float32), 0.7)
        self.noise = noise / noise.std()

    def _grain(self, shape: tuple[int, int]) -> np.ndarray:
        y = self.rng.integers(0, self.noise.shape[0] - shape[0])
        x = self.rng.integers(0, self.noise.shape[1] - shape[1])
        return self.noise[y : y + shape[0], x : x + shape[1]]

    def __call__(self, hu: np.ndarray, coded: bool, inside: np.ndarray) -> None:
        """Changes `hu` f32 `[3, rows, cols]`; `inside` bool `[rows, cols]`: the body."""
        rng, mix = self.rng, self.mix
        clipped = not coded and rng.random() < mix.clip
        if clipped:
            cut_to_code(hu, inside)
            hu[0] = hu[1]
            hu[2] = hu[1]
        if (coded or clipped) and rng.random() < mix.fill_noise:
            soften_fills(rng, hu, self.noise)
        body = hu > -900
        if rng.random() < 0.2:
            sigma = rng.uniform(0.3, 0.8)
            hu[:] = ndimage.gaussian_filter(hu, (0, sigma, sigma), truncate=2.5)
        if rng.random() < 0.4:
            strength = np.float32(rng.uniform(0, 20))
            for plane in hu:
                plane += self._grain(hu.shape[1:]) * strength
            hu *= body
            hu -= 1000 * ~body
        hu *= np.float32(rng.uniform(0.95, 1.05))
        hu += np.float32(rng.uniform(-20, 20))
        roll = rng.random()
        if coded or clipped:
            return
        if roll < mix.degrade:
            synthesis.degrade(rng, hu)
        elif mix.one_slice or roll < mix.degrade + mix.copy_neighbours:
            hu[0] = hu[1]
            hu[2] = hu[1]
