"""A size straight from the original, before there is any rendition, beside sharp: JPEG 320 and 800 of 12-megapixel baseline
photos, 320 of the same photos made progressive, and 800 of 48 and 100 megapixels for the peak memory; then first contact
(renditions and five WebP) of these two. In process, one picture at a time (the sandbox comes on top of ours)."""

import random
import shutil
import subprocess

import jobs
import load
import pictures
import servers

ROUNDS = 3


def main() -> None:
    folder = servers.make_folder()

    def keep(name: str, data: bytes):
        (folder / name).write_bytes(data)
        return folder / name

    photos = [keep(f"p{i}.jpg", p) for i, p in enumerate(pictures.photos_12mp())]
    result = {"what": __doc__.strip(), "versions": jobs.versions(), "photos": len(photos), "load_before": load.load_average()}
    try:
        for width in (320, 800):
            result[f"jpeg_{width}"] = jobs.compare(ROUNDS, "resize", photos, ("jpeg", width, 4))
        if shutil.which("jpegtran"):
            progressive = []
            for photo in photos:
                done = subprocess.run(["jpegtran", "-copy", "all", "-progressive", str(photo)], capture_output=True, check=True)
                progressive.append(keep(f"progressive-{photo.name}", done.stdout))
            result["progressive_jpeg_320"] = jobs.compare(ROUNDS, "resize", progressive, ("jpeg", 320, 4))
        else:
            result["progressive_jpeg_320"] = "SKIPPED: jpegtran (libjpeg-turbo-progs) is not installed"
        giants = {}
        large = pictures.SHARED / "corpus" / "photos" / "mosaic-48mp.jpg"
        if large.exists():
            giants["48mp"] = large
        if jobs.have_sharp():
            giants["100mp"] = keep("100mp.jpg", pictures.make_jpeg(11_547, 8_660, random.Random(3).randrange(9)))
        for name, giant in giants.items():
            result[f"{name}_jpeg_800"] = jobs.compare(ROUNDS, "resize", [giant], ("jpeg", 800, 4))
            result[f"{name}_first_contact"] = jobs.compare(ROUNDS, "prepare", [giant], (4,), is_scored=False)
        result["load_after"] = load.load_average()
        load.write_result("original", result)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
