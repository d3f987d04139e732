"""What people and the world set: declared here with units, valued with sources in calibration/."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Parameters:
    """Every number the rules need that no government sets."""

    # Where to: the utility of a destination
    beta_y: float  # 1, elasticity of destination choice to expected income
    beta_d_over_beta_y: float  # 1, distance elasticity relative to the income elasticity
    beta_a: float  # utils per unit of the composite amenity index
    service_to_wage_ratio: float  # 1, weight of one service domain relative to the wage
    beta_s: float  # utils, school-quality gain times the chance of a seat
    beta_r: float  # 1, elasticity to housing cost relative to income; negative
    beta_o: float  # utils, a town where the household owns a flat
    kappa: float  # utils, cost of changing residence
    lambda_b: float  # 1, nest scale of the towns of one's own county
    lambda_other: float  # 1, nest scale of the other nests
    amenity_saturation: float  # base-year stock, scale at which a service index saturates

    # Whether to reconsider: the hazard of considering a move
    alpha_single: float  # log(1/year), single adult aged 20-34
    alpha_family: float  # log(1/year), family household
    alpha_elder: float  # log(1/year), household of people aged 60 or more
    gamma_a: float  # 1, weight of the inclusive value of the destination choice
    gamma_n: float  # pp per pp, co-villagers already away
    gamma_dur: float  # 1, log hazard per doubling of the time lived in a place; negative
    hr_school_closed: float  # ratio, village school closed and a child of primary age
    hr_parent_pension: float  # ratio, a parent has a pension
    hr_public_post_rural: float  # ratio, holds a public post in a village
    return_hazard: float  # 1/year, return to the county of registration
    land_hukou_decoupling: float  # pp over 5 years, land rights kept on permanent moves
    hukou_reform_effect: float  # pp over 5 years, easier hukou on the resident rate

    # Flows of the base period, which the destination constants bring about
    own_stock_weight: float  # 1, weight of a county's own stock of in-movers in its own-town moves
    own_town_flow: float  # ratio, moves of villagers to their own town over what censuses show
    departure_flow: float  # ratio, net moves out of the county over what censuses show
    arrival_flow: float  # ratio, net arrivals from outside over what censuses show
    flow_sd: float  # 1, spread of counties in the logs of these three
    trend_sd: float  # 1/sqrt(year), drift of the log of moves into towns after the last known year

    # Labour
    job_mover_share: float  # 1, share of new town jobs taken by people who then move to town
    dependants_per_job_mover: float  # persons
    job_multiplier: float  # 1, non-tradable jobs that follow one tradable job
    wage_curve_elasticity: float  # 1, wage to local unemployment; negative
    matching_exponent: float  # 1, of searchers in the matching function
    job_separation: float  # 1/quarter, share of jobs
    training_employment_effect: float  # pp, on the chance of employment
    commute_cost_elasticity: float  # 1, odds of commuting to its cost; negative

    # Housing
    housing_supply_elasticity: float  # 1, supply to price
    renovation_price_effect: float  # percent
    house_price_trend: float  # 1/year, growth of house prices outside, relative to wages
    housing_theta: float  # 1/quarter, price adjustment to the vacancy gap
    housing_rho: float  # 1, persistence of quarterly price growth
    housing_depreciation: float  # 1/quarter, share of dwellings
    housing_natural_vacancy: float  # 1, vacancy at which prices follow the outside trend

    # Recoding, merger and measurement
    recode_hazard: float  # 1/year, a rural village unit is recoded urban
    recode_gap_reversion: float  # 1/year, share of the structural gap that recoding closes
    recode_prefecture_sd: float  # 1, spread of urban shares by prefectures' recoding in ten years
    recode_county_sd: float  # 1, spread of urban shares by counties' own recoding in ten years
    recode_persistence: float  # 1, correlation of recoding shocks of one year and the next
    alignment_recoding_share: float  # 1, of a deviation from the level that recoding makes up
    merge_hazard: float  # 1/year, a village unit disappears by merger
    benchmark_drift: float  # pp/year, published rate against the truth
    obs_error_sd: float  # pp, of a published county rate

    # Whether to reconsider: schedules and events
    rc_peak: float  # years, position of the labour curve of the age schedule
    rc_ascent: float  # 1/year, rate of ascent of the labour curve
    rc_descent: float  # 1/year, rate of descent of the labour curve
    rc_labour: float  # 1/year, height of the labour curve
    rc_constant: float  # 1/year, constant of the age schedule
    hr_school_stage: (
        float  # ratio, hazard ratio of a family with a child of primary or secondary age
    )
    hr_school_leaving: float  # ratio, hazard ratio of the young who have just left school
    junior_entry: float  # 1, share of village families who reconsider at a child's entry to junior
    flat_purchase: float  # 1, share of them, and of couples who wed there, who buy a flat in town
    return_after_50: float  # ratio, return hazard from age 50 on, relative to before
    return_to_town: float  # 1, share of returners from elsewhere who settle in the county town

    # Where to: who goes along, and what it costs
    split_household: float  # utils, utility of leaving part of the household behind
    lone_far: float  # utils, utility of going alone when leaving the county
    town_leaving_ratio: float  # ratio, leaving the county from its town relative to its villages
    credit_relief: float  # 1, share of the cost of moving that credit takes away
    newcomer_collective: float  # 1, share of people who come from outside that live in dormitories
    newcomer_women: float  # 1, share of women among people who come from outside

    # Births, deaths and households
    gompertz_slope: float  # 1/year, growth of mortality with age
    female_mortality_ratio: float  # ratio, mortality of women relative to men at 65
    rural_mortality_ratio: float  # ratio, mortality in villages relative to towns, at the same age
    mortality_decline: float  # 1/year, fall of mortality at every age
    infant_mortality: float  # 1/year, hazard of death in the first year, beyond that of other ages
    accident_mortality: float  # 1/year, hazard of death that is the same at every age
    deaths_found: float  # 1, share of deaths that the rates on file contain
    winter_2022_deaths: float  # ratio, deaths of the fourth quarter of 2022 and the next
    mean_age_at_birth: float  # years, mean age of mothers at birth
    sd_age_at_birth: float  # years, spread of the age of mothers at birth
    rural_birth_ratio: float  # ratio, births in villages relative to the infants there at the start
    dragon_births: float  # ratio, births of a year of the dragon relative to the years beside it
    two_child_births: float  # ratio, births of 2016 and 2017 to what cohorts and marriages make
    births_found: float  # 1, share of births that a census before 2020 found
    boys_per_birth: float  # 1, share of boys among births
    marriage_hazard: float  # 1/year, hazard of finding a partner at the peak age
    marriage_age: float  # years, peak age of marriage in 2020, mean of the sexes
    marriage_delay: float  # years/year, rise of the peak age of marriage
    patrilocal_share: float  # 1, share of couples who would live in the household of his parents
    spouse_age_gap: float  # years, husbands older than wives at marriage
    marriage_age_sd: float  # years, spread of the age of marriage
    college_share: float  # 1, share of the young who reach college
    college_leaving: float  # 1, share of those who reach college that leave the region for it
    college_in_province: float  # 1, share of those who leave for college that stay in the province
    graduate_return: float  # 1, share of those who left for college that are back by twenty-five
    senior_share: float  # 1, share of the young whose last school is senior secondary

    # Labour
    job_growth: float  # 1/year, trend growth of non-farm jobs
    job_vacancy: float  # 1, vacancies per filled non-farm job at the start
    search_none: float  # 1, how hard people without work look for a job
    search_farm: float  # 1, how hard farmers look for a non-farm job
    skilled_hiring: float  # 1, advantage in being hired of people with senior school or more
    retirement: float  # 1/year, hazard of leaving non-farm work from sixty on
    farm_exit: float  # 1/year, hazard of giving up farming where everybody farms
    farm_retirement: float  # 1/year, what is added to it from sixty on
    back_to_land: float  # 1, share of villagers who farm again when their job ends
    commuting_cost: float  # 1, cost of commuting from village to town, share of the wage
    labour_demand_elasticity: (
        float  # 1, elasticity of labour demand to the wage, as a positive number
    )
    hiring_elsewhere: float  # 1, chance of being hired in a quarter elsewhere
    bed_takeup: float  # 1, share of new dormitory beds that turn a commuter into a resident

    # Schools, housing, hukou, villages, delivery
    school_quality_gap: float  # sd, quality of town over village schools at the start
    seat_growth: float  # 1/year, trend growth of school seats in town
    dwelling_growth: float  # 1/year, trend growth of dwellings in town
    settling_hazard: float  # 1/year, trend hazard of being granted the local hukou
    recode_contiguity_ratio: (
        float  # ratio, recoding of villages in a township with urban units, relative to others
    )
    delivery_capacity: (
        float  # 1, programmes a county can carry out at once, the plan as written being 1
    )

    # Doses that the plan gives no amount of: -1 at the low end of their ranges, 0 as stated, 1 high
    dose_jobs: float  # 1, jobs of industry and returnees
    dose_posts: float  # 1, public posts and training
    dose_incomes: float  # 1, rural incomes and pensions
    dose_transport: float  # 1, transport
    dose_schools: float  # 1, schools
    dose_housing: float  # 1, housing and land
    dose_services: float  # 1, services and surroundings
    dose_institutions: float  # 1, hukou, land rights, credit and transfers
    dose_recoding: float  # 1, recoding and merging
