"""Writes encoded images and what Pillow makes of them, for ImageFileTests: make_images.py FOLDER.

NAME.img is the file, NAME.rgb the bytes of convert("RGB"), NAME.grey those of convert("RGB").convert("L"). resize.txt has a line
"source width height left top part-width part-height target-file" for each resized image; its bytes are Pillow's.
"""
import io
import pathlib
import sys

import numpy as np
from PIL import Image

folder = pathlib.Path(sys.argv[1])
random = np.random.default_rng(20240607)


def picture(height, width, channels):
    y, x = np.mgrid[0:height, 0:width]
    waves = np.stack([127 + 100 * np.sin(x / 7 + c) * np.cos(y / 5 - c) for c in range(channels)], -1)
    return (waves + random.normal(0, 9, waves.shape)).clip(0, 255).astype(np.uint8)


def save(name, image, kind, **options):
    data = io.BytesIO()
    image.save(data, kind, **options)
    (folder / f"{name}.img").write_bytes(data.getvalue())
    rgb = Image.open(io.BytesIO(data.getvalue())).convert("RGB")
    (folder / f"{name}.rgb").write_bytes(rgb.tobytes())
    (folder / f"{name}.grey").write_bytes(rgb.convert("L").tobytes())
    (folder / f"{name}.size").write_text(f"{rgb.width} {rgb.height}")


def save_all(tag, height, width):
    rgb = Image.fromarray(picture(height, width, 3))
    rgba = Image.fromarray(picture(height, width, 4), "RGBA")
    grey = Image.fromarray(picture(height, width, 1)[..., 0])
    modes = {
        "rgb": rgb, "rgba": rgba, "l": grey, "la": Image.merge("LA", [grey, grey.transpose(Image.Transpose.ROTATE_180)]),
        "p": rgb.convert("P"), "one": grey.convert("1"), "p16": rgb.quantize(16), "p4": rgb.quantize(4), "p2": rgb.quantize(2),
        "grey16": Image.fromarray(picture(height, width, 1)[..., 0].astype(np.uint16) * 3),
    }
    for mode, image in modes.items():
        save(f"png_{mode}_{tag}", image, "PNG")
    save(f"png_ptrans_{tag}", rgb.quantize(32), "PNG", transparency=3)
    save(f"png_rgbtrans_{tag}", rgb, "PNG", transparency=(1, 2, 3))
    for sampling in (0, 1, 2):
        save(f"jpeg_{sampling}_{tag}", rgb, "JPEG", quality=85, subsampling=sampling)
    save(f"jpeg_progressive_{tag}", rgb, "JPEG", progressive=True)
    save(f"jpeg_l_{tag}", grey, "JPEG")
    save(f"jpeg_cmyk_{tag}", Image.frombytes("CMYK", (width, height), picture(height, width, 4).tobytes()), "JPEG")
    turned = Image.Exif()
    turned[274] = 6
    save(f"jpeg_exif_{tag}", rgb, "JPEG", exif=turned)
    save(f"webp_lossy_{tag}", rgb, "WEBP")
    save(f"webp_alpha_{tag}", rgba, "WEBP")
    save(f"webp_lossless_{tag}", rgb, "WEBP", lossless=True)


def resize_all():
    lines = []
    for source in ("png_rgb_37x53", "png_rgb_5x200", "png_l_37x53"):
        image = Image.open(folder / f"{source}.img").convert("RGB")
        for width, height in [(53, 20), (20, 37), (7, 9), (1, 1), (96, 61), (224, 3), (52, 36)]:
            left, top = width // 3, height // 4
            part_width, part_height = width - left - width // 5, height - top - height // 6
            part = image.resize((width, height), Image.Resampling.BILINEAR).crop((left, top, left + part_width, top + part_height))
            for mode in ("RGB", "L"):
                if mode == "L":
                    part = image.convert("L").resize((width, height), Image.Resampling.BILINEAR).crop((left, top, left + part_width, top + part_height))
                target = f"resized{len(lines)}"
                (folder / target).write_bytes(part.tobytes())
                lines.append(f"{source} {mode} {width} {height} {left} {top} {part_width} {part_height} {target}")
    (folder / "resize.txt").write_text("\n".join(lines))


for tag, height, width in [("32x32", 32, 32), ("37x53", 37, 53), ("1x1", 1, 1), ("5x200", 5, 200)]:
    save_all(tag, height, width)
resize_all()
frames = [Image.fromarray(picture(8, 8, 3)) for _ in range(2)]
frames[0].save(folder / "animated.webp", save_all=True, append_images=frames[1:])
