"""A study: a scenario answered at once from a small run, then by the ensemble at full scale."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from xiancheng.results.console.answer import Answer, Question
from xiancheng.results.console.jobs import JobQueue
from xiancheng.scenarios.ensemble import RunSummary
from xiancheng.scenarios.run_spec import RunSpec
from xiancheng.scenarios.scenario_files import Scenario

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region

REFRESH = 0.5  # seconds between two shows of progress


@dataclass(frozen=True)
class Sizes:
    """How large the two stages are."""

    quick_scale: float = 0.02
    quick_draws: int = 16
    scale: float = 1.0
    draws: int = 40


@dataclass
class Progress:
    """How far a stage is."""

    of: int
    done: int = 0
    begun: float = 0.0

    @property
    def left(self) -> float | None:
        """Seconds to go, from the pace so far; None before there is one."""
        if self.done < 4:
            return None
        return (time.monotonic() - self.begun) / self.done * (self.of - self.done)


def keyed(question: Question) -> list[RunSpec]:
    """The runs of a question, with their keys: it takes too long for the event loop."""
    specs = [*question.specs, *question.drawn]
    assert all(spec.outcome_key for spec in specs)
    return specs


def made(
    question: Question, central: Sequence[RunSummary], drawn: Sequence[RunSummary] = (), *,
    preliminary: bool,
) -> Answer:  # fmt: skip
    """The answer with all that is said of it: it takes too long for the event loop."""
    answer = Answer.of(question, central, drawn, preliminary=preliminary)
    assert answer.subject
    answer.places(answer.day)
    return answer


class Study:
    """Answers one user's question; a new question takes the place of the old one."""

    def __init__(
        self, desk: JobQueue, user: str, region: "Region", name: str, sizes: Sizes,
        show: Callable[[Answer], None], tell: Callable[[Progress | None], None],
        failed: Callable[[Exception], None],
    ) -> None:  # fmt: skip
        self.desk, self.user, self.region, self.name, self.sizes = desk, user, region, name, sizes
        self._show, self._tell, self._failed = show, tell, failed
        self._task: asyncio.Task[None] | None = None
        self._told = 0.0
        self.answer: Answer | None = None

    def ask(self, a: Scenario, b: Scenario) -> None:
        """Begin anew with these scenarios; what was under way is taken back."""
        self.cancel()
        self._task = asyncio.create_task(self._answer(a, b))

    def cancel(self) -> None:
        """Take back what is under way; what was shown stays."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _answer(self, a: Scenario, b: Scenario) -> None:
        try:
            sizes = self.sizes
            small = Question(a, b, self.name, sizes.quick_scale, sizes.quick_draws)
            await self._quick(small)
            await self._full(replace(small, scale=sizes.scale, draws=sizes.draws, keep=True))
        except asyncio.CancelledError:
            raise
        except Exception as error:
            self._failed(error)
        finally:
            self._tell(None)

    async def _quick(self, question: Question) -> None:
        specs, work = await asyncio.to_thread(keyed, question), question.summarize
        central = await self.desk.ask(self.user, work, specs[:4], "quick", first=True)
        self._shown(await self._made(question, central, preliminary=True))
        if question.draws:
            drawn = await self.desk.ask(self.user, work, specs[4:], "quick")
            self._shown(await self._made(question, central, drawn, preliminary=True))

    async def _full(self, question: Question) -> None:
        specs = await asyncio.to_thread(keyed, question)
        progress = Progress(len(specs), begun=time.monotonic())

        def step() -> None:
            progress.done += 1
            if time.monotonic() - self._told > REFRESH:
                self._told = time.monotonic()
                self._tell(progress)

        self._tell(progress)
        summaries = await self.desk.ask(self.user, question.summarize, specs, "full", step)
        answer = await self._made(question, summaries[:4], summaries[4:], preliminary=False)
        self._shown(answer)

    async def _made(
        self, question: Question, central: Sequence[RunSummary],
        drawn: Sequence[RunSummary] = (), *, preliminary: bool,
    ) -> Answer:  # fmt: skip
        return await asyncio.to_thread(made, question, central, drawn, preliminary=preliminary)

    def _shown(self, answer: Answer) -> None:
        self.answer = answer
        self._show(answer)
