"""Plans as graphs: which nodes, how they are connected, and what a graph may hold."""

import pytest
from stillbytes.engine.errors import PlanInvalidError
from stillbytes.engine.geometry import Size
from stillbytes.engine.masks.ops import rectangle
from stillbytes.engine.masks.pointing import Area, PlacedBox, read_area
from stillbytes.engine.plan.compile import CompileOptions, compile_plan, frame_inputs, unmet_needs
from stillbytes.engine.plan.compile_paint import PRESETS, SPEEDS
from stillbytes.engine.plan.graph import GraphBuilder, Link, check_graph, is_link
from stillbytes.engine.plan.guess import LEAST_SURE
from stillbytes.engine.plan.schema import Crop, Rotate, Straighten
from stillbytes.engine.plan.validate import parse_plan

SKY = {"kind": "sky"}
BOX = {"kind": "box", "left": 0.1, "top": 0.2, "right": 0.6, "bottom": 0.9}


def compiled(*steps, **options):
    return compile_plan(parse_plan({"version": 1, "steps": list(steps)}), CompileOptions(**options))


def adjust(target=None, **settings):
    return {"op": "adjust", "target": target or {"kind": "whole"}, "settings": settings or {"contrast": 5}}


def nodes(graph, kind):
    return [node["inputs"] for node in graph.values() if node["class_type"] == kind]


def behind(graph, number):
    """The classes of the nodes that a node needs, nearest first."""
    found = []
    for value in graph[number]["inputs"].values():
        if is_link(value):
            found += [graph[value[0]]["class_type"], *behind(graph, value[0])]
    return found


def test_an_empty_plan_loads_and_exports():
    graph = compiled(file="a.nef").graph
    assert [node["class_type"] for node in graph.values()] == ["StillbytesLoadRaw", "StillbytesExport"]
    assert graph["1"]["inputs"] == {"file": "a.nef"}
    assert graph["2"]["inputs"]["photo"] == ["1", 0]


def test_only_what_a_step_changes_is_set_on_its_node():
    step = adjust(exposure_ev=0.5, color_mixer={"red": {"hue": 5}}, curve={"blue": [[0, 0], [1, 0.9]]})
    graph = compiled(step, adjust(exposure_ev=0.0)).graph
    (develop,) = nodes(graph, "StillbytesDevelop")
    assert set(develop) == {"photo", "exposure_ev", "color_mixer", "curve_blue"}
    assert nodes(graph, "StillbytesColorMixer") == [{"red_hue": 5}]
    assert nodes(graph, "CurveEditor")[0]["curve"]["points"] == [[0, 0], [1, 0.9]]


def test_the_same_target_is_selected_once_on_the_photo_before_it_is_developed():
    graph = compiled(adjust(SKY), adjust(SKY, shadows=5), adjust({"kind": "sky", "invert": True})).graph
    assert nodes(graph, "StillbytesPickMask") == [{"photo": ["1", 0], "target": "sky"}]
    assert nodes(graph, "StillbytesCombineMasks") == [{"first": ["2", 0], "invert": True}]
    masks = [develop["mask"] for develop in nodes(graph, "StillbytesDevelop")]
    assert masks[0] == masks[1] != masks[2]


def test_what_is_to_go_goes_first_and_masks_are_looked_for_in_the_cleaned_photo():
    graph = compiled(adjust(SKY), {"op": "remove", "target": BOX}).graph
    develop = next(number for number, node in graph.items() if node["class_type"] == "StillbytesDevelop")
    assert "StillbytesFill" in behind(graph, develop)
    (picked,) = nodes(graph, "StillbytesPickMask")
    assert graph[picked["photo"][0]]["class_type"] == "StillbytesFill"


def test_a_guess_is_not_filled_in_a_graph_either():
    phrase = {"kind": "phrase", "text": "the dust spots"}
    remove = [{"op": "remove", "target": target} for target in ({"kind": "person"}, phrase, BOX)]
    graph = compiled(*remove, adjust({"kind": "person"})).graph
    assert [node.get("least_confidence") for node in nodes(graph, "StillbytesPickMask")] == [LEAST_SURE, None]
    assert [node.get("least_confidence") for node in nodes(graph, "StillbytesSelectByText")] == [LEAST_SURE]
    assert "least_confidence" not in nodes(graph, "StillbytesSelectByPoints")[0]


def test_the_opposite_of_a_guess_is_not_taken_for_all():
    everything_else = {"op": "remove", "target": {"kind": "person", "invert": True}}
    (picked,) = nodes(compiled(everything_else).graph, "StillbytesPickMask")
    assert "least_confidence" not in picked


