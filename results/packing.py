"""The command `region`: packs of other regions are built, scaffolded and checked."""

import argparse
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from xiancheng.results.cells import as_json
from xiancheng.results.stopping import DONE, REFUSED

if TYPE_CHECKING:
    from xiancheng.results.cli import Say

MODULE = "xiancheng.results.packing"


def add(command: argparse.ArgumentParser, say: "Say") -> None:
    """Add the words of `region` to the command line."""
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument(
        "--lang", choices=["zh", "en"], help=say("语言；缺省 zh", "language; zh by default")
    )
    common.add_argument(
        "--json", action="store_true", help=say("输出一个 JSON 对象", "print one JSON object")
    )
    command.set_defaults(module=MODULE)
    actions = command.add_subparsers(dest="action", metavar=say("动作", "action"), required=True)

    def action(name: str, zh: str, en: str) -> argparse.ArgumentParser:
        return actions.add_parser(name, parents=[common], help=say(zh, en), description=say(zh, en))

    check = action("check", "检查区域包：缺什么、假定了什么", "what a pack misses and assumes")
    check.add_argument("pack", help=say("名称或文件夹", "name or folder"))
    fits = say("合成人口与普查的吻合程度", "how close the synthetic population comes")
    check.add_argument("--fit", action="store_true", help=fits)

    census = action("from-census", "由普查分县表生成区域包", "a pack from a county census table")
    census.add_argument("table", type=Path, help=say("普查表（CSV）", "the census table (CSV)"))
    which = census.add_mutually_exclusive_group(required=True)
    codes = say(
        "地级市代码；缺省须用 --province", "codes of prefectures; by default give --province"
    )
    which.add_argument("--prefecture", nargs="+", metavar="CODE", default=[], help=codes)
    which.add_argument("--province", action="store_true", help=say("全省", "all of them"))
    out = say("新文件夹", "a new folder")
    census.add_argument("--out", type=Path, required=True, metavar="DIR", help=out)
    joins = say("区划对照表；缺省为自带的", "which units make one; by default the shipped table")
    census.add_argument("--concordance", type=Path, metavar="FILE", help=joins)
    via = say(
        "谁数字化、许可；缺省为空", "who digitised the table, and its licence; by default empty"
    )
    census.add_argument("--via", default="", metavar="TEXT", help=via)

    new = action("new", "新建空白区域包", "an empty pack to fill by hand")
    new.add_argument("name", help=say("名称", "its name"))
    where = say("新文件夹；缺省为以名称命名的", "a new folder; by default named as the pack")
    new.add_argument("--out", type=Path, metavar="DIR", help=where)


def region(asked: Namespace, say: "Say") -> int:
    """`xiancheng region`: from-census, new or check."""
    return {"check": check, "from-census": from_census, "new": new}[asked.action](asked, say)


def check(asked: Namespace, say: "Say") -> int:
    """`xiancheng region check`: what a pack assumes and what it misses."""
    from xiancheng.calibration.errors import PackError
    from xiancheng.calibration.region import load
    from xiancheng.results import packs
    from xiancheng.results.file_checks import problems
    from xiancheng.results.show import table

    try:
        pack = load(asked.pack, say.lang)
    except PackError as error:
        if not asked.json:
            raise
        wrong = [*problems(error, say.lang)]
        print(as_json({"region": error.pack, "ok": False, "problems": wrong}))
        return REFUSED
    if asked.json:
        listed = {
            "assumptions": [
                item._asdict() | {"date": str(item.date)} for item in pack.assumptions()
            ],
            "missing": [
                gap._asdict() | {"date": str(gap.date), "name": gap.name._asdict()}
                for gap in pack.missing()
            ],
        }
        about = {"region": pack.name, "ok": True, "problems": [], "sha256": pack.digest}
        fits = {"fit": packs.fits(pack)} if asked.fit else {}
        print(as_json({**about, **listed, **fits}))
        return DONE
    print(f"{pack.title_zh} {pack.title_en} · sha256 {pack.digest}")
    if asked.fit:
        table(say("合成人口与普查", "the population and the census"), *packs.fit(pack, say.lang))
        return DONE
    assumed, missing = packs.assumed(pack, say.lang), packs.missing(pack, say.lang)
    table(say("假定与推导的数值", "what is assumed"), *assumed, prose=True)
    table(say("缺失的数据", "what is missing"), *missing, prose=True)
    return DONE


def from_census(asked: Namespace, say: "Say") -> int:
    """`xiancheng region from-census`: the census figures of a table, as a pack."""
    from xiancheng.calibration.region import census_import, pack_writer

    pack_writer.check_vacant(asked.out)
    of = asked.concordance
    known = census_import.read_concordance(of) if of else census_import.shipped_concordance()
    plan = census_import.plan_pack(
        asked.table, asked.prefecture, known, via=asked.via, lang=say.lang
    )
    pack_writer.write(asked.out, pack_writer.pack_files(plan, asked.out.resolve().name))
    remarks = [say(*remark) for remark in plan.remarks]
    if asked.json:
        units = [unit.code for unit in plan.units]
        print(as_json({"out": str(asked.out), "units": units, "remarks": remarks}))
        return DONE
    for remark in remarks:
        print(f"· {remark}")
    print(say(
        f"{plan.title.zh}：{len(plan.units)} 个县级单位，两次普查，已写入 {asked.out}",
        f"{plan.title.en}: {len(plan.units)} county-level units at two censuses, in {asked.out}",
    ))  # fmt: skip
    print(say(
        f"· 表中没有的由默认规则补齐，见 xiancheng region check {asked.out}",
        f"· defaults stand in for what the table lacks: see xiancheng region check {asked.out}",
    ))  # fmt: skip
    return DONE


def new(asked: Namespace, say: "Say") -> int:
    """`xiancheng region new`: an empty pack."""
    from xiancheng.calibration.region import pack_writer

    folder = asked.out or Path(asked.name)
    files = pack_writer.blank_files(asked.name)
    pack_writer.write(folder, files)
    if asked.json:
        print(as_json({"out": str(folder), "files": sorted(files)}))
        return DONE
    print(say(
        f"已新建 {folder}；填写后运行 xiancheng region check {folder}",
        f"{folder} is made; fill it in, then run xiancheng region check {folder}",
    ))  # fmt: skip
    return DONE
