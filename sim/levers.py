"""What a government may set. A measure in scenarios/ can touch these and nothing else.

Every lever counts what is added to the trend, so its baseline value is 0: what was already under
way before the plan is in the destination constants and the trends. Each enters one term of one
rule, named in `term`; that makes attribution possible and double counting visible.
"""

from dataclasses import dataclass, fields
from typing import Annotated, Self, get_type_hints

import numpy as np

from xiancheng.sim.state import Floats


@dataclass(frozen=True)
class Lever:
    """What a lever means, its unit, where it can be set, its range, and the term it enters."""

    meaning: str
    zh: str
    unit: str
    where: str  # "urban", "rural" or "any": the places at which it is read
    high: float  # the largest value a measure may set; the smallest is 0
    term: str  # rule file and the term of its equation
    family: str = ""  # of levers that do one thing; none: of no measure's doses
    dose: str = ""  # the parameter that moves its assumed doses


@dataclass(frozen=True)
class Levers:
    """Policy in force; every lever has shape (place,)."""

    # Jobs and incomes
    tradable_jobs: Annotated[Floats, Lever("jobs in industry and parks", "产业与园区岗位", "jobs", "urban", 2e5, "labour.jobs_wanted: tradable", "jobs", "dose_jobs")]
    returnee_jobs: Annotated[Floats, Lever("jobs in firms of returnees", "返乡创业岗位", "jobs", "urban", 5e4, "labour.jobs_wanted: returnee firms", "jobs", "dose_jobs")]
    urban_posts: Annotated[Floats, Lever("public-welfare posts held in town", "城镇公益性岗位", "posts in post", "urban", 1e5, "labour.jobs_wanted: public posts", "jobs", "dose_posts")]
    rural_posts: Annotated[Floats, Lever("public-welfare posts held in villages", "乡村公益性岗位", "posts in post", "rural", 1e5, "departure.leaving_hazard: post held", "village_posts", "dose_posts")]
    training: Annotated[Floats, Lever("persons trained a year", "补贴性培训人数", "persons/year", "any", 1e5, "labour.search: skill", "training", "dose_posts")]
    farm_chain_income: Annotated[Floats, Lever("income from farm value chains and tourism", "农业全产业链增收", "yuan/year per rural resident", "rural", 5e3, "labour.home_income: farm chains", "incomes", "dose_incomes")]
    rooftop_income: Annotated[Floats, Lever("roof rent from photovoltaics", "屋顶光伏收入", "yuan/year per rural resident", "rural", 2e3, "labour.home_income: roofs", "incomes", "dose_incomes")]
    work_relief_income: Annotated[Floats, Lever("pay from work relief", "以工代赈收入", "yuan/year per rural resident", "rural", 5e3, "labour.home_income: work relief", "incomes", "dose_incomes")]
    pension_coverage: Annotated[Floats, Lever("adults newly covered by a pension", "养老保险新增覆盖", "share", "any", 0.5, "departure.leaving_hazard: parent's pension", "pensions", "dose_incomes")]
    # Transport
    rural_roads: Annotated[Floats, Lever("cut in the cost of commuting to town", "通勤成本下降", "share", "rural", 0.5, "labour.commuting_cost: roads", "transport", "dose_transport")]
    expressways: Annotated[Floats, Lever("cut in travel time to other counties", "县际出行时间下降", "share", "any", 0.5, "destination.utility: distance", "transport", "dose_transport")]
    # Schools
    school_seats: Annotated[Floats, Lever("compulsory-school seats in town", "城镇学位", "seats", "urban", 1e5, "schooling.town_seats: new seats", "seats", "dose_schools")]
    school_quality: Annotated[Floats, Lever("quality of schools", "学校质量", "standard deviations", "any", 1.0, "schooling.quality: gain", "schooling", "dose_schools")]
    enrolment_openness: Annotated[Floats, Lever("enrolment without proofs", "零证明入学", "share", "urban", 1.0, "schooling.admitted: openness", "schooling", "dose_schools")]
    school_closure: Annotated[Floats, Lever("closing of village schools", "村小撤并", "1/year", "rural", 1.0, "schooling.closing_hazard: hazard", "schooling", "dose_schools")]
    # Housing
    dormitory_beds: Annotated[Floats, Lever("workers' dormitory beds in parks", "园区宿舍床位", "beds", "urban", 1e5, "labour.beds_offered: dormitories", "beds", "dose_housing")]
    renovated_dwellings: Annotated[Floats, Lever("dwellings in renovated estates", "老旧小区改造", "dwellings", "urban", 2e5, "housing.quality: renovated", "renovation", "dose_housing")]
    land_supply: Annotated[Floats, Lever("dwellings that new land allows", "供地可建住房", "dwellings/year", "urban", 5e4, "housing.completions: land", "flats", "dose_housing")]
    resettlement: Annotated[Floats, Lever("village households moved into town flats", "村庄搬迁进镇", "households/year", "rural", 5e4, "housing.resettling_hazard: households", "flats", "dose_housing")]
    # Services: indices in units of the base-year stock
    hospital: Annotated[Floats, Lever("capability of the county hospital", "县医院能力", "base-year stock", "urban", 2.0, "services.health: hospital", "services", "dose_services")]
    subcentres: Annotated[Floats, Lever("medical sub-centres and tiered care", "医疗次中心", "base-year stock", "any", 2.0, "services.health: sub-centres", "services", "dose_services")]
    disability_care: Annotated[Floats, Lever("rehabilitation and disability services", "残疾人服务", "base-year stock", "any", 2.0, "services.health: rehabilitation", "services", "dose_services")]
    elder_care: Annotated[Floats, Lever("nursing beds and elder care", "养老床位与服务", "base-year stock", "any", 2.0, "services.elder_care: places", "services", "dose_services")]
    childcare: Annotated[Floats, Lever("childcare and kindergarten places", "托育与幼儿园", "base-year stock", "any", 2.0, "services.childcare: places", "services", "dose_services")]
    consumption: Annotated[Floats, Lever("living circles, streets, night economy", "生活圈与消费街区", "base-year stock", "any", 2.0, "services.amenity: consumption", "services", "dose_services")]
    environment: Annotated[Floats, Lever("streets, drains, parks, culture, sport, waste", "县城环境与文体设施", "base-year stock", "any", 2.0, "services.amenity: environment", "services", "dose_services")]
    utilities: Annotated[Floats, Lever("water, heating, gas and grid works", "水热气电管线", "base-year stock", "any", 2.0, "services.amenity: utilities", "services", "dose_services")]
    charging: Annotated[Floats, Lever("charging points for cars", "充电设施", "base-year stock", "any", 2.0, "services.amenity: charging", "services", "dose_services")]
    small_towns: Annotated[Floats, Lever("upgrade of small towns", "小城镇提升", "base-year stock", "urban", 2.0, "services.amenity: small towns", "services", "dose_services")]
    rural_delivery: Annotated[Floats, Lever("logistics and delivery to villages", "城乡物流配送", "base-year stock", "rural", 2.0, "services.amenity: delivery", "services", "dose_services")]
    rural_infrastructure: Annotated[Floats, Lever("town infrastructure extended to villages", "基础设施向乡村延伸", "base-year stock", "rural", 2.0, "services.amenity: village works", "services", "dose_services")]
    digital: Annotated[Floats, Lever("5G, gigabit networks, smart communities", "数字化与智慧社区", "base-year stock", "any", 2.0, "services.amenity: digital", "services", "dose_services")]
    # Land, hukou, finance
    settlement_openness: Annotated[Floats, Lever("added hazard of being granted the local hukou", "落户便利", "1/year", "urban", 1.0, "hukou.settling_hazard: openness", "institutions", "dose_institutions")]
    hukou_access: Annotated[Floats, Lever("people-land-money linkage in force", "人地钱挂钩", "share", "rural", 1.0, "hukou.leaving_hazard: hukou access", "institutions", "dose_institutions")]
    land_rights: Annotated[Floats, Lever("land rights kept after settling, or paid exit", "农村权益保留与有偿退出", "share", "rural", 1.0, "hukou.leaving_hazard: rights kept", "institutions", "dose_institutions")]
    credit: Annotated[Floats, Lever("households whose liquidity barrier is eased", "金融支持覆盖", "share", "any", 1.0, "destination.utility: cost of moving", "institutions", "dose_institutions")]
    # Recoding and merger
    recoding: Annotated[Floats, Lever("added hazard of a village being recoded urban", "村改居划转", "1/year", "rural", 1.0, "reclassification.recoding_hazard: increment", "recoding", "dose_recoding")]
    merging: Annotated[Floats, Lever("added hazard of a village being merged", "村庄合并", "1/year", "rural", 1.0, "reclassification.merging_hazard: increment", "recoding", "dose_recoding")]
    # Delivery
    fiscal_reward: Annotated[Floats, Lever("capacity bought by transfers to weak counties", "财力薄弱县奖补", "share of capacity", "any", 1.0, "governments.capacity: transfers", "institutions", "dose_institutions")]
    workload: Annotated[Floats, Lever("programmes asked of the county, the plan as written being 1", "任务量", "share of the plan", "any", 10.0, "governments.load: programmes")]

    @classmethod
    def baseline(cls, places: int) -> Self:
        """No policy beyond the trend: every lever at 0."""
        zero = np.zeros(places)
        zero.flags.writeable = False
        return cls(*(zero for _ in fields(cls)))


LEVERS: dict[str, Lever] = {
    name: hint.__metadata__[0] for name, hint in get_type_hints(Levers, include_extras=True).items()
}
