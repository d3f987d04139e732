"""The command `region`: packs of other regions are built, scaffolded and checked."""

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from xiancheng.calibration.refusal import RequestError
from xiancheng.results.cells import as_json
from xiancheng.results.stopping import DONE, REFUSED

if TYPE_CHECKING:
    from xiancheng.results.cli import Say


def check(asked: Namespace, say: "Say") -> int:
    """`xiancheng region check`: what a pack assumes and what it misses."""
    from xiancheng.calibration.checks import PackError
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
    from xiancheng.calibration import joining, packing, packwriting

    if bool(asked.prefecture) == asked.province:
        raise RequestError(
            "--prefecture 与 --province 须给出其一",
            "give either --prefecture or --province",
        )
    packwriting.vacant(asked.out)
    of = asked.concordance
    concordance = joining.Concordance.read(of) if of else joining.shipped()
    plan = packing.planned(asked.table, asked.prefecture, concordance, via=asked.via, lang=say.lang)
    packwriting.written(asked.out, packwriting.contents(plan, asked.out.resolve().name))
    remarks = [say(*remark) for remark in plan.remarks]
    if asked.json:
        units = [place.code for place in plan.places]
        print(as_json({"out": str(asked.out), "units": units, "remarks": remarks}))
        return DONE
    for remark in remarks:
        print(f"· {remark}")
    print(say(
        f"{plan.title.zh}：{len(plan.places)} 个县级单位，两次普查，已写入 {asked.out}",
        f"{plan.title.en}: {len(plan.places)} county-level units at two censuses, in {asked.out}",
    ))  # fmt: skip
    print(say(
        f"· 表中没有的由默认规则补齐，见 xiancheng region check {asked.out}",
        f"· defaults stand in for what the table lacks: see xiancheng region check {asked.out}",
    ))  # fmt: skip
    return DONE


def new(asked: Namespace, say: "Say") -> int:
    """`xiancheng region new`: an empty pack."""
    from xiancheng.calibration import packwriting, scaffold

    folder = asked.out or Path(asked.name)
    files = scaffold.contents(asked.name)
    packwriting.written(folder, files)
    if asked.json:
        print(as_json({"out": str(folder), "files": sorted(files)}))
        return DONE
    print(say(
        f"已新建 {folder}；填写后运行 xiancheng region check {folder}",
        f"{folder} is made; fill it in, then run xiancheng region check {folder}",
    ))  # fmt: skip
    return DONE
