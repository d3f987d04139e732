"""Why a region pack assumes what it assumes, in Chinese.

Packs and rules give their reasons in English, or in the words of whoever wrote the pack.
"""

ZH = {
    "A share of adults; the sample is everybody.": "按成年人的份额推算；样本为全体居民",
    "Binzhou 2020": "取滨州市 2020 年数值",
    "Births from residents aged 0, deaths from a Gompertz schedule, in permille.": (
        "出生由 0 岁常住人口推算，死亡由 Gompertz 曲线推算（‰）"
    ),
    "Family households of a common size, by kind.": "按常见的户均规模，分家庭户类型推算",
    "Gompertz": "Gompertz 曲线",
    "Levels as shares of persons of 6 and over, the same for both sexes.": (
        "各受教育程度占 6 岁及以上人口的份额，男女相同"
    ),
    "Relative odds of living in an urban place, by age.": "各年龄居住在城镇的相对几率",
    "Residents, less those registered elsewhere, plus the registered who live elsewhere.": (
        "常住人口减去户口在外的，加上户口在本地而住在外地的"
    ),
    "Shandong: 7.50 permille in 2019 on the ages of 2020": (
        "山东省 2019 年 7.50‰，按 2020 年年龄结构"
    ),
    "Shares of households.": "按家庭户的份额推算",
    "Shares of residents.": "按常住人口的份额推算",
    "Shares of residents; those who stay in the prefecture are its in-movers, by residents.": (
        "按常住人口的份额推算；留在本市的为本市各县的流入人口，按常住人口分摊"
    ),
    "Shares of the employed; manufacturing stands for industry, trade for services.": (
        "按就业人员的份额推算；以制造业代表第二产业，以批发零售代表第三产业"
    ),
    "Sums over ages.": "各年龄合计",
    "The stocks over the years in which they built up.": "存量除以形成它的年数",
    "allocated over origins by residents": "按常住人口分摊到来源地",
    "assumed": "假定",
    "assumed as in the pack binzhou": "与滨州市区域包作同样的假定",
    "children of that age in town / use": "城镇该年龄儿童数 ÷ 学位使用率",
    "children of that age in villages / use": "乡村该年龄儿童数 ÷ 学位使用率",
    "city mean of the year, allocated in proportion to the share of homes bought to the power 0.25 "
    "(0-0.5), so that the mean over urban residents is the city's": (
        "取全市当年均价，按购房户比例的 0.25 次方（0–0.5）分摊到县，使按城镇人口加权的均值等于全市"
    ),
    "empty dwellings in town; no survey on file": "城镇空置住房；没有可用的调查",
    "families with children and workers in town, the old in the village": (
        "有子女的家庭和劳动力在城镇，老人在村"
    ),
    "in-movers of the same county who come from a village": "本县流入人口中来自村的份额",
    "local wage of the city in 2010 x 1.31 (assumed 1.2-1.6); no pay of migrant workers on file "
    "before 2020": "全市 2010 年工资的 1.31 倍（假定 1.2–1.6）；2020 年以前没有外出务工收入数据",
    "mean distance to the middle of a disc of the county's area: 2/3 of its radius": (
        "与县域等面积的圆内各点到圆心的平均距离，即半径的 2/3"
    ),
    "mean residents of an urban unit over a rural one": "城镇单元与乡村单元平均人口之比",
    "members of collective households (dormitories, schools, barracks) who live in urban places": (
        "集体户（宿舍、学校、营房）人口中住在城镇的份额"
    ),
    "members per family household": "家庭户户均人口",
    "migrant workers away from home, 2020": "2020 年外出农民工",
    "national order of magnitude around 2020": "全国 2020 年前后的量级",
    "national order of magnitude around 2020; stands for the whole sector": (
        "全国 2020 年前后的量级；代表整个产业"
    ),
    "odds of living in an urban place, relative to all ages: families with children and workers in "
    "town, the old in the village; flatter in 2010": (
        "居住在城镇的几率，相对于全部年龄：有子女的家庭和劳动力在城镇，老人在村；2010 年差别较小"
    ),
    "pupils over seats in town schools at the census": "普查时城镇学校学生数与学位数之比",
    "pupils over seats in village schools at the census": "普查时乡村学校学生数与学位数之比",
    "residents aged 0 per thousand residents": "每千常住人口中的 0 岁人口",
    "residents less in-movers from outside plus the registered who live elsewhere": (
        "常住人口减去外来流入人口，加上户口在本地而住在外地的"
    ),
    "rural households that own a flat in their county town; an open question": (
        "在县城有房的农村家庭户份额；尚无定论"
    ),
    "searching for work, of the town labour force; no survey on file": (
        "城镇劳动力中正在找工作的份额；没有可用的调查"
    ),
    "spread of residents over village-level units": "村级单元人口的离散程度",
    "stock / years": "存量 ÷ 年数",
    "the first is a street": "第一个为街道",
    "urban residents in family households / persons per dwelling / (1 - vacancy)": (
        "城镇家庭户人口 ÷ 每套人数 ÷（1 − 空置率）"
    ),
    "what a villager has of the town's service, a town resident having 1": (
        "村民得到的城镇服务，以城镇居民为 1"
    ),
    "where the pack names no capital": "区域包没有写明省会时的取值",
    "where there are no boundaries": "没有县界时的取值",
}


def said(reason: str, lang: str) -> str:
    """A reason in the reader's language, or as the pack words it.

    >>> said("stock / years", "zh"), said("自拟", "zh"), said("Gompertz", "en")
    ('存量 ÷ 年数', '自拟', 'Gompertz')
    """
    return ZH.get(reason, reason) if lang == "zh" else reason
