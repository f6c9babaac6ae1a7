"""SSIM of the luma against a neutral reference: the original decoded in full and resampled by Pillow's Lanczos. Gaussian
window of 11 with sigma 1.5, as Wang et al. 2004 have it; and butteraugli's 3-norm against the same reference."""

import io

import butteraugli
import numpy
from PIL import Image, ImageOps


def luma(image: Image.Image) -> numpy.ndarray:
    return numpy.asarray(image.convert("RGB"), dtype=numpy.float64) @ (0.299, 0.587, 0.114)


def blur(plane: numpy.ndarray) -> numpy.ndarray:
    window = numpy.exp(-((numpy.arange(11) - 5) ** 2) / (2 * 1.5**2))
    window /= window.sum()
    rows = sum(w * plane[i:plane.shape[0] - 10 + i] for i, w in enumerate(window))
    return sum(w * rows[:, i:rows.shape[1] - 10 + i] for i, w in enumerate(window))


def ssim(a: numpy.ndarray, b: numpy.ndarray) -> float:
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    both = blur(a * b) - mean_a * mean_b
    return float(numpy.mean((2 * mean_a * mean_b + c1) * (2 * both + c2)
                            / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))))


class References:
    """Of each original and width once."""

    def __init__(self):
        self._known = {}

    def of(self, original: bytes, size: tuple[int, int]) -> Image.Image:
        key = (hash(original), size)
        if key not in self._known:
            image = ImageOps.exif_transpose(Image.open(io.BytesIO(original))).convert("RGB")
            self._known[key] = image.resize(size, Image.LANCZOS)
        return self._known[key]

    def score(self, original: bytes, made: bytes) -> dict:
        picture = Image.open(io.BytesIO(made)).convert("RGB")
        reference = self.of(original, picture.size)
        return {"ssim": ssim(luma(picture), luma(reference)),
                "butteraugli3": butteraugli.distance(numpy.asarray(reference), numpy.asarray(picture)),
                "kb": len(made) / 1000}


def mean(scores: list[dict]) -> dict:
    return {key: sum(s[key] for s in scores) / len(scores) for key in scores[0]}
