"""An empty pack to be filled by hand: every file with its columns, and what goes where."""

from collections.abc import Iterator

from xiancheng.calibration.region.pack_writer import quoted, table_text
from xiancheng.calibration.region.schema import COLUMNS, REQUIRED, TABLES

COUNTY = "000000"  # stands for a code that is still to be written
CENSUSES = ("2010-11-01", "2020-11-01")


def contents(name: str) -> dict[str, str]:
    """Every file of an empty pack, by name."""
    return {
        "region.yaml": region_yaml(name),
        "sources.yaml": SOURCES,
        "margins.csv": table_text("margins.csv", margins()),
        **{file: table_text(file, []) for file in COLUMNS if file != "margins.csv"},
    }


def margins() -> Iterator[tuple[str, ...]]:
    """The lines without which a census cannot be used, their values still to be written."""
    for day in CENSUSES:
        for table in REQUIRED:
            for cell in TABLES[table].cells():
                source = f"census-{day[:4]}"
                yield day, COUNTY, table, *cell, "", "persons", source, "official", "", "", ""


def region_yaml(name: str) -> str:
    """What the pack is about, still to be written."""
    return f"""\
# 区域包 A region pack. 填写后运行 Fill it in, then run: xiancheng region check 本文件夹 this folder
#
# 至少要有 At least: region.yaml, sources.yaml, margins.csv
#   margins.csv     普查：urban_rural 与 sex_age 两表必填，其余表整张可缺
#                   censuses: the tables urban_rural and sex_age are required; any other may be
#                   left out whole. Counts are persons or households, never 10 000s
# 其余文件可以只留表头 The other files may stay empty but for their header:
#   places.csv      乡镇及其村居单元数 townships and their village-level units;
#                   kind: street, town, township
#   boundaries.csv  县界，用于距离 outlines of counties, for distances
#   economy.csv     工资、收入、房价等 wages, incomes, prices; services.csv 学位、床位等 seats, beds
#   observations.csv 只用于检验，不进入模型 what is scored and never fed in
# 每个数值都写来源与状态 Every value has a source of sources.yaml and a status: official, secondary,
# derived or assumed; 假定值必须给出 low 与 high an assumed one states its range.
# 未知的值整行删去，不写 0 Leave out the line of a value that is unknown; never write 0 for it.

name: {quoted(name)}
title: {{zh: , en: }}
prefectures:
  - {{code: '000000', zh: , en: }}
province: {{code: '000000', zh: , en: }}

# 每县一行 One line for each county-level unit; kind: district, county, city
counties:
  - {{code: '{COUNTY}', zh: , en: , prefecture: '000000', kind: county}}

# 两次普查的区划须一致 The units are the same areas at every census
censuses: [{", ".join(CENSUSES)}]

# 可选 Optional. 省会位置与到省外的距离；缺省见 region check
# outside:
#   province: {{zh: , en: , lon: , lat: }}
#   country: {{km: , low: , high: }}

# 可选 Optional. 规划目标，只用于判定，绝不作为数据 What the plan wants; never used as data
# targets:
#   - id: T-1
#     name: {{zh: , en: }}
#     counties: ['{COUNTY}']
#     value:
#     operator: at least        # or: about
#     wording:
#     deadline: 2025-12-31

# attribution: {{zh: , en: }}
"""


SOURCES = (
    "# 每个来源一项 One entry for each source that a value names; via and licence are optional.\n"
    + "".join(
        f"census-{day[:4]}:\n  title:\n  publisher: 国家统计局\n  note: census moment {day}\n"
        for day in CENSUSES
    )
    + "assumption:\n  title: Our assumption\n  publisher:\n"
)
