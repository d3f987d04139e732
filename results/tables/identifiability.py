"""Tables of an estimate, and the page on identifiability, from the account of an estimate."""

from collections.abc import Iterable, Mapping
from typing import Any

from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.inference.identifiability import IDENTIFIED, WEAKLY, WORDS
from xiancheng.results.tables.render import Lines, bilingual, markdown_text, template

Account = Mapping[str, Any]

MOVED = 0.3  # of the way from a prior's median to its 5 or 95 %; half a standard deviation


def _word(row: Account) -> Words:
    """The verdict on a parameter; a median may move without the interval getting narrower."""
    (low, middle, high), after = row["prior"], row["posterior"][1]
    way = high - middle if after > middle else middle - low
    if row["word"] == "not" and abs(after - middle) >= MOVED * way:
        return _("moved, no narrower")
    return WORDS[row["word"]]


def _range(values: Iterable[float]) -> str:
    return " · ".join(f"{value:.3g}" for value in values)


def parameters(account: Account, lang: str) -> Lines:
    """Before and after the data, a row for each estimated parameter."""
    rows = [
        [
            f"{row['name']} {row[lang]}", _range(row["prior"]), _range(row["posterior"]),
            f"{row['contraction']:.2f}", _word(row).text(lang),
        ]
        for row in account["parameters"]
    ]  # fmt: skip
    heads = (
        _("parameter"),
        _("prior 5 % · median · 95 %"),
        _("posterior 5 % · median · 95 %"),
        _("contraction"),
        _("verdict"),
    )
    return [head.text(lang) for head in heads], rows


def errors(account: Account, lang: str) -> Lines:
    """The size of what the model leaves out, a row for each summary."""
    rows = [
        [row["name"], f"{row['prior'][1]:.3g}", _range(row["posterior"])]
        for row in account["errors"]
    ]
    heads = (
        _("summary"),
        _("prior median"),
        _("posterior 5 % · median · 95 %"),
    )
    return [head.text(lang) for head in heads], rows


def _code(account: Account) -> str:
    """The digest of the simulation code that an estimate was made with."""
    software = account["software"]  # `code` in those of programs before 2026-11-29
    return str(software["code"] if "code" in software else software["simulation_code"])


def page(account: Account) -> str:
    """The page docs/identifiability.md, Chinese with English beside it."""
    settings, second, joint = account["settings"], account["second_opinion"], account["joint"]
    made = [
        f"{account['made']} · code {_code(account)[:16]} · region {account['region']['name']} "
        f"{account['region']['sha256'][:16]} · {settings['runs']} runs at scale "
        f"{settings['scale']:g}"
    ]
    if account["pool"]:
        made.append(
            f"pool {account['pool']['name']} {account['pool']['sha256'][:16]}, "
            f"{settings['pool_runs']} runs at scale {settings['pool_scale']:g}"
        )
    pairs = [f"- {p['zh']} · {p['en']} (r = {p['correlation']:+.2f})" for p in joint["pairs"]]
    return template("identifiability.md").format(
        made=" · ".join(made),
        digests="".join(f"\n\n{words}" for words in account.get("digests", {}).values()),
        stages="\n".join(map(_stage, account["stages"])),
        parameters=markdown_text(*bilingual(parameters, account)),
        identified=IDENTIFIED,
        weakly=WEAKLY,
        pairs="\n".join(pairs) or "没有只能成对识别的参数。No pair is known only jointly.",
        directions=markdown_text(
            ["收缩 contraction", "组合 combination", "偶然 by chance"],
            [[f"{d['contraction']:.2f}", d["weights"], "是 yes" if d["chance"] else "否 no"]
             for d in joint["directions"]],
        ),
        errors=markdown_text(*bilingual(errors, account)),
        recovery=markdown_text(
            ["参数 parameter", "95% 区间含真值 contains the truth", "相关 correlation",
             "数据集 sets"],
            [[r["name"], f"{r['inside']:.2f}", f"{r['correlation']:.2f}", f"{r['of']}"]
             for r in account["recovery"]],
        ),
        history=second["history"],
        agreement=markdown_text(
            ["参数 parameter", "中位数之差（标准差）difference", "宽度之比 ratio", "一致 agrees"],
            [[r["name"], f"{r['difference']:+.2f}", f"{r['ratio']:.2f}",
              "是 yes" if r["agrees"] else "**否 no**"] for r in second["agreement"]],
        ),
        sobol=markdown_text(
            ["结果 outcome", "参数 parameter", "S1", "ST"],
            [[r["output"], r["input"], f"{r['S1']:.2f}", f"{r['ST']:.2f}"]
             for r in second["sobol"] if r["ST"] >= 0.02],
        ),
        levers=markdown_text(
            ["抓手 lever", "条款 clauses", "取决于 hangs on", "数据 data"],
            [[f"{r['zh']} {r['lever']}", ", ".join(r["clauses"]), r["parameter"] or "–",
              " ".join(WORDS[r["word"]].text(lang) for lang in ("zh", "en"))]
             for r in account["levers"]],
        ),
    )  # fmt: skip


def _stage(stage: Account) -> str:
    """One table of runs: its size, the two checks, and the intervals that were inflated."""
    lines = [
        f"**{stage['region']}** ({stage['units']} 个县 counties, {stage['runs']} 次运行 runs, "
        f"有效 effective {stage['effective']:.0f})",
        "",
        *(f"- {stage[part][lang]}" for part in ("check", "gate") for lang in ("zh", "en")),
    ]
    if stage["widened"]:
        listed = ", ".join(f"{n} ×{f:.2f}" for n, f in stage["widened"].items())
        lines.append(f"- 区间放宽 intervals widened: {listed}")
    return "\n".join([*lines, ""])
