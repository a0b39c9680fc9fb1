"""Small ONNX files, written by hand (onnx.proto of the ONNX project, IR version 8): a YOLO whose answers are known."""

import struct

import numpy as np


def _varint(number):
    out = bytearray()
    while True:
        number, low = number >> 7, number & 127
        out.append(low | (128 if number else 0))
        if not number:
            return bytes(out)


def _field(number, value):
    """Return one field of a message: whole numbers as varints, text and bytes with their length, floats as 4 bytes."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    if isinstance(value, float):
        return _varint(number << 3 | 5) + struct.pack("<f", value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _message(*fields):
    return b"".join(_field(number, value) for number, value in fields)


def _value(name, shape, element=1):
    dims = [_message((1, dim) if isinstance(dim, int) else (2, dim)) for dim in shape]
    tensor = _message((1, element), (2, _message(*((1, dim) for dim in dims))))
    return _message((1, name), (2, _message((1, tensor))))


def _tensor(name, array):
    array = np.ascontiguousarray(array)
    element = {np.dtype(np.float32): 1, np.dtype(np.float16): 10}[array.dtype]
    return _message(*((1, size) for size in array.shape), (2, element), (8, name), (9, array.tobytes()))


def _node(kind, inputs, outputs, **attributes):
    said = [
        _message((1, name), (20, 7), *((8, v) for v in value))  # a list of whole numbers
        for name, value in attributes.items()
    ]
    return _message(*((1, i) for i in inputs), *((2, o) for o in outputs), (4, kind), *((5, s) for s in said))


def write_yolo(path, rows, *, planes=32, side=(160, 160), shape=None, metadata=None, half=False):
    """Write a YOLO whose table of boxes is `rows` (1, a, b) and whose prototype 0 is positive where it is bright.

    Prototype 0 is 40 times the mean brightness of 4 x 4 px less 0.5; the others are 0. planes=0: boxes only.
    """
    dtype = np.float16 if half else np.float32
    element = 10 if half else 1
    weight = np.zeros((max(planes, 1), 3, 4, 4), dtype)
    weight[0] = 40 / 48
    bias = np.zeros(max(planes, 1), dtype)
    bias[0] = -20
    height, width = side
    shape = shape or (1, 3, height, width)
    nodes = [_node("Identity", ["rows"], ["output0"])]
    outputs = [_value("output0", rows.shape, element)]
    if planes:
        nodes.append(_node("Conv", ["images", "w", "b"], ["output1"], strides=[4, 4], kernel_shape=[4, 4]))
        outputs.append(_value("output1", (1, planes, "h", "w"), element))
    graph = _message(
        *((1, node) for node in nodes),
        (2, "yolo"),
        *((5, t) for t in (_tensor("rows", rows.astype(dtype)), _tensor("w", weight), _tensor("b", bias))),
        (11, _value("images", shape, element)),
        *((12, output) for output in outputs),
    )
    opset = _message((1, ""), (2, 13))
    said = [(14, _message((1, key), (2, value))) for key, value in (metadata or {}).items()]
    path.write_bytes(_message((1, 8), (8, opset), (7, graph), *said))
    return path
