"""Plain HTML controls on a NiceGUI page: they bring their own keyboard, focus and roles."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui
from nicegui.element import Element

from xiancheng.results.console.markup import Markup, joined

Handler = Callable[[Any], Any]

VALUE = "(e) => emit(e.target.value)"
FOLLOWED = "(e) => { e.target.nextElementSibling.textContent = Number(e.target.value).toFixed(1) }"
PUT = """(values) => {
  for (const [id, value] of Object.entries(values)) {
    const e = document.getElementById(id);
    if (!e) continue;
    if (typeof value === 'boolean') e.checked = value; else e.value = value;
    if (e.type === 'range') e.nextElementSibling.textContent = Number(value).toFixed(1);
    if (e.type === 'number') e.nextElementSibling.textContent = '';
  }
}"""
TOLD = """(e) => {
  const v = e.target.validity, bad = v.badInput || v.rangeUnderflow || v.rangeOverflow;
  e.target.setAttribute('aria-invalid', bad);
  e.target.nextElementSibling.textContent = bad ? WRONG : '';
  if (!bad && e.type === 'change') emit(e.target.value);
}"""
CHECKED = "(e) => emit(e.target.checked)"


def element(name: str, cls: str = "", **props: object) -> Element:
    """An element of HTML; `aria_label` is written aria-label."""
    made = ui.element(name)
    if cls:
        made.classes(cls)
    for key, value in props.items():
        made.props[key.removesuffix("_").replace("_", "-")] = value
    return made


def set_prop(made: Element, name: str, value: object) -> None:
    """Change a property and tell the browser."""
    if made.props.get(name) != value:
        made.props[name] = value
        made.update()


def text(*content: object, name: str = "span", cls: str = "") -> ui.html:
    """Text, or markup of ours; anything else is escaped."""
    made = ui.html(joined(content), sanitize=False, tag=name)
    if cls:
        made.classes(cls)
    return made


def write(made: ui.html, *content: object) -> None:
    """Put other content into what `text` made."""
    new = joined(content)
    if made.content != new:
        made.content = new


def draw(chart: ui.echart, options: Mapping[str, Any], title: str) -> None:
    """Draw a chart anew, under a title for those who cannot see it."""
    chart.options.clear()
    chart.options.update(options)
    set_prop(chart, "role", "img")
    set_prop(chart, "aria-label", title)
    chart.update()


def button(label: object, handler: Handler, cls: str = "", **props: object) -> Element:
    """A button; the handler is called without its event."""
    made = element("button", f"button {cls}".strip(), type="button", **props)
    with made:
        text(label)
    made.on("click", lambda _: handler(None), args=[])
    return made


def put(values: Mapping[Element, object]) -> None:
    """Set what controls show. It is the browser's alone: no other update undoes what is typed."""
    if values:
        told = json.dumps({made.html_id: value for made, value in values.items()})
        next(iter(values)).client.run_javascript(f"({PUT})({told})")


def slider(label: str, value: float, handler: Handler, *, most: float) -> Element:
    """A slider from 0 to `most` with its value beside it; the handler is called on release."""
    with element("span", "slider"):
        made = element("input", "range", type="range", min=0, max=most, step=0.1, aria_label=label)
        made.props["^value"] = value
        text(f"{value:.1f}", name="output", cls="shown")
    made.on("input", js_handler=FOLLOWED)
    made.on("change", lambda e: handler(float(e.args)), js_handler=VALUE)
    return made


def select(
    label: str, groups: Mapping[str, Mapping[str, str]], value: str, handler: Handler
) -> Element:
    """A list to choose from, by group; a group without a name stands by itself."""
    made = element("select", "select", aria_label=label)
    fill(made, groups, value)
    made.on("change", lambda e: handler(str(e.args)), js_handler=VALUE)
    return made


def fill(made: Element, groups: Mapping[str, Mapping[str, str]], value: str) -> None:
    """Give a list its choices."""
    made.clear()
    with made:
        for title, choices in groups.items():
            holder = element("optgroup", label=title) if title else None
            if holder is None:
                _options(choices, value)
            else:
                with holder:
                    _options(choices, value)
    made.update()


def _options(choices: Mapping[str, str], value: str) -> None:
    for key, title in choices.items():
        with element("option", value=key, selected=key == value):
            text(title)


def checkbox(label: str, value: bool, handler: Handler) -> Element:
    """A box to tick, with its label."""
    with element("label", "check"):
        made = element("input", type="checkbox", checked=value)
        text(label)
    made.on("change", lambda e: handler(bool(e.args)), js_handler=CHECKED)
    return made


def number(label: str, value: float | None, handler: Handler, *, low: float, high: float,
           step: float, wrong: str) -> Element:  # fmt: skip
    """A box for a number; the handler gets None when it is emptied.

    What is no number within the bounds is told beside the box, and changes nothing.
    """

    def given(event: Any) -> None:
        handler(float(event.args) if event.args != "" else None)

    made = element("input", "figure-box", type="number", min=low, max=high, step=step,
                   aria_label=label)  # fmt: skip
    made.props["^value"] = "" if value is None else value
    text("", name="small", cls="wrong").props("aria-live=polite")
    judged = TOLD.replace("WRONG", json.dumps(wrong))
    made.on("change", given, js_handler=judged)
    made.on("blur", js_handler=judged)  # half a number typed into an empty box is no change
    return made


def opening(title: object, fill_in: Callable[[], None], cls: str = "") -> Element:
    """A part that opens; its content is made when it is first opened."""
    made = element("details", cls)
    with made:
        with element("summary"):
            text(title)
        inside = element("div", "inside")
    done = False

    def opened(_: object) -> None:
        nonlocal done
        if not done:
            done = True
            with inside:
                fill_in()

    made.on("toggle", opened, args=[])
    return made


def area(content: Markup | str = "", cls: str = "") -> ui.html:
    """A part of the page that is written anew as a whole."""
    return text(content, name="div", cls=cls)
