import { app } from "../../scripts/app.js";
import { api } from "../../scripts/api.js";

const LOADER = "StillbytesLoadRaw";
const REPORT = "report";
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
      getMinHeight: () => 60,
    });
    widget.serialize = false;
  }
  widget.value = lines.join("\n");
}

app.registerExtension({
  name: "Stillbytes",
  nodeCreated(node) {
    if (node.comfyClass === LOADER) addUploader(node);
  },
  beforeRegisterNodeDef(nodeType, nodeData) {
    if (!nodeData.name.startsWith(PACK)) return;
    const onExecuted = nodeType.prototype.onExecuted;
    nodeType.prototype.onExecuted = function (message) {
      onExecuted?.apply(this, arguments);
      if (message?.text) showText(this, message.text);
    };
  },
});
