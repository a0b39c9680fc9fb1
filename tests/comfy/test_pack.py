import re

import pytest
from stillbytes.engine.develop.settings import HUES, SETTINGS, TONES

pytestmark = pytest.mark.comfy

IDS = {
    "StillbytesLoadRaw",
    "StillbytesPhotoFromImage",
    "StillbytesRenderPhoto",
    "StillbytesDevelop",
    "StillbytesColorMixer",
    "StillbytesColorGrading",
    "StillbytesFrame",
    "StillbytesPickMask",
    "StillbytesLoadSegmenter",
    "StillbytesSelectByText",
    "StillbytesSelectByPoints",
    "StillbytesRefineMask",
    "StillbytesCombineMasks",
    "StillbytesRangeMask",
    "StillbytesGradientMask",
    "StillbytesLoadLLM",
    "StillbytesPlanEdit",
    "StillbytesDescribePhoto",
    "StillbytesEditPlan",
    "StillbytesEditStep",
    "StillbytesAuto",
    "StillbytesCompilePlan",
    "StillbytesLensBlur",
    "StillbytesApplyPlan",
    "StillbytesExport",
    "StillbytesLoadFillModel",
    "StillbytesFill",
    "StillbytesCropForInpaint",
    "StillbytesStitch",
}
PACK = "stillbytes-main"


@pytest.fixture(scope="module")
def schemas(comfy):
    return {name: schema for name, schema in comfy.get("/object_info").items() if name.startswith("Stillbytes")}


def inputs(schema):
    return {
        name: (entry[0], entry[1] if len(entry) > 1 else {}, group == "optional")
        for group in ("required", "optional")
        for name, entry in schema["input"].get(group, {}).items()
    }


def test_every_node_is_registered_under_its_public_id(schemas):
    assert set(schemas) == IDS


def test_the_pack_loads_without_a_complaint_in_the_log(comfy):
    log = comfy.log.read_text(errors="replace").partition("Starting server")[0]
    loaded = next(line for line in log.splitlines() if PACK in line and "seconds" in line)
    assert "FAILED" not in loaded
    assert "Traceback" not in log
    assert float(re.search(r"([\d.]+) seconds", loaded)[1]) < 2.0


def test_a_stillbytes_category_holds_every_node(schemas):
    assert all(schema["category"].split("/")[0] == "Stillbytes" for schema in schemas.values())


def test_every_widget_says_what_it_does(schemas):
    silent = [
        (node, name)
        for node, schema in schemas.items()
        for name, (kind, options, _) in inputs(schema).items()
        if kind in {"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"} and not options.get("tooltip")
    ]
    assert silent == []


def test_develop_offers_exactly_the_engines_settings(schemas):
    offered = inputs(schemas["StillbytesDevelop"])
    for name, rule in SETTINGS.items():
        kind, options, optional = offered.pop(name)
        assert (kind, optional) == ("FLOAT", True)
        assert (options["min"], options["max"], options["default"]) == (rule.low, rule.high, rule.neutral)
    curves = {"curve", "curve_red", "curve_green", "curve_blue"}
    assert set(offered) == {"photo", "mask", "color_mixer", "color_grading", "preview_side"} | curves


def test_the_colour_nodes_cover_every_hue_and_tonal_range(schemas):
    parts = ("hue", "saturation", "luminance")
    assert set(inputs(schemas["StillbytesColorMixer"])) == {f"{hue}_{part}" for hue in HUES for part in parts}
    assert set(inputs(schemas["StillbytesColorGrading"])) == {f"{tone}_{part}" for tone in TONES for part in parts}


def test_only_what_has_no_sensible_default_is_required(schemas):
    required = {name: set(schema["input"].get("required", {})) for name, schema in schemas.items()}
    assert required["StillbytesLoadRaw"] == {"file"}
    assert required["StillbytesDevelop"] == {"photo"}
    assert required["StillbytesPickMask"] == {"photo", "target"}
    assert required["StillbytesExport"] == {"photo"}


def test_every_node_has_a_help_page_that_names_its_inputs(comfy, schemas):
    for node, schema in schemas.items():
        page = comfy.fetch(f"/extensions/{PACK}/docs/{node}.md").decode()
        assert page.startswith("# ")
        if node in {"StillbytesColorMixer", "StillbytesColorGrading"}:
            continue
        for name, (_, options, _) in inputs(schema).items():
            assert f"**{options.get('display_name', name)}**" in page, (node, name)


def test_the_browser_part_is_served_once(comfy):
    scripts = [path for path in comfy.get("/extensions") if "stillbytes" in path]
    assert scripts == [f"/extensions/{PACK}/stillbytes.js"]
    assert b"registerExtension" in comfy.fetch(scripts[0])


def test_the_workflows_stand_among_the_templates_with_their_pictures(comfy, repo_root):
    names = {path.stem for path in (repo_root / "workflows").glob("*.json")}
    assert len(names) >= 5
    assert set(comfy.get("/workflow_templates")[PACK]) == names
    for name in names:
        assert comfy.get(f"/api/workflow_templates/{PACK}/{name}.json")["version"] == 0.4
        assert comfy.fetch(f"/api/workflow_templates/{PACK}/{name}.jpg")[:2] == b"\xff\xd8"