@pytest.mark.parametrize(
    ("target", "unmet"),
    [
        ({"kind": "phrase", "text": "the balloon"}, True),
        ({"kind": "phrase", "text": "the red parts"}, False),
        ({"kind": "person"}, False),
        ({"kind": "box", "left": 0.1, "top": 0.1, "right": 0.5, "bottom": 0.5}, False),
    ],
)
@pytest.mark.parametrize("op", [{"op": "remove"}, {"op": "blur"}, {"op": "generate", "prompt": "a kite"}])
def test_a_thing_that_only_a_model_finds_is_an_unmet_need(op, target, unmet):
    plan = parse_plan({"version": 1, "steps": [{"op": "rotate", "quarter_turns": 1}, op | {"target": target}]})
    assert [text[:2] for text in unmet_needs(plan)] == (["2."] if unmet else [])


def test_a_box_is_meant_on_the_photo_before_the_crop_however_it_is_turned():
    crop, turn = {"op": "crop", "left": 0.5}, {"op": "rotate", "quarter_turns": 1}
    graph = compiled(crop, turn, adjust(BOX), adjust(SKY)).graph
    (pointed,) = nodes(graph, "StillbytesSelectByPoints")
    assert pointed["area"] == "0.1, 0.2, 0.6, 0.9"
    uncropped = graph[pointed["photo"][0]]
    assert uncropped["inputs"] == {"photo": ["1", 0], "turn": "90"}
    (picked,) = nodes(graph, "StillbytesPickMask")
    assert "StillbytesFrame" in behind(graph, picked["photo"][0])


@pytest.mark.parametrize("speed", SPEEDS)
def test_a_generative_step_is_crop_sample_stitch_with_the_presets_settings(speed):
    graph = compiled({"op": "generate", "target": BOX, "prompt": "a barn"}, speed=speed, seed=7).graph
    (sampler,), preset = nodes(graph, "KSampler"), PRESETS[speed]
    assert (sampler["steps"], sampler["cfg"], sampler["seed"]) == (preset.steps, preset.cfg, 7)
    assert [entry["lora_name"] for entry in nodes(graph, "LoraLoaderModelOnly")] == [preset.lora] * bool(preset.lora)
    (stitch,) = nodes(graph, "StillbytesStitch")
    assert graph[stitch["crop"][0]]["class_type"] == "StillbytesCropForInpaint"
    assert stitch["crop"][1] == 2
    assert "KSampler" in behind(graph, stitch["image"][0])
    assert nodes(graph, "StillbytesGradientMask")[0]["kind"] == "rectangle"


def test_one_model_is_loaded_for_all_generative_steps():
    steps = [{"op": "restyle", "prompt": "oil", "strength": 30}, {"op": "generate", "target": SKY, "prompt": "x"}]
    graph = compiled(*steps, checkpoint="mine.safetensors").graph
    assert nodes(graph, "CheckpointLoaderSimple") == [{"ckpt_name": "mine.safetensors"}]
    assert [sampler["denoise"] for sampler in nodes(graph, "KSampler")] == [0.3, 1.0]


def test_expanding_is_in_px_of_the_frame_as_the_steps_before_left_it():
    crop, expand = {"op": "crop", "right": 0.5}, {"op": "expand", "left": 0.5, "top": 0.1}
    (cut,) = nodes(compiled(crop, expand, size=Size(400, 200)).graph, "StillbytesCropForInpaint")
    assert {name: cut[name] for name in cut if name.startswith("margin")} == {
        "margin_left": 100,
        "margin_top": 20,
        "margin_right": 0,
        "margin_bottom": 0,
    }


@pytest.mark.parametrize(
    "step", [{"op": "expand", "left": 0.5}, {"op": "expand", "top": 0.1}], ids=lambda step: str(step)
)
def test_what_has_no_node_is_listed_by_its_number(step):
    found = compiled(adjust(), step)
    assert len(found.graph) == 3
    assert len(found.left_out) == 1
    assert found.left_out[0].startswith("2. ")
    assert "Left out: " in found.left_out[0]


def test_a_straighten_too_far_is_listed_where_the_size_is_known():
    steps = [{"op": "straighten", "angle_deg": 40}] * 2
    assert "45 degrees" in compiled(*steps, size=Size(300, 200)).left_out[0]


def test_framing_steps_set_only_what_they_change():
    assert frame_inputs(Crop(left=0.1, aspect="4:5")) == {"left": 0.1, "aspect": "4:5"}
    assert frame_inputs(Crop()) == {}
    assert frame_inputs(Straighten(angle_deg=0.0)) == {}
    assert frame_inputs(Rotate(quarter_turns=3)) == {"turn": "270"}


INFO = {
    "Load": {"input": {"required": {"file": [["a.nef"], {}]}}, "output": ["PHOTO", "IMAGE"]},
    "Use": {
        "input": {
            "required": {"photo": ["PHOTO,IMAGE", {}]},
            "optional": {"n": ["INT", {"min": 1, "max": 9}], "on": ["BOOLEAN", {}], "mask": ["MASK", {}]},
        },
        "output": ["PHOTO"],
    },
}


