"""Plans as graphs on a real server: what they compile to is valid, and gives the pixels that applying gives."""

import json

import numpy as np
import pytest
from PIL import Image
from stillbytes.engine.geometry import Size
from stillbytes.engine.plan.canvas import canvas_form, laid_out
from stillbytes.engine.plan.compile import CompileOptions, compile_plan
from stillbytes.engine.plan.compile_paint import SPEEDS
from stillbytes.engine.plan.graph import check_graph
from stillbytes.engine.plan.validate import parse_plan

pytestmark = pytest.mark.comfy

PHOTO, DIM = "compile-scene.png", "compile-dim.png"
PNG = {"filename_prefix": "compile/%name%", "format": "png", "bit_depth": "16"}


def adjust(settings, **target):
    return {"op": "adjust", "target": target or {"kind": "whole"}, "settings": settings}


COLOURS = {
    "color_mixer": {"blue": {"saturation": 30, "luminance": -20}, "green": {"hue": 10}},
    "color_grading": {"shadows": {"hue": 220, "saturation": 20, "luminance": -5}, "whole": {"luminance": 4}},
    "curve": {"rgb": [[0, 0.05], [0.5, 0.55], [1, 1]], "blue": [[0, 0], [0.6, 0.5], [1, 1]]},
}
BOX = {"kind": "box", "left": 0.3, "top": 0.55, "right": 0.55, "bottom": 0.9}
PLANS = {
    "every kind of mask": [
        adjust({"exposure_ev": -0.7, "dehaze": 20}, kind="sky"),
        adjust({"shadows": 30}, kind="sky", invert=True),
        adjust({"exposure_ev": 0.5}, kind="luminance_range", low=0.5, high=0.8),
        adjust({"saturation": 40}, kind="color_range", hue_deg=220),
        adjust({"exposure_ev": 0.4}, **BOX),
        adjust({"exposure_ev": 0.4}, kind="points", include=[[0.42, 0.7]], exclude=[[0.1, 0.9]]),
        adjust({"contrast": 20}, kind="phrase", text="the sky"),
        adjust({"clarity": 20}, kind="subject"),
        adjust({"exposure_ev": -0.2}, kind="background"),
    ],
    "colours and curves": [adjust({"temperature": 20, "contrast": 12.5, **COLOURS}), adjust({"vignette": -30})],
    "frames": [
        {"op": "crop", "left": 0.1, "bottom": 0.9},
        adjust({"exposure_ev": 0.6}, **BOX),
        {"op": "rotate", "quarter_turns": 1},
        {"op": "straighten", "angle_deg": 3.5},
        {"op": "flip", "axis": "horizontal"},
        adjust({"exposure_ev": -0.6}, **BOX),
        {"op": "crop", "aspect": "4:5"},
        adjust({"exposure_ev": -0.7}, kind="sky"),
    ],
    "removal first": [
        adjust({"exposure_ev": -0.7}, kind="sky"),
        {"op": "rotate", "quarter_turns": 2},
        {"op": "remove", "target": BOX},
        adjust({"contrast": 15}, kind="luminance_range", low=0.2, high=0.6),
    ],
    "measured": [
        {"op": "crop", "right": 0.9},
        adjust({"contrast": 10}, kind="sky"),
        {"op": "blur", "target": {"kind": "sky", "invert": True}, "amount": 60},
        {"op": "auto"},
        {"op": "auto", "part": "tone", "target": {"kind": "sky"}},
        {"op": "straighten"},
        adjust({"exposure_ev": -0.3}, kind="phrase", text="the sky", invert=True),
    ],
    "nothing found": [adjust({"exposure_ev": 1}, kind="color_range", hue_deg=300), adjust({"contrast": 5})],
    "nothing": [],
}
GENERATIVE = [
    {"op": "generate", "target": BOX, "prompt": "a red barn"},
    {"op": "generate", "target": {"kind": "sky", "invert": True}, "prompt": "a sea"},
    {"op": "expand", "left": 0.25, "top": 0.1},
    {"op": "restyle", "prompt": "an oil painting", "strength": 40},
    {"op": "upscale", "factor": 2},
    adjust({"contrast": 5}, kind="sky"),
]


def plan_of(steps):
    return parse_plan({"version": 1, "steps": steps})


@pytest.fixture(scope="module")
def info(comfy):
    rng = np.random.default_rng(8)
    sky = np.linspace((80, 130, 215), (170, 200, 240), 130)[:, None].repeat(360, 1)
    ground = np.kron(rng.uniform(20, 90, (22, 72, 1)), np.ones((5, 5, 3)))
    scene = np.vstack([sky, ground])
    scene[150:210, 120:185] = (190, 60, 50)
    Image.fromarray(scene.astype(np.uint8)).save(comfy.input / PHOTO)
    scene[150:210, 120:185] = (82, 63, 55)
    Image.fromarray(scene.astype(np.uint8)).save(comfy.input / DIM)
    return comfy.get("/object_info")


def exported(comfy, graph):
    run = comfy.run(graph)
    export = next(number for number, node in graph.items() if node["class_type"] == "StillbytesExport")
    (path,) = comfy.files(run, export)
    return path.read_bytes()


