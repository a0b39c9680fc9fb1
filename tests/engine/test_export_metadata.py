"""EXIF and XMP of exports: the photo's story stays, what was true of the old pixels goes."""

from __future__ import annotations

import random
import struct

import pytest
from stillbytes.engine.export.metadata import output_metadata, software
from stillbytes.engine.geometry import Size
from stillbytes.engine.metadata import Metadata
from stillbytes.engine.raster.exif import Exif, described, exif_blob, metadata_of, parse_exif
from stillbytes.engine.raster.ifd import (
    Entry,
    Order,
    ascii_text,
    integers,
    longs,
    number,
    shorts,
    swapped,
    text,
    write_directory,
)


def _exif(order: Order = "<") -> Exif:
    def rational(above: int, below: int) -> Entry:
        return Entry(5, 1, struct.pack(order + "II", above, below))

    image = {
        0x010F: ascii_text("Maker"),
        0x0110: ascii_text("Camera 1"),
        0x0112: shorts([6], order),
        0x0111: longs([1234], order),
        0x0131: ascii_text("Firmware 1.2"),
        0xC612: Entry(1, 4, b"\1\4\0\0"),
        0x8298: ascii_text("A. Photographer"),
    }
    photo = {
        0x829A: rational(1, 250),
        0x829D: rational(28, 10),
        0x8827: shorts([400], order),
        0x9003: ascii_text("2026:05:04 10:11:12"),
        0x920A: rational(85, 1),
        0xA434: ascii_text("85mm f/1.8"),
        0xA002: longs([6000], order),
        0xA003: longs([4000], order),
        0x927C: Entry(7, 40, bytes(range(40)), 700),
    }
    return Exif(
        order, image, photo, {1: ascii_text("N"), 2: Entry(5, 3, struct.pack(order + "6I", 52, 1, 30, 1, 0, 1))}
    )


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_blob_is_parsed_back_to_its_tags(order: Order) -> None:
    found = parse_exif(exif_blob(_exif(order)))
    assert {tag: e.data for tag, e in found.image.items()} == {tag: e.data for tag, e in _exif(order).image.items()}
    assert {tag: e.data for tag, e in found.photo.items()} == {tag: e.data for tag, e in _exif(order).photo.items()}
    assert {tag: e.data for tag, e in found.gps.items()} == {tag: e.data for tag, e in _exif(order).gps.items()}
    assert found.photo[0x927C].offset == 700


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_facts_are_read_in_both_byte_orders(order: Order) -> None:
    facts = metadata_of(_exif(order), b"blob", b"", b"")
    assert (facts.make, facts.model, facts.lens) == ("Maker", "Camera 1", "85mm f/1.8")
    assert (facts.iso, facts.exposure_s, facts.focal_length_mm) == (400.0, 0.004, 85.0)
    assert facts.aperture == pytest.approx(2.8)
    assert facts.taken == "2026:05:04 10:11:12"


def test_an_export_says_what_is_true_of_it_and_keeps_the_story() -> None:
    made = output_metadata(Metadata(exif=exif_blob(_exif())), Size(3000, 2000), "adobe-rgb").exif
    assert made.orientation == 1
    assert text(made.image[0x0131]) == software()
    assert integers(made.photo[0xA002], "<") == (3000,)
    assert integers(made.photo[0xA003], "<") == (2000,)
    assert integers(made.photo[0xA001], "<") == (0xFFFF,)
    assert text(made.image[0x8298]) == "A. Photographer"
    assert text(made.photo[0xA434]) == "85mm f/1.8"
    assert made.photo[0x927C].data == bytes(range(40))
    assert made.gps[2].data == _exif().gps[2].data
    assert 0x0111 not in made.image
    assert 0xC612 not in made.image


def test_the_software_names_the_version() -> None:
    name, version = software().split(" ")
    assert name == "Stillbytes"
    assert version[0].isdigit()


def test_a_photo_without_exif_gets_what_is_known() -> None:
    made = output_metadata(Metadata(), Size(30, 20), "srgb")
    assert integers(made.exif.photo[0xA001], "<") == (1,)
    assert (made.xmp, made.notes) == (b"", ())


def test_broken_exif_is_left_out_with_a_note() -> None:
    made = output_metadata(Metadata(exif=b"II*\0\xff\xff\xff\xff"), Size(3, 2), "srgb")
    assert "broken" in made.notes[0]
    assert set(made.exif.image) == {0x0112, 0x0131}


def test_hostile_exif_never_raises_anything_else() -> None:
    blob, rng = exif_blob(_exif()), random.Random(1)  # noqa: S311
    for trial in range(400):
        broken = bytearray(blob[: rng.randrange(8, len(blob))] if trial % 3 == 0 else blob)
        for _ in range(trial % 7):
            broken[rng.randrange(len(broken))] = rng.choice((0, 1, 255, rng.randrange(256)))
        made = output_metadata(Metadata(exif=bytes(broken)), Size(3, 2), "srgb").exif
        assert parse_exif(exif_blob(made)).orientation == 1


def test_directories_that_point_at_themselves_end() -> None:
    directory = {0x8769: longs([8]), 0x8825: longs([8]), 0x010F: ascii_text("Maker")}
    looped = b"II*\0\x08\0\0\0" + write_directory(directory, "<", 8)
    assert text(parse_exif(looped).photo.get(0x010F)) == "Maker"


def test_camera_tags_in_the_first_directory_move_to_where_they_belong() -> None:
    exif = Exif("<", {0x9003: ascii_text("2026:01:01 00:00:00")}, {0x8827: shorts([100])})
    assert set(described(exif).photo) == {0x9003, 0x8827}


def test_swapping_the_byte_order_keeps_every_number() -> None:
    there = swapped(_exif("<").photo)
    assert number(there[0x829D], ">") == pytest.approx(2.8)
    assert there[0x927C].data == bytes(range(40))
    assert {t: e.data for t, e in swapped(there).items()} == {t: e.data for t, e in _exif("<").photo.items()}


def test_xmp_is_kept_with_the_orientation_and_size_of_the_export() -> None:
    packet = (
        b'<x:xmpmeta><rdf:RDF><rdf:Description tiff:Orientation="8" xmp:Rating="4" crs:Exposure2012="+1.50"'
        b" crs:HasSettings='True'><exif:PixelXDimension>6000</exif:PixelXDimension>"
        b"<crs:ToneCurve><rdf:Seq><rdf:li>0, 0</rdf:li></rdf:Seq></crs:ToneCurve><dc:title>t</dc:title>"
        b"</rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    made = output_metadata(Metadata(xmp=packet + b"\0\0"), Size(300, 200), "srgb")
    assert made.xmp == (
        b'<x:xmpmeta><rdf:RDF><rdf:Description tiff:Orientation="1" xmp:Rating="4">'
        b"<exif:PixelXDimension>300</exif:PixelXDimension><dc:title>t</dc:title></rdf:Description></rdf:RDF></x:xmpmeta>"
    )


def test_xmp_that_is_none_is_left_out_with_a_note() -> None:
    made = output_metadata(Metadata(xmp=b"not xml"), Size(3, 2), "srgb")
    assert made.xmp == b""
    assert "XMP" in made.notes[0]