def graph_of(**inputs):
    build = GraphBuilder()
    photo = build.add("Load", "a", {"file": "a.nef"})
    build.add("Use", "b", {"photo": photo, **inputs})
    return build.graph


def test_a_valid_graph_has_no_problem():
    assert check_graph(graph_of(n=3, on=True), INFO) == []


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"n": 10}, "from 1 to 9"),
        ({"n": "3"}, "takes a number"),
        ({"n": 1.5}, "takes a number"),
        ({"n": True}, "takes a number"),
        ({"on": 1}, "takes a BOOLEAN"),
        ({"mask": Link(1, 0)}, "takes MASK, found PHOTO"),
        ({"mask": Link(1, 2)}, "output 2, which is not there"),
        ({"mask": Link(9, 0)}, "node 9, which is not there"),
        ({"what": 1}, "no input what"),
    ],
)
def test_a_problem_names_the_node_and_the_input(inputs, words):
    (problem,) = check_graph(graph_of(**inputs), INFO)
    assert words in problem.message
    assert (problem.node, problem.input) == ("2", next(iter(inputs)))


def test_files_that_are_not_there_are_told_from_other_problems():
    graph = graph_of()
    graph["1"]["inputs"]["file"] = "b.nef"
    assert [problem.file for problem in check_graph(graph, INFO)] == ["b.nef"]
    assert [problem.file for problem in check_graph({"1": graph["1"] | {"class_type": "No"}}, INFO)] == [""]


def test_a_rectangle_selects_cut_pixels_by_their_share():
    alpha = rectangle((4, 10), (0.25, 0.5), (0.6, 1.0))
    assert alpha.sum() == pytest.approx(3.5 * 2)
    assert alpha[2].tolist() == pytest.approx([0, 0, 0.5, 1, 1, 1, 0, 0, 0, 0])
    assert not alpha[:2].any()
    with pytest.raises(ValueError, match="rectangle"):
        rectangle((4, 4), (0.5, 0.5), (0.5, 1.0))


def test_an_area_is_four_rising_fractions():
    assert read_area(" ") is None
    assert read_area("0.1, 0.2, 0.5, 1") == Area(0.1, 0.2, 0.5, 1.0)
    assert Area(0.1, 0.2, 0.5, 1.0).on(Size(100, 50)) == PlacedBox(10, 10, 50, 50)
    for wrong in ("0.1", "0.5, 0, 0.4, 1", "a, b, c, d", "0, 0, 2, 1", "nan, 0, 1, 1"):
        with pytest.raises(PlanInvalidError, match="area"):
            read_area(wrong)


def test_automatic_steps_and_lens_blur_are_nodes_that_measure_their_own_photo():
    blur = {"op": "blur", "target": SKY, "amount": 30}
    graph = compiled({"op": "auto", "part": "tone", "amount": 60}, blur, {"op": "straighten"}).graph
    (auto,), (lens,), (frame,) = (nodes(graph, f"Stillbytes{kind}") for kind in ("Auto", "LensBlur", "Frame"))
    assert (auto["part"], auto["amount"], lens["amount"]) == ("tone", 60, 30)
    assert graph[lens["mask"][0]]["class_type"] == "StillbytesPickMask"
    assert frame == {"photo": lens_of(graph), "level": True}


def lens_of(graph):
    (number,) = [number for number, node in graph.items() if node["class_type"] == "StillbytesLensBlur"]
    return [number, 0]


def test_how_far_to_expand_is_not_known_after_a_measured_angle():
    found = compiled({"op": "straighten"}, {"op": "expand", "left": 0.5}, size=Size(400, 200))
    assert "angle" in found.left_out[0]


def test_everything_but_a_phrase_is_the_opposite_of_its_mask():
    graph = compiled(adjust({"kind": "phrase", "text": "the car", "invert": True})).graph
    assert nodes(graph, "StillbytesCombineMasks")[0]["invert"] is True
    assert nodes(graph, "StillbytesSelectByText")[0]["text"] == "the car"


def test_automatic_settings_of_a_part_have_its_mask():
    graph = compiled({"op": "auto", "part": "tone", "target": SKY}, {"op": "auto"}).graph
    part, whole = nodes(graph, "StillbytesAuto")
    assert graph[part["mask"][0]]["class_type"] == "StillbytesPickMask"
    assert "mask" not in whole


def test_a_side_is_left_out_of_what_is_removed_as_in_direct_editing():
    side = {"kind": "phrase", "text": "the left half"}
    found = compiled({"op": "remove", "target": side}, adjust(side))
    assert nodes(found.graph, "StillbytesFill") == []
    assert len(nodes(found.graph, "StillbytesDevelop")) == 1
    assert "no outline" in found.left_out[0]
