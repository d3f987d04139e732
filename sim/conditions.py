"""The outside world: what neither the county nor its people decide."""

from dataclasses import dataclass, fields
from typing import Annotated, get_type_hints


@dataclass(frozen=True)
class Condition:
    """What an outside condition means, its unit and the range a scenario may set it to."""

    meaning: str
    zh: str
    unit: str
    low: float
    high: float


@dataclass(frozen=True)
class Conditions:
    """The future outside the region, as departures from the trend on file."""

    recoding_frozen: Annotated[bool, Condition("urban codes stay as at the start", "城乡代码冻结", "yes or no", 0, 1)] = False
    wage_growth_elsewhere: Annotated[float, Condition("growth of wages elsewhere beyond local wages", "外地工资相对增速", "1/year", -0.1, 0.1)] = 0.0
    job_growth: Annotated[float, Condition("growth of non-farm jobs beyond the trend", "非农岗位增速偏离", "1/year", -0.2, 0.2)] = 0.0
    house_price_growth: Annotated[float, Condition("provincial growth of house prices beyond incomes", "全省房价相对增速", "1/year", -0.3, 0.3)] = 0.0
    fertility: Annotated[float, Condition("births as a multiple of the trend", "生育水平倍数", "ratio", 0.0, 3.0)] = 1.0
    arrivals: Annotated[float, Condition("in-migration as a multiple of the trend", "外来迁入倍数", "ratio", 0.0, 5.0)] = 1.0


CONDITIONS: dict[str, Condition] = {
    name: hint.__metadata__[0]
    for name, hint in get_type_hints(Conditions, include_extras=True).items()
}
assert list(CONDITIONS) == [f.name for f in fields(Conditions)]
