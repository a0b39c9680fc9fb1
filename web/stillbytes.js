import { app } from "../../scripts/app.js";
import { api } from "../../scripts/api.js";

const LOADER = "StillbytesLoadRaw";
const STEP = "StillbytesEditStep";
const STEPS_ON_A_TARGET = ["adjust", "auto", "blur", "remove", "generate"];
const TARGETS_WITH_A_PLACE = ["box", "points", "tones", "colour"];
const REPORT = "report";
const REPORT_HEIGHT = { least: 60, most: 200, line: 14, letter: 6.5 };
const PACK = "Stillbytes";

/** Upload one file into ComfyUI's input folder and return the name that the file list gives it. */
async function upload(file) {
  const body = new FormData();
  body.append("image", file);
  const reply = await api.fetchApi("/upload/image", { method: "POST", body });
  if (reply.status === 413) throw new Error(`${file.name} is larger than ComfyUI's --max-upload-size.`);
  if (!reply.ok) throw new Error(`${file.name} could not be uploaded: ${reply.status} ${reply.statusText}`);
  const { name, subfolder } = await reply.json();
  return subfolder ? `${subfolder}/${name}` : name;
}

/** Add the names to the file widget's list and choose the first. */
function choose(widget, names) {
  const listed = widget.options.values;
  if (Array.isArray(listed)) widget.options.values = [...new Set([...listed, ...names])];
  widget.value = names[0];
  widget.callback?.(names[0]);
}

async function uploadAll(node, files) {
  const widget = node.widgets?.find((candidate) => candidate.name === "file");
  if (!widget || files.length === 0) return;
  try {
    const names = [];
    for (const file of files) names.push(await upload(file));
    choose(widget, names);
    node.setDirtyCanvas(true, true);
  } catch (error) {
    app.extensionManager.toast.add({ severity: "error", summary: "Stillbytes", detail: error.message, life: 8000 });
  }
}

function addUploader(node) {
  const picker = document.createElement("input");
  picker.type = "file";
  picker.multiple = true;
  picker.style.display = "none";
  picker.addEventListener("change", () => {
    void uploadAll(node, [...picker.files]);
    picker.value = "";
  });
  const button = node.addWidget("button", "Choose a photo to upload", "upload", () => picker.click(), {
    serialize: false,
  });
  button.serialize = false;
  node.onDragOver = (event) => [...(event?.dataTransfer?.items ?? [])].some((item) => item.kind === "file");
  node.onDragDrop = (event) => {
    const files = [...(event?.dataTransfer?.files ?? [])];
    void uploadAll(node, files);
    return files.length > 0;
  };
}

/** The height in px that a report takes at the node's width, within bounds: a longer one scrolls. */
function reportHeight(node, text) {
  const { least, most, line, letter } = REPORT_HEIGHT;
  const letters = Math.max(10, (node.size[0] - 30) / letter);
  const lines = text.split("\n").reduce((sum, part) => sum + Math.max(1, Math.ceil(part.length / letters)), 1);
  return Math.min(most, Math.max(least, lines * line));
}

/** Show what a node says in words below its inputs. */
function showText(node, lines) {
  let widget = node.widgets?.find((candidate) => candidate.name === REPORT);
  if (!widget) {
    const box = document.createElement("textarea");
    box.className = "comfy-multiline-input";
    box.readOnly = true;
    widget = node.addDOMWidget(REPORT, "stillbytes-report", box, {
      serialize: false,
      getValue: () => box.value,
      setValue: (value) => {
        box.value = value;
      },
      getMinHeight: () => reportHeight(node, box.value),
    });
    widget.serialize = false;
  }
  widget.value = lines.join("\n");
}

/** Name the settings of a step as its inputs are named, and show the target only where a step has one.
 *  ComfyUI's dynamic combo labels them with their ids. */
function nameSettings(node, options) {
  const widgets = Object.fromEntries((node.widgets ?? []).map((widget) => [widget.name, widget]));
  const kind = widgets.step?.value;
  const { required, optional } = options.find((option) => option.key === kind)?.inputs ?? {};
  for (const [id, [, { display_name: label }]] of Object.entries({ ...required, ...optional })) {
    const widget = widgets[`step.${id}`];
    if (!widget || !label) continue;
    widget.label = label;
    if (widget.element) widget.element.placeholder = label;
  }
  const hasTarget = STEPS_ON_A_TARGET.includes(kind);
  if (widgets.target) widgets.target.hidden = !hasTarget;
  const placed = TARGETS_WITH_A_PLACE.includes(widgets.target?.value);
  if (widgets.words) widgets.words.hidden = !hasTarget || widgets.target?.value !== "words";
  if (widgets.place) widgets.place.hidden = !hasTarget || !placed;
  const invertible = widgets.target?.value !== "whole" && (!placed || widgets.invert?.value);
  if (widgets.invert) widgets.invert.hidden = !hasTarget || !invertible;
}

/** Keep a step's widgets named and shown as its kind and target say, and the node as high as they are. */
function followStep(nodeType, nodeData) {
  const options = nodeData.input.required.step[1].options;
  const computeSize = nodeType.prototype.computeSize;
  nodeType.prototype.computeSize = function () {
    nameSettings(this, options);
    return computeSize.apply(this, arguments);
  };
  const onConfigure = nodeType.prototype.onConfigure;
  nodeType.prototype.onConfigure = function () {
    onConfigure?.apply(this, arguments);
    nameSettings(this, options);
  };
  const onWidgetChanged = nodeType.prototype.onWidgetChanged;
  nodeType.prototype.onWidgetChanged = function (name) {
    onWidgetChanged?.apply(this, arguments);
    if (name === "target") this.setSize([this.size[0], this.computeSize()[1]]);
  };
}

app.registerExtension({
  name: "Stillbytes",
  nodeCreated(node) {
    if (node.comfyClass === LOADER) addUploader(node);
  },
  beforeRegisterNodeDef(nodeType, nodeData) {
    if (!nodeData.name.startsWith(PACK)) return;
    if (nodeData.name === STEP) followStep(nodeType, nodeData);
    const onExecuted = nodeType.prototype.onExecuted;
    nodeType.prototype.onExecuted = function (message) {
      onExecuted?.apply(this, arguments);
      if (message?.text) showText(this, message.text);
    };
  },
});
