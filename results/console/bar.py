"""The bar on top: what this is, language, files in and out, the report, and its small dialogs."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nicegui import ui

from results.console.native import button, element, text
from results.tables import yaml

if TYPE_CHECKING:
    from results.console.page import Page

READ = """async (e) => {
  const file = e.target.files[0];
  e.target.value = '';
  if (!file) return;
  try {
    const answer = await fetch('/scenario?lang=' + document.documentElement.lang.slice(0, 2),
                               {method: 'POST', body: file});
    emit(await answer.json());
  } catch (problem) { emit({message: String(problem)}); }
}"""


class Bar:
    """The bar on top of a page."""

    def __init__(self, page: "Page") -> None:
        self.page = page
        say, region = page.session.say, page.server.region
        with element("header", "top"):
            title = say(
                f"{region.title_zh}县域城镇化情景台", f"{region.title_en}: urbanization scenarios"
            )
            text(title, name="h1")
            button(say("复制网址", "Copy address"), lambda _: self._copy())
            button(say("下载 YAML", "Download YAML"), lambda _: self._download())
            button(say("上传 YAML", "Upload YAML"),
                   lambda _: ui.run_javascript("document.getElementById('upload').click()"))
            self._upload = element(
                "input", id="upload", type="file", accept=".yaml,.yml", hidden=True,
                aria_label=say("上传情景文件", "Upload a scenario file"), tabindex="-1",
            )  # fmt: skip
            self._upload.on("change", self._uploaded, js_handler=READ)
            button(say("English", "中文"), lambda _: self._other_language(),
                   lang=say("en", "zh-CN"))  # fmt: skip
        self._dialogs = element("div")

    def note(self, message: str) -> None:
        """Say something in passing."""
        ui.notify(message, position="top-right", type=None)

    def rename(self) -> None:
        """Ask for another title of A."""
        say = self.page.session.say
        with self._dialogs, ui.dialog(value=True) as dialog:
            dialog.props["aria-label"] = say("改名", "Rename")
            with element("form", "dialog console") as form:
                with element("label"):
                    text(say("情景 A 的名称", "Title of scenario A"))
                    box = element("input", type="text", maxlength=200, required=True,
                                  value=self.page.session.a.title, autofocus=True)
                with element("div", "actions"):
                    element_ok = element("button", "button main-action", type="submit")
                    with element_ok:
                        text(say("确定", "OK"))
                    button(say("取消", "Cancel"), lambda _: dialog.close())
        form.on(
            "submit",
            lambda e: (dialog.close(), self.page.rename(str(e.args))),
            js_handler="(e) => { e.preventDefault(); emit(e.target.querySelector('input').value) }",
        )
        del box

    def _uploaded(self, event: object) -> None:
        answer = getattr(event, "args", None) or {}
        if "address" in answer:
            self.page.session.kept_as = None
            self.page.open_address(str(answer["address"]))
        else:
            self.page.write_alert(str(answer.get("message", "")))

    def _download(self) -> None:
        name = f"scenario-{datetime.now(UTC):%Y%m%d-%H%M%S}.yaml"
        ui.download.content(yaml(self.page.session.a.file()).encode(), name, "text/yaml")

    def _copy(self) -> None:
        ui.run_javascript("navigator.clipboard && navigator.clipboard.writeText(location.href)")
        self.note(self.page.session.say("网址已复制，含完整情景", "Copied: it holds the whole scenario"))

    def _other_language(self) -> None:
        path = self.page.address()
        other = "/en" + path[1:] if self.page.session.lang == "zh" else "/" + path[3:]
        ui.navigate.to(other)
