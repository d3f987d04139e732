"""Tables of an estimate, and the page on identifiability, from the account of an estimate."""

from collections.abc import Iterable, Mapping
from typing import Any

from xiancheng.calibration.i18n import Words
from xiancheng.calibration.inference.identifiability import IDENTIFIED, WEAKLY, WORDS
from xiancheng.results.markdown import Lines, both, table_of

Account = Mapping[str, Any]

MOVED = 0.3  # of the way from a prior's median to its 5 or 95 %; half a standard deviation


def _word(row: Account) -> Words:
    """The verdict on a parameter; a median may move without the interval getting narrower."""
    (low, middle, high), after = row["prior"], row["posterior"][1]
    way = high - middle if after > middle else middle - low
    if row["word"] == "not" and abs(after - middle) >= MOVED * way:
        return Words("移动而未收窄", "moved, no narrower")
    return WORDS[row["word"]]


def _range(values: Iterable[float]) -> str:
    return " · ".join(f"{value:.3g}" for value in values)


def parameters(account: Account, lang: str) -> Lines:
    """Before and after the data, a row for each estimated parameter."""
    rows = [
        [
            f"{row['name']} {row[lang]}", _range(row["prior"]), _range(row["posterior"]),
            f"{row['contraction']:.2f}", _word(row).said(lang),
        ]
        for row in account["parameters"]
    ]  # fmt: skip
    heads = (
        Words("参数", "parameter"),
        Words("先验 5% · 中位 · 95%", "prior 5 % · median · 95 %"),
        Words("后验 5% · 中位 · 95%", "posterior 5 % · median · 95 %"),
        Words("收缩", "contraction"),
        Words("判断", "verdict"),
    )
    return [head.said(lang) for head in heads], rows


def errors(account: Account, lang: str) -> Lines:
    """The size of what the model leaves out, a row for each summary."""
    rows = [
        [row["name"], f"{row['prior'][1]:.3g}", _range(row["posterior"])]
        for row in account["errors"]
    ]
    heads = (
        Words("汇总量", "summary"),
        Words("先验中位", "prior median"),
        Words("后验 5% · 中位 · 95%", "posterior 5 % · median · 95 %"),
    )
    return [head.said(lang) for head in heads], rows


def _code(account: Account) -> str:
    """The digest of the simulation code that an estimate was made with."""
    software = account["software"]  # `code` in those of programs before 2026-11-29
    return str(software["code"] if "code" in software else software["simulation_code"])


def page(account: Account) -> str:
    """The page docs/identifiability.md, Chinese with English beside it."""
    settings, second = account["settings"], account["second_opinion"]
    out = [
        "# 数据能说明什么 · What the data can tell",
        "",
        "本页由 `xiancheng calibrate --report` 根据随包后验样本的说明文件写成，不经手工修改。",
        "Written by `xiancheng calibrate --report` from the account kept beside the posterior "
        "sample; not edited by hand.",
        "",
        f"{account['made']} · code {_code(account)[:16]} · region {account['region']['name']} "
        f"{account['region']['sha256'][:16]} · {settings['runs']} runs at scale "
        f"{settings['scale']:g}"
        + (
            f" · pool {account['pool']['name']} {account['pool']['sha256'][:16]}, "
            f"{settings['pool_runs']} runs at scale {settings['pool_scale']:g}"
            if account["pool"]
            else ""
        ),
        *(line for words in account.get("digests", {}).values() for line in ("", words)),
        "",
        "## 检验 · Tests",
        "",
    ]
    for stage in account["stages"]:
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
    out += table_of(*both(parameters, account))
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
    joint = account["joint"]["pairs"]
    out += [f"- {row['zh']} · {row['en']} (r = {row['correlation']:+.2f})" for row in joint]
    out += [] if joint else ["没有只能成对识别的参数。No pair is known only jointly."]
    out += ["", "最确定的方向 · directions known best:", ""]
    out += table_of(
        ["收缩 contraction", "组合 combination", "偶然 by chance"],
        [[f"{d['contraction']:.2f}", d["weights"], "是 yes" if d["chance"] else "否 no"]
         for d in account["joint"]["directions"]],
    )  # fmt: skip
    out += ["", "## 模型遗漏的大小 · What the model leaves out", ""]
    out += table_of(*both(errors, account))
    out += ["", "## 人造数据能否还原 · Is synthetic truth found", ""]
    out += table_of(
        ["参数 parameter", "95% 区间含真值 contains the truth", "相关 correlation", "数据集 sets"],
        [[r["name"], f"{r['inside']:.2f}", f"{r['correlation']:.2f}", f"{r['of']}"]
         for r in account["recovery"]],
    )  # fmt: skip
    out += ["", "## 另一方法 · By another road", ""]
    out += [f"- {second['history']['zh']}", f"- {second['history']['en']}", ""]
    out += table_of(
        ["参数 parameter", "中位数之差（标准差）difference", "宽度之比 ratio", "一致 agrees"],
        [[r["name"], f"{r['difference']:+.2f}", f"{r['ratio']:.2f}",
          "是 yes" if r["agrees"] else "**否 no**"] for r in second["agreement"]],
    )  # fmt: skip
    out += ["", "## 各参数解释的方差 · Sobol indices", ""]
    out += table_of(
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
    out += table_of(
        ["抓手 lever", "条款 clauses", "取决于 hangs on", "数据 data"],
        [[f"{r['zh']} {r['lever']}", ", ".join(r["clauses"]), r["parameter"] or "–",
          " ".join(WORDS[r["word"]].said(lang) for lang in ("zh", "en"))]
         for r in account["levers"]],
    )  # fmt: skip
    return "\n".join(out) + "\n"
