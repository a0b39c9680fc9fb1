import json

import pytest

NAMES = (
    "develop-raw",
    "select-sky",
    "select-by-text",
    "select-by-click",
    "edit-by-words",
    "remove",
    "inpaint-sdxl",
)
WIDGETS = {"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"}


@pytest.fixture(params=NAMES)
def forms(request, repo_root):
    """The canvas form and the API form of one workflow."""
    folder = repo_root / "workflows"
    paths = folder / f"{request.param}.json", folder / "api" / f"{request.param}.json"
    return tuple(json.loads(path.read_text(encoding="utf-8")) for path in paths)


def as_api(canvas):
    """What the canvas form would queue: class, links and the widget values by name."""
    links = {link[0]: [str(link[1]), link[2]] for link in canvas["links"]}
    graph = {}
    for node in canvas["nodes"]:
        if node["type"] == "MarkdownNote":
            continue
        widgets = [entry["name"] for entry in node["inputs"] if "widget" in entry]
        values = node["widgets_values"]
        if "seed" in widgets and len(values) == len(widgets) + 1:  # what becomes of a sampler's seed after a run
            assert values[widgets.index("seed") + 1] == "fixed"
            values = [value for index, value in enumerate(values) if index != widgets.index("seed") + 1]
        inputs = dict(zip(widgets, values, strict=True))
        inputs |= {entry["name"]: links[entry["link"]] for entry in node["inputs"] if entry["link"] is not None}
        graph[str(node["id"])] = (node["type"], node["title"], inputs)
    return graph


def test_both_forms_describe_the_same_graph(forms):
    canvas, api = forms
    drawn = as_api(canvas)
    assert drawn.keys() == api.keys()
    for number, (kind, title, inputs) in drawn.items():
        entry = api[number]
        assert (entry["class_type"], entry["_meta"]["title"]) == (kind, title)
        assert entry["inputs"] == {name: inputs[name] for name in entry["inputs"]}
        linked = {name for name, value in inputs.items() if isinstance(value, list)}
        assert linked <= entry["inputs"].keys()


def test_every_link_joins_an_output_to_an_input_that_know_of_it(forms):
    canvas, _ = forms
    nodes = {node["id"]: node for node in canvas["nodes"]}
    for number, source, slot, target, place, kind in canvas["links"]:
        output, entry = nodes[source]["outputs"][slot], nodes[target]["inputs"][place]
        assert number in output["links"]
        assert entry["link"] == number
        assert output["type"] == kind
        assert entry["type"] == "COMFY_MATCHTYPE_V3" or set(kind.split(",")) & set(entry["type"].split(","))


def test_nodes_do_not_overlap_and_name_the_pack_they_come_from(forms):
    canvas, _ = forms
    boxes = [(*node["pos"], *node["size"]) for node in canvas["nodes"]]
    for index, (x, y, width, height) in enumerate(boxes):
        for other_x, other_y, other_width, other_height in boxes[index + 1 :]:
            apart = x + width <= other_x or other_x + other_width <= x
            assert apart or y + height <= other_y or other_y + other_height <= y
    for node in canvas["nodes"]:
        if node["type"] != "MarkdownNote":
            pack = "stillbytes" if node["type"].startswith("Stillbytes") else "comfy-core"
            assert node["properties"]["cnr_id"] == pack
            assert node["properties"]["ver"]


def test_sockets_are_labelled_in_words_and_widgets_keep_their_own_labels(forms):
    canvas, _ = forms
    for node in canvas["nodes"]:
        for entry in node["inputs"]:
            if node["type"].startswith("Stillbytes"):
                assert ("label" in entry) != ("widget" in entry), (node["type"], entry["name"])
                assert entry.get("label", "A")[0].isupper()


def test_a_note_tells_what_to_do(forms):
    canvas, _ = forms
    (note,) = (node for node in canvas["nodes"] if node["type"] == "MarkdownNote")
    assert note["widgets_values"][0].startswith("## ")


def test_the_sample_that_the_workflows_load_is_there(forms, repo_root):
    canvas, _ = forms
    (loader,) = (node for node in canvas["nodes"] if node["type"] == "StillbytesLoadRaw")
    name = loader["widgets_values"][0]
    assert name.endswith(" [sample]")
    assert (repo_root / "samples" / name.removesuffix(" [sample]")).is_file()


@pytest.mark.parametrize("name", NAMES)
def test_every_workflow_has_a_small_picture(name, repo_root):
    picture = (repo_root / "workflows" / f"{name}.jpg").read_bytes()
    assert picture[:2] == b"\xff\xd8"
    assert len(picture) < 100_000
