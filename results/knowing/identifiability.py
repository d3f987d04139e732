"""What the data can tell and what not, as people read it: tables, and a page."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from xiancheng.calibration.estimation.identify import IDENTIFIED, WEAKLY, WORDS
from xiancheng.calibration.i18n import _
from xiancheng.results.tables.render import Lines, bilingual, markdown_lines

Told = Mapping[str, Any]  # the account of an estimate

MOVED = 0.3  # of the way from a prior's median to its 5 or 95 %; half a standard deviation

HEADS = {
    "parameters": (
        ["参数", "先验 5% · 中位 · 95%", "后验 5% · 中位 · 95%", "收缩", "判断"],
        ["parameter", "prior 5 % · median · 95 %", "posterior 5 % · median · 95 %",
         "contraction", "verdict"],
    ),
    "errors": (
        ["汇总量", "先验中位", "后验 5% · 中位 · 95%"],
        ["summary", "prior median", "posterior 5 % · median · 95 %"],
    ),
}  # fmt: skip


def _pick(lang: str, pair: Sequence[Any]) -> Any:
    return pair[1 if lang == "en" else 0]


def _word(row: Told) -> Sequence[str]:
    """What the data say of a parameter: one may move without being known better."""
    (low, middle, high), after = row["prior"], row["posterior"][1]
    way = high - middle if after > middle else middle - low
    if row["word"] == "not" and abs(after - middle) >= MOVED * way:
        return _("moved, no narrower")
    return WORDS[row["word"]]


def _range(values: Iterable[float]) -> str:
    return " · ".join(f"{value:.3g}" for value in values)


def parameters(told: Told, lang: str) -> Lines:
    """Before and after the data, a row for each estimated parameter."""
    rows = [
        [
            f"{row['name']} {row[lang]}", _range(row["prior"]), _range(row["posterior"]),
            f"{row['contraction']:.2f}", _pick(lang, _word(row)),
        ]
        for row in told["parameters"]
    ]  # fmt: skip
    return _pick(lang, HEADS["parameters"]), rows


def errors(told: Told, lang: str) -> Lines:
    """The size of what the model leaves out, a row for each summary."""
    rows = [
        [row["name"], f"{row['prior'][1]:.3g}", _range(row["posterior"])] for row in told["errors"]
    ]
    return _pick(lang, HEADS["errors"]), rows


def _code(told: Told) -> str:
    """The digest of the simulation code that an estimate was made with."""
    software = told["software"]  # `code` in those of programs before 2026-11-29
    return str(software["code"] if "code" in software else software["simulation_code"])


def page(told: Told) -> str:
    """The page docs/identifiability.md, Chinese with English beside it."""
    settings, second = told["settings"], told["second_opinion"]
    out = [
        "# 数据能说明什么 · What the data can tell",
        "",
        "本页由 `xiancheng calibrate --report` 根据随包后验样本的说明文件写成，不经手工修改。",
        "Written by `xiancheng calibrate --report` from the account kept beside the posterior "
        "sample; not edited by hand.",
        "",
        f"{told['made']} · code {_code(told)[:16]} · region {told['region']['name']} "
        f"{told['region']['sha256'][:16]} · {settings['runs']} runs at scale {settings['scale']:g}"
        + (
            f" · pool {told['pool']['name']} {told['pool']['sha256'][:16]}, "
            f"{settings['pool_runs']} runs at scale {settings['pool_scale']:g}"
            if told["pool"]
            else ""
        ),
        *(line for words in told.get("digests", {}).values() for line in ("", words)),
        "",
        "## 检验 · Tests",
        "",
    ]
    for stage in told["stages"]:
        name, units, runs = stage["region"], stage["units"], stage["runs"]
        out.append(f"**{name}** ({units} 个县 counties, {runs} 次运行 runs, "
                   f"有效 effective {stage['effective']:.0f})")  # fmt: skip
        out.append("")
        for part in ("check", "gate"):
            out.append(f"- {stage[part]['zh']}")
            out.append(f"- {stage[part]['en']}")
        if stage["widened"]:
            listed = ", ".join(f"{n} ×{f:.2f}" for n, f in stage["widened"].items())
            out.append(f"- 区间放宽 intervals widened: {listed}")
        out.append("")
    out += ["## 参数 · Parameters", ""]
    out += markdown_lines(*bilingual(parameters, told))
    out += [
        "",
        "收缩 = 1 − 后验方差／先验方差（在先验的正态分数上）；"
        f"≥ {IDENTIFIED:g} 可识别，≥ {WEAKLY:g} 弱识别；中位数移动半个标准差以上而未收窄的另注。",
        "Contraction is 1 − posterior variance / prior variance on normal scores of the prior; "
        f"from {IDENTIFIED:g} on identified, from {WEAKLY:g} on weakly; a median that moved by "
        "half a standard deviation or more without getting narrower is said to have moved.",
        "",
        "## 只能合并识别 · Only jointly",
        "",
    ]
    joint = told["joint"]["pairs"]
    out += [f"- {row['zh']} · {row['en']} (r = {row['correlation']:+.2f})" for row in joint]
    out += [] if joint else ["没有只能成对识别的参数。No pair is known only jointly."]
    out += ["", "最确定的方向 · directions known best:", ""]
    out += markdown_lines(
        ["收缩 contraction", "组合 combination", "偶然 by chance"],
        [[f"{d['contraction']:.2f}", d["weights"], "是 yes" if d["chance"] else "否 no"]
         for d in told["joint"]["directions"]],
    )  # fmt: skip
    out += ["", "## 模型遗漏的大小 · What the model leaves out", ""]
    out += markdown_lines(*bilingual(errors, told))
    out += ["", "## 人造数据能否还原 · Is synthetic truth found", ""]
    out += markdown_lines(
        ["参数 parameter", "95% 区间含真值 contains the truth", "相关 correlation", "数据集 sets"],
        [[r["name"], f"{r['inside']:.2f}", f"{r['correlation']:.2f}", f"{r['of']}"]
         for r in told["recovery"]],
    )  # fmt: skip
    out += ["", "## 另一方法 · By another road", ""]
    out += [f"- {second['history']['zh']}", f"- {second['history']['en']}", ""]
    out += markdown_lines(
        ["参数 parameter", "中位数之差（标准差）difference", "宽度之比 ratio", "一致 agrees"],
        [[r["name"], f"{r['difference']:+.2f}", f"{r['ratio']:.2f}",
          "是 yes" if r["agrees"] else "**否 no**"] for r in second["agreement"]],
    )  # fmt: skip
    out += ["", "## 各参数解释的方差 · Sobol indices", ""]
    out += markdown_lines(
        ["结果 outcome", "参数 parameter", "S1", "ST"],
        [[r["output"], r["input"], f"{r['S1']:.2f}", f"{r['ST']:.2f}"]
         for r in second["sobol"] if r["ST"] >= 0.02],
    )  # fmt: skip
    out += [
        "",
        "## 各抓手 · Levers",
        "",
        "两次普查之间方案没有实施，因此数据只能通过抓手与日常行为共有的参数说明其大小。",
        "No lever acted between the censuses: data tell of a lever only what it shares with "
        "ordinary behaviour.",
        "",
    ]
    out += markdown_lines(
        ["抓手 lever", "条款 clauses", "取决于 hangs on", "数据 data"],
        [[f"{r['zh']} {r['lever']}", ", ".join(r["clauses"]), r["parameter"] or "–",
          " ".join(WORDS[r["word"]])] for r in told["levers"]],
    )  # fmt: skip
    return "\n".join(out) + "\n"
