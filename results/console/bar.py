"""The bar on top: what this is, files in and out, the report, the language."""

from typing import TYPE_CHECKING

from nicegui import ui

from xiancheng.calibration.i18n import Words, _
from xiancheng.results.console import dialogs
from xiancheng.results.console.documents import file_name
from xiancheng.results.console.native import button, element, text
from xiancheng.results.store.parquet import yaml

if TYPE_CHECKING:
    from xiancheng.results.console.page import Page

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
                _(
                    "{title_en}: urbanization scenarios",
                    title_en=Words(region.title_zh, region.title_en),
                )
            )
            text(title, name="h1")
            button(say(_("Copy address")), lambda __: self._copy())
            button(say(_("Download YAML")), lambda __: self._download())
            button(
                say(_("Upload YAML")),
                lambda __: ui.run_javascript("document.getElementById('upload').click()"),
            )
            self._upload = element(
                "input", id="upload", type="file", accept=".yaml,.yml", hidden=True,
                aria_label=say(_("Upload a scenario file")), tabindex="-1",
            )  # fmt: skip
            self._upload.on("change", self._uploaded, js_handler=READ)
            button(say(_("Report")), lambda __: dialogs.report(page))
            button(say(Words("English", "中文")), lambda __: self._other_language(),
                   lang=say(Words("en", "zh-CN")))  # fmt: skip

    def _uploaded(self, event: object) -> None:
        answer = getattr(event, "args", None) or {}
        if "address" in answer:
            self.page.open_address(str(answer["address"]))
        else:
            self.page.status.alert(str(answer.get("message", "")))

    def _download(self) -> None:
        name = file_name(self.page.title("a"), "yaml")
        ui.download.content(yaml(self.page.session.a.file()).encode(), name, "text/yaml")

    def _copy(self) -> None:
        ui.run_javascript("navigator.clipboard && navigator.clipboard.writeText(location.href)")
        self.page.note(self.page.session.say(_("Copied: it holds the whole scenario")))

    def _other_language(self) -> None:
        path = self.page.address()
        other = "/en" + path[1:] if self.page.session.lang == "zh" else "/" + path[3:]
        ui.navigate.to(other)
