"""First contact with a 12-megapixel JPEG: one decode to verdict, placeholders, four renditions and WebP at 160, 320, 640,
960 and 1600 px, beside sharp's five pipelines for the five WebP alone, at the same effort (4), and our fast point (2) as the
different point that it is. In process, one picture at a time: CPU time and peak memory."""

import shutil

import jobs
import load
import pictures
import servers

ROUNDS = 3


def main() -> None:
    folder = servers.make_folder()
    photos = []
    for i, photo in enumerate(pictures.photos_12mp()):
        photos.append(folder / f"p{i}.jpg")
        photos[-1].write_bytes(photo)
    try:
        result = {"what": __doc__.strip(), "versions": jobs.versions(), "photos": len(photos), "load_before": load.load_average()}
        for effort in (4, 2):
            result[f"effort_{effort}"] = jobs.compare(ROUNDS, "prepare", photos, (effort,))
        fast, usual = result["effort_2"]["pixgate"]["cpu_ms"]["median"], result["effort_4"]
        if "sharp" in usual:
            result["effort_2_ours_of_effort_4_sharp"] = fast / usual["sharp"]["cpu_ms"]["median"]
        result["load_after"] = load.load_average()
        load.write_result("first_contact", result)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