def applied(steps, file=PHOTO):
    """The graph that applies the plan as it is."""
    kinds = ("StillbytesLoadRaw", "StillbytesEditPlan", "StillbytesApplyPlan", "StillbytesExport")
    plan = json.dumps({"version": 1, "steps": steps})
    inputs = ({"file": file}, {"plan_json": plan}, {"photo": ["1", 0], "plan": ["2", 0]}, {"photo": ["3", 0], **PNG})
    return {str(n): {"class_type": k, "inputs": i} for n, (k, i) in enumerate(zip(kinds, inputs, strict=True), 1)}


@pytest.mark.parametrize("steps", PLANS.values(), ids=PLANS.keys())
def test_a_compiled_plan_gives_the_same_pixels_as_applying_it(comfy, info, steps):
    compiled = compile_plan(plan_of(steps), CompileOptions(PHOTO, export=PNG))
    assert compiled.left_out == ()
    assert check_graph(compiled.graph, info) == []
    assert exported(comfy, compiled.graph) == exported(comfy, applied(steps))


def test_a_guess_is_removed_neither_by_a_graph_nor_by_applying(comfy, info):
    people, sky = {"op": "remove", "target": {"kind": "person"}}, adjust({"exposure_ev": -0.7}, kind="sky")
    graph = compile_plan(plan_of([people, sky]), CompileOptions(DIM, export=PNG)).graph
    assert check_graph(graph, info) == []
    file = exported(comfy, graph)
    assert file == exported(comfy, applied([people, sky], DIM)) == exported(comfy, applied([sky], DIM))
    picked = next(node for node in graph.values() if node["inputs"].get("least_confidence"))
    picked["inputs"]["least_confidence"] = 0.0
    assert exported(comfy, graph) != file


def test_the_plans_change_pixels(comfy, info):
    files = {exported(comfy, applied(steps)) for name, steps in PLANS.items() if not name.startswith("nothing")}
    assert len(files | {exported(comfy, applied([]))}) == 6


@pytest.mark.parametrize("speed", SPEEDS)
def test_generative_steps_are_valid_but_for_models_that_are_not_there(info, speed):
    compiled = compile_plan(plan_of(GENERATIVE), CompileOptions(PHOTO, Size(360, 240), speed))
    assert compiled.left_out == ()
    problems = check_graph(compiled.graph, info)
    assert all(problem.file.endswith((".safetensors", ".pth")) for problem in problems), problems
    kinds = {node["class_type"] for node in compiled.graph.values()}
    assert kinds >= {"StillbytesCropForInpaint", "KSampler", "StillbytesStitch", "ImageUpscaleWithModel"}
    assert ("LoraLoaderModelOnly" in kinds) == (speed != "full")


def test_the_server_agrees_with_the_check(comfy, info):
    graph = compile_plan(plan_of([adjust({"contrast": 5}, kind="sky")]), CompileOptions(PHOTO)).graph
    broken = {
        "there is no node": lambda g: g["2"].update(class_type="NoSuchNode"),
        "missing": lambda g: g["2"]["inputs"].pop("photo"),
        "not from": lambda g: g["3"]["inputs"].update(contrast=1000),
        "not offered": lambda g: g["2"]["inputs"].update(target="moon"),
        "takes": lambda g: g["3"]["inputs"].update(mask=["1", 0]),
        "not there": lambda g: g["3"]["inputs"].update(photo=["77", 0]),
        "output 9": lambda g: g["3"]["inputs"].update(photo=["1", 9]),
        "not on the server": lambda g: g["1"]["inputs"].update(file="none.png"),
    }
    for words, break_ in broken.items():
        changed = json.loads(json.dumps(graph))
        break_(changed)
        problems = check_graph(changed, info)
        assert len(problems) == 1, (words, problems)
        assert words in problems[0].message.lower()
        status, reply = comfy.post("/prompt", {"prompt": changed})
        assert status >= 400 or reply["node_errors"], words


def test_the_canvas_shows_every_node_apart_from_the_others_and_says_the_same(info):
    for steps in (*PLANS.values(), GENERATIVE):
        graph = compile_plan(plan_of(steps), CompileOptions(PHOTO, Size(360, 240))).graph
        canvas = canvas_form(laid_out(graph, info, "compiled"), info)
        boxes = [(*node["pos"], *node["size"]) for node in canvas["nodes"]]
        for index, (x, y, w, h) in enumerate(boxes):
            assert not any(x < a + c and a < x + w and y < b + d and b < y + h for a, b, c, d in boxes[:index])
        links = {link[0]: [str(link[1]), link[2]] for link in canvas["links"]}
        for node in canvas["nodes"]:
            wanted = graph[str(node["id"])]["inputs"]
            linked = {e["name"]: links[e["link"]] for e in node["inputs"] if e["link"] is not None}
            assert linked == {name: value for name, value in wanted.items() if isinstance(value, list)}
            plain = [value for value in wanted.values() if not isinstance(value, list)]
            assert all(value in node["widgets_values"] for value in plain), node["type"]
        for number, start, slot, end, place, kind in canvas["links"]:
            output = next(node for node in canvas["nodes"] if node["id"] == start)["outputs"][slot]
            taker = next(node for node in canvas["nodes"] if node["id"] == end)["inputs"][place]
            assert number in output["links"]
            assert taker["link"] == number
            assert set(kind.split(",")) & set(taker["type"].split(",")) or taker["type"] == "COMFY_MATCHTYPE_V3"
