"""XMP packets: what they say as plain dictionaries, read without trust, and written again.

The RDF that Adobe's products write (XMP Specification Part 1, ISO 16684-1:2019, chapter 7): simple values as
attributes or elements, structures, and arrays of either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from ...errors import PlanInvalidError

MAX_BYTES = 8 << 20
_MAX_DEPTH = 40
_MAX_ELEMENTS = 200_000
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_PREFIXES = {
    "http://ns.adobe.com/camera-raw-settings/1.0/": "crs",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    _RDF: "rdf",
}
_SPACES = {prefix: uri for uri, prefix in _PREFIXES.items()}
_ARRAYS = ("rdf:Seq", "rdf:Bag", "rdf:Alt")

Value: TypeAlias = "str | list[Value] | dict[str, Value]"
Struct: TypeAlias = "dict[str, Value]"


@dataclass
class _Element:
    """An XML element; names have the prefixes of _PREFIXES, "" before the colon where the space is another."""

    name: str
    attributes: dict[str, str]
    children: list[_Element] = field(default_factory=list["_Element"])
    text: str = ""


def read_rdf(data: bytes) -> Struct:
    """Return the properties of an XMP packet by name, such as "crs:Exposure2012"; structures and arrays are nested.

    The packet is untrusted: size, depth and number of elements are bounded, and a document type, which entities need,
    is refused. Raises PlanInvalidError.
    """
    if len(data) > MAX_BYTES:
        raise PlanInvalidError(f"The XMP file is larger than {MAX_BYTES >> 20} MB.")
    found = _find(_Reader().read(data), "rdf:RDF")
    if found is None:
        raise PlanInvalidError("The file is not XMP: it has no rdf:RDF element.")
    properties: Struct = {}
    for description in found.children:
        if description.name == "rdf:Description":
            properties |= _struct(description)
    return properties


def write_rdf(properties: Mapping[str, Value]) -> str:
    """Return an XMP packet that says `properties`, as an .xmp file holds it; equal properties give equal text."""
    simple = {name: value for name, value in properties.items() if isinstance(value, str)}
    nested = [_element(name, value, 3) for name, value in properties.items() if not isinstance(value, str)]
    spaces = sorted({name.partition(":")[0] for name in properties})
    lines = [
        '<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Stillbytes">',
        f' <rdf:RDF xmlns:rdf="{_RDF}">',
        '  <rdf:Description rdf:about=""',
        *(f'    xmlns:{prefix}="{_SPACES[prefix]}"' for prefix in spaces),
        *(f"    {name}={quoteattr(value)}" for name, value in simple.items()),
    ]
    return "\n".join([*lines, "  >", *nested, "  </rdf:Description>", " </rdf:RDF>", "</x:xmpmeta>", ""])


class _Reader:
    """A tree of elements from XML that nobody vouches for."""

    def __init__(self) -> None:
        self._root = _Element("", {})
        self._open = [self._root]
        self._count = 0

    def read(self, data: bytes) -> _Element:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        try:
            parser.Parse(data, True)
        except expat.ExpatError as error:
            message = f"The XMP file is not well-formed XML: {expat.ErrorString(error.code)}, line {error.lineno}."
            raise PlanInvalidError(message) from error
        except (LookupError, ValueError) as error:  # an encoding that Python does not know, or that has wide characters
            raise PlanInvalidError("The XMP file is in an encoding that XMP does not have.") from error
        return self._root

    def _refuse(self, *_: object) -> None:
        raise PlanInvalidError("The XMP file declares a document type, which XMP does not have.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) > _MAX_DEPTH or self._count > _MAX_ELEMENTS:
            raise PlanInvalidError("The XMP file is nested too deeply or has too many elements.")
        element = _Element(_short(name), {_short(key): value for key, value in attributes.items()})
        self._open[-1].children.append(element)
        self._open.append(element)

    def _end(self, name: str) -> None:
        self._open.pop()

    def _characters(self, text: str) -> None:
        self._open[-1].text += text


def _short(name: str) -> str:
    space, _, local = name.rpartition(" ")
    return f"{_PREFIXES.get(space, '')}:{local}"


def _find(element: _Element, name: str) -> _Element | None:
    if element.name == name:
        return element
    return next((found for child in element.children if (found := _find(child, name)) is not None), None)


def _struct(element: _Element) -> Struct:
    said: Struct = {k: v for k, v in element.attributes.items() if not k.startswith(("rdf:", ":"))}
    return said | {child.name: _value(child) for child in element.children if not child.name.startswith(("rdf:", ":"))}


def _value(element: _Element) -> Value:
    for child in element.children:
        if child.name in _ARRAYS:
            return [_value(item) for item in child.children if item.name == "rdf:li"]
        if child.name == "rdf:Description":
            return _struct(child)
    if element.children or any(name.startswith("crs:") for name in element.attributes):
        return _struct(element)
    return element.text.strip()


def _element(name: str, value: Value, depth: int) -> str:
    pad = " " * depth
    if isinstance(value, str):
        return f"{pad}<{name}>{escape(value)}</{name}>"
    if isinstance(value, list):
        items = "\n".join(_element("rdf:li", item, depth + 2) for item in value)
        return f"{pad}<{name}>\n{pad} <rdf:Seq>\n{items}\n{pad} </rdf:Seq>\n{pad}</{name}>"
    simple = "".join(f"\n{pad}  {key}={quoteattr(part)}" for key, part in value.items() if isinstance(part, str))
    nested = [_element(key, part, depth + 2) for key, part in value.items() if not isinstance(part, str)]
    inside = "\n".join(nested)
    description = f"{pad} <rdf:Description{simple}>\n{inside}\n{pad} </rdf:Description>"
    return f"{pad}<{name}>\n{description if nested else f'{pad} <rdf:Description{simple}/>'}\n{pad}</{name}>"
