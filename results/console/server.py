"""What all tabs of a server share, and the words for what went wrong in one of them."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xiancheng.results.console.jobs import JobQueue
from xiancheng.results.console.library import Library
from xiancheng.results.console.study import Sizes

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region


@dataclass(frozen=True)
class Server:
    """What all tabs share."""

    desk: JobQueue
    region: "Region"
    name: str  # of the region, or its folder
    library: Library
    runs: Path  # where runs are saved that a document speaks of
    sizes: Sizes
