"""Region packs: what is known of the counties of a region, and what stands in for what is not.

- `schema`         tables, columns, labels and ranges of a pack
- `region`         a pack that was read, checked and completed: what the model and the tables ask
- `imputation`     rules and defaults for what a pack leaves out, and the record of them
- `raw_pack`, `totals`  what its files hold, with every problem noted; sums that must be right
- `counties`       the counties at the start of a run, and their changes between censuses
- `census_table`, `census_import`, `pack_writer`  a pack made from a county census table, or empty
"""

from xiancheng.calibration.region.region import DERIVED, SHIPPED, Region, load, located, packs
from xiancheng.calibration.region.schema import County, Target

__all__ = ["DERIVED", "SHIPPED", "County", "Region", "Target", "load", "located", "packs"]
