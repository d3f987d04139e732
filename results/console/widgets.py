"""HTML on a NiceGUI page: text that is escaped, and the browser's own controls.

Children of an element that are not `Markup` are escaped, so no title becomes an element.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from markupsafe import Markup, escape
from nicegui import ui
from nicegui.element import Element

Handler = Callable[[Any], Any]

VALUE = "(e) => emit(e.target.value)"
CHECKED = "(e) => emit(e.target.checked)"
SUBMITTED = "(e) => { e.preventDefault(); emit(e.target.querySelector('input').value) }"
SHOW_VALUE = "(e) => { e.target.nextElementSibling.value = e.target.value }"
SET_VALUES = """(values) => {
  for (const [id, value] of Object.entries(values)) {
    const e = document.getElementById(id);
    if (!e) continue;
    if (typeof value === 'boolean') e.checked = value; else e.value = value;
    const box = e.type === 'range' ? e.nextElementSibling : e;
    if (box !== e) box.value = Math.round(value * 1000) / 1000;
    if (box.type !== 'number') continue;
    box.setAttribute('aria-invalid', false);
    box.nextElementSibling.textContent = '';
  }
}"""
VALIDATE = """(e) => {
  const v = e.target.validity;
  const bad = v.badInput || v.rangeUnderflow || v.rangeOverflow || v.valueMissing;
  e.target.setAttribute('aria-invalid', bad);
  e.target.nextElementSibling.textContent = bad ? MESSAGE : '';
  if (!bad && e.type === 'change') emit(e.target.value);
}"""


def tag(name: str, *children: object, **attributes: object) -> Markup:
    """An element: `tag("td", 3, cls="number")`; attributes that are None are left out."""
    written = "".join(
        f' {key.removesuffix("_").replace("cls", "class").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{written}>{joined(children)}</{name}>")


def joined(children: Iterable[object]) -> Markup:
    """Children one after another."""
    return Markup("").join(map(escape, children))


def bulleted(lines: Iterable[object]) -> Markup:
    """A list of notes."""
    return tag("ul", *(tag("li", line) for line in lines), cls="notes")


def element(name: str, /, cls: str = "", **props: object) -> Element:
    """An HTML element; `aria_label` is written aria-label."""
    html = ui.element(name).classes(cls)
    for key, value in props.items():
        html.props[key.removesuffix("_").replace("_", "-")] = value
    return html


def set_prop(target: Element, name: str, value: object) -> None:
    """Change a property and send it to the browser."""
    if target.props.get(name) != value:
        target.props[name] = value
        target.update()


def text(*content: object, name: str = "span", cls: str = "") -> ui.html:
    """An element of text or markup; what is not `Markup` is escaped."""
    html = ui.html(joined(content), sanitize=False, tag=name)
    return html.classes(cls)


def area(*content: object, cls: str = "") -> ui.html:
    """A part of the page whose content is replaced as a whole."""
    return text(*content, name="div", cls=cls)


def write(target: ui.html, *content: object) -> None:
    """Replace the content of a `text` or `area`."""
    new = joined(content)
    if target.content != new:
        target.content = new


def draw(chart: ui.echart, options: Mapping[str, Any], description: str) -> None:
    """Replace a chart; screen readers get the description."""
    chart.options.clear()
    chart.options.update(options)
    set_prop(chart, "role", "img")
    set_prop(chart, "aria-label", description)
    chart.update()


def button(label: object, handler: Callable[[], Any], cls: str = "", **props: object) -> Element:
    """A button."""
    control = element("button", f"button {cls}".strip(), type="button", **props)
    with control:
        text(label)
    control.on("click", lambda _: handler(), args=[])
    return control


def set_values(values: Mapping[Element, object]) -> None:
    """Set what controls show, in the browser only, so no other update undoes what is typed."""
    if values:
        by_id = json.dumps({target.html_id: value for target, value in values.items()})
        next(iter(values)).client.run_javascript(f"({SET_VALUES})({by_id})")


def slider(
    label: str, value: float, handler: Handler, *, high: float, exact: str, message: str
) -> Element:
    """A slider from 0 to `high`, and a box for any number between; called on release and entry.

    Parameters
    ----------
    exact : the name of the box
    message : shown where the box holds anything but a number within the bounds
    """
    with element("span", "slider"):
        control = element(
            "input", "range", type="range", min=0, max=high, step=0.1, aria_label=label
        )
        control.props["^value"] = value
        number(exact, round(value, 3), handler, low=0, high=high, step=0.01, message=message,
               required=True)  # fmt: skip
    control.on("input", js_handler=SHOW_VALUE)
    control.on("change", lambda e: handler(float(e.args)), js_handler=VALUE)
    return control


def select(
    label: str, groups: Mapping[str, Mapping[str, str]], value: str, handler: Handler
) -> Element:
    """A list to choose from, by group; the choices of group "" stand by themselves."""
    control = choose(label, groups, value)
    control.on("change", lambda e: handler(str(e.args)), js_handler=VALUE)
    return control


def choose(label: str, groups: Mapping[str, Mapping[str, str]], value: str) -> Element:
    """A list to choose from that a form sends."""
    control = element("select", "select", aria_label=label)
    set_choices(control, groups, value)
    return control


def set_choices(target: Element, groups: Mapping[str, Mapping[str, str]], value: str) -> None:
    """Replace the choices of a list."""
    target.clear()
    for title, choices in groups.items():
        with target, element("optgroup", label=title) if title else target:
            for key, choice in choices.items():
                with element("option", value=key, selected=key == value):
                    text(choice)
    target.update()


def checkbox(label: str, value: bool, handler: Handler) -> Element:
    """A check box with its label."""
    with element("label", "check"):
        control = element("input", type="checkbox", checked=value)
        text(label)
    control.on("change", lambda e: handler(bool(e.args)), js_handler=CHECKED)
    return control


def number(label: str, value: object, handler: Handler, *, low: float, high: float,
           step: float, message: str, required: bool = False) -> Element:  # fmt: skip
    """A box for a number; unless it is required, the handler gets None when it is emptied.

    Anything but a number within the bounds shows the message beside the box and changes nothing.
    """

    def changed(event: Any) -> None:
        handler(float(event.args) if event.args != "" else None)

    control = element("input", "figure-box", type="number", min=low, max=high, step=step,
                      required=required, aria_label=label)  # fmt: skip
    control.props["^value"] = value
    text("", name="small", cls="wrong").props("aria-live=polite")
    validate = VALIDATE.replace("MESSAGE", json.dumps(message))
    control.on("change", changed, js_handler=validate)
    control.on("blur", js_handler=validate)  # half a number typed into an empty box is no change
    return control


def disclosure(title: object, fill: Callable[[], None], cls: str = "") -> Element:
    """A part that unfolds; its content is made when it is first opened."""
    control = element("details", cls)
    with control:
        with element("summary"):
            text(title)
        inside = element("div", "inside")
    filled = False

    def opened(_: object) -> None:
        nonlocal filled
        if not filled:
            filled = True
            with inside:
                fill()

    control.on("toggle", opened, args=[])
    return control


def dialog(heading: str) -> ui.dialog:
    """An open dialog; what is made in it stands inside."""
    opened = ui.dialog(value=True)
    opened.props["aria-label"] = heading
    return opened


def title_dialog(
    heading: str, label: str, value: str, buttons: tuple[str, str], then: Callable[[str], object]
) -> None:
    """Ask for a title; `buttons` are to confirm and to cancel."""
    with dialog(heading) as opened, element("div", "dialog console"), element("form") as form:
        with element("label"):
            text(label)
            box = element("input", type="text", maxlength=200, required=True)
            box.props["^value"] = value
        with element("div", "actions"):
            with element("button", "button main-action", type="submit"):
                text(buttons[0])
            button(buttons[1], opened.close)

    def submitted(event: Any) -> None:
        opened.close()
        then(str(event.args))

    form.on("submit", submitted, js_handler=SUBMITTED)
