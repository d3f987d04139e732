"""The verdicts: four headline figures, and each target with its chance and its causes."""

from results import caveats, judgement, verdict
from results.console.markup import Markup, joined, table, tag
from results.console.shown import Shown
from results.console.views import places
from results.contents.words import QUALIFIERS, likely
from scenarios.paired import judged_on

PARTS = ("trend", "recoding", "conditions", "plan")


def figures(shown: Shown) -> Markup:
    """The headline figures: four, or three where there is no target."""
    answer, say = shown.answer, shown.say
    table_, g = answer.subject.verdicts, len(answer.groups) - 1
    if table_.empty:
        g = next((i for i, group in enumerate(answer.groups) if len(group.counties) > 1), 0)
    else:
        g = [group.code for group in answer.groups].index(int(table_.iloc[0]["unit_code"]))
    group, day = answer.groups[g], judged_on(answer.outcome.scenario, answer.outcome.region)
    both, place = answer.both, shown.place(group)
    without, having = (rates[g] for rates in judgement.expected(both, day, answer.subject.verdicts))
    added = places.effect(answer, day)[g]
    urban = (both.plan.at("urban_residents", day) - both.baseline.at("urban_residents", day))[g]
    own = table_[table_["unit_code"] == group.code] if len(table_) else table_
    band = f"{own['low'].iloc[0]:.1f}–{own['high'].iloc[0]:.1f}%" if answer.subject.known else ""
    cards = [
        (
            say(f"{place}常住人口城镇化率，预期", f"Expected rate, {place}"),
            f"{having:.1f}%",
            say(f"90% 区间 {band}，{day}", f"90% {band}, {day}") if band else str(day),
        ),
        *([_together(shown)] if answer.outcome.region.targets else []),
        (
            say("方案的作用（与基准相比）", "Effect of the plan against the baseline"),
            say(f"{added:+.2f} 点", f"{added:+.2f} pp"),
            say(f"无方案 {without:.1f}%", f"without the plan {without:.1f}%"),
        ),
        (
            say("方案带来的城镇常住人口", "Urban residents that the plan adds"),
            say(f"{urban / 1e4:+.2f} 万人", f"{urban / 1e3:+,.1f} thousand"),
            say(f"{place}，{day}", f"{place}, {day}"),
        ),
    ]  # fmt: skip
    return joined(
        tag("div", tag("p", title, cls="title"), tag("p", number, cls="big"),
            tag("p", note, cls="note"), cls="card figure")
        for title, number, note in cards
    )  # fmt: skip


def _together(shown: Shown) -> tuple[str, str, str]:
    say, told = shown.say, shown.answer.subject
    title = say(f"{len(told.verdicts)} 个目标同时达到的概率", "P(all targets met at once)")
    if told.together is None:
        return title, "–", say("没有可用的统计记录或到期的目标", "no record, or no target due")
    without, having = (verdict.percent(chance) for chance in told.together)
    return title, having, say(f"无方案 {without}", f"without the plan {without}")


def targets(shown: Shown) -> Markup:
    """The six targets, a row each."""
    say, found = shown.say, shown.answer.subject.verdicts
    if found.empty:
        ends = say("期末早于各目标的期限，没有判定。", "The run ends before any deadline.")
        none = say("区域没有目标，没有判定。", "The region has no target.")
        return tag("p", ends if shown.answer.outcome.region.targets else none, cls="card")
    years = sorted({str(day)[:4] for day in found["deadline"]})
    headers = [
        say(f"目标（{'、'.join(years)} 年末）", f"Target (end of {', '.join(years)})"),
        say("判断", "In words"),
        say("达标概率", "P(met)"),
        say("无方案时", "Without"),
        say("预期（%）", "Expected"),
        say("90% 区间", "90%"),
        say("差距（点）", "Margin"),
        say("趋势", "Trend"),
        say("划转", "Recoding"),
        say("外部条件", "Conditions"),
        say("方案（点）", "Plan"),
    ]
    rows = []
    names = {t.id: t.name for t in shown.answer.outcome.region.targets}
    for row in found.to_dict("records"):
        where = row["county"] if shown.lang == "zh" else row["county_en"]
        wanted = QUALIFIERS[row["operator"]].said(shown.lang)
        title = tag("span", f"{where} {wanted} {row['target_rate']:g}%",
                    title=names[row["target"]].said(shown.lang))  # fmt: skip
        known = row["probability"] == row["probability"]
        rows.append([
            title, _badge(shown, row["probability"]), _chance(row["probability"]),
            verdict.percent(row["probability_without"]) if known else "–",
            f"{row['expected']:.1f}", f"{row['low']:.1f}–{row['high']:.1f}" if known else "–",
            f"{row['margin_pp']:+.1f}",
            *(f"{row[f'from_{part}_pp']:+.2f}" for part in PARTS),
        ])  # fmt: skip
    caption = say(
        "各目标：公布的城镇化率达到目标的概率，及预期变化由什么构成",
        "Chance to meet each target; what is expected (%), and what makes up the change (pp)",
    )
    note = caveats.basis(found, caveats.belief(shown.answer.outcome.region)).said(shown.lang)
    return tag(
        "section", table(headers, rows, caption=caption, numbers_from=3),
        tag("p", note, cls="note"), cls="card",
    )  # fmt: skip


def _badge(shown: Shown, chance: float) -> Markup:
    if chance != chance:  # not known
        return tag("span", "–")
    style = "met" if chance >= 0.9 else "missed" if chance < 0.1 else "open"
    return tag("span", likely(chance).said(shown.lang), cls=f"verdict {style}")


def _chance(chance: float) -> Markup:
    if chance != chance:
        return tag("span", "–")
    bar = tag("i", tag("b", style=f"width:{100 * chance:.0f}%"), cls="bar", aria_hidden="true")
    return tag("span", bar, tag("span", verdict.percent(chance), cls="percent"), cls="chance")
