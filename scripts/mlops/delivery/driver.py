"""Takes a candidate through its steps, or back. All state survives a kill: stack file, cluster, journal.

The strategy of a model, not this module, knows how its requests are split.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from textwrap import shorten

from scripts.errors import DriverError
from scripts.mlops.delivery import journal as journals
from scripts.mlops.delivery.gates import Figures, Gates, Verdict, Windows, judge
from scripts.mlops.delivery.journal import PROMOTED, ROLLED_BACK, Journal, Judged
from scripts.mlops.delivery.plan import Named, Standing, Step
from scripts.mlops.delivery.ports import Pace, Ports, UpFailedError
from stacks.config import ConfigError, StackConfig


class Rollout:
    def __init__(self, ports: Ports, gates: Gates = Gates(), pace: Pace = Pace()) -> None:  # noqa: B008 - frozen
        self.ports, self.gates, self.pace = ports, gates, pace

    def run(self, candidate: Named, percents: Sequence[int]) -> Journal:
        """Start, or continue where an earlier run with this candidate stopped. Raises DriverError, and then nothing is half done."""
        if self.is_stable(candidate):
            return self._confirmed(candidate)
        found = self.known(candidate)
        if found.going_back:
            return self._go_back(found)
        steps = self.ahead(found, percents)
        for step in steps:
            self.configuration(step)  # refuses a candidate before anything is kept of it
        for step in steps:
            self._permit(step)
            found = self._save(found)  # not before the cluster has answered
            judged = self._take(step)
            found = self._save(found.with_step(judged))
            self.ports.display.settle(judged)
            if judged.verdict != "good":
                return self.back(judged.reason)
        return self._save(replace(found, outcome=PROMOTED))

    def _present(self) -> tuple[Standing, Journal | None]:
        """Return the stack file's state and the journal, unless nothing of its rollout was carried out."""
        standing, known = self.ports.strategy.standing(self.ports.file), journals.load(self.ports.journal)
        return standing, known if known and known.has_begun(standing) else None

    def known(self, candidate: Named) -> Journal:
        """Return the journal of this candidate's rollout, which may be a new one. Raises DriverError if another rollout is under way."""
        return journals.under_way(*self._present(), candidate)

    def ahead(self, known: Journal, percents: Sequence[int]) -> list[Step]:
        """Return the steps still to be taken. Without a journal the stack file says how far the rollout went: users are not sent back."""
        standing = self.ports.strategy.standing(self.ports.file)
        steps = self.ports.strategy.forward(self.ports.file, known.stable, known.candidate, percents)
        return [step for step in steps if not known.passed(step.name) and step.percent >= (standing.percent or 0)]

    def back(self, reason: str) -> Journal:
        """Decide to go back, and do it. Raises DriverError if there is nothing to go back from."""
        standing, found = self.ports.strategy.standing(self.ports.file), journals.load(self.ports.journal)
        if found and not found.has_begun(standing):
            self.ports.display.say(f"nothing of {found.candidate} was carried out: the stack file stays as it is")
            return self._save(replace(found, going_back=reason, outcome=ROLLED_BACK))
        left = self._to_leave()
        return self._go_back(self._save(replace(left, going_back=reason, undone=left.undone or not left.is_open, outcome="")))

    def configuration(self, step: Step) -> StackConfig:
        """Return the stack's configuration after the step. Raises DriverError if the program refuses it."""
        try:
            return self.ports.engine.configuration(self.ports.file.sections(step.edits))
        except ConfigError as error:
            raise DriverError(str(error)) from None

    def _write(self, step: Step) -> StackConfig:
        """Write the step into the stack file; return the result. Raises DriverError, and writes nothing, if the program refuses it."""
        config = self.configuration(step)
        self.ports.file.write(step.edits)
        return config

    @property
    def stable(self) -> Named:
        """Return the stable version of the rollout under way, or else the stack file's first version."""
        standing, known = self._present()
        return known.stable if known and known.is_open else standing.stable

    def is_stable(self, candidate: Named) -> bool:
        """Return whether it is the stable version already, with no rollout under way."""
        standing, known = self._present()
        return not (known and known.is_open) and standing.percent is None and candidate.is_named_by(standing.stable)

    def _confirmed(self, version: Named) -> Journal:
        """Apply a stack file in which the version is stable already."""
        self.ports.display.say(f"{version} is stable already")
        try:
            self.ports.engine.up()
        except UpFailedError as error:
            raise DriverError(f"{version} is stable in the stack file, and the update failed: {error}") from None
        return Journal(version, version, outcome=PROMOTED)

    def _to_leave(self) -> Journal:
        standing, known = self._present()
        if known and (known.is_open or known.is_promoted(standing)):
            return known
        if standing.percent is None:
            raise DriverError("there is no candidate, and no promotion is known here: there is nothing to roll back")
        # Once the candidate's name is gone, it no longer matters which version it was.
        return Journal(standing.stable, standing.candidate or standing.stable)

    def _take(self, step: Step) -> Judged:
        began = self.ports.clock.now()
        self.ports.display.show(step, 0, Windows(), "updating")
        windows = Windows()
        verdict = self._apply(step) or self._unsettled(step)
        if verdict is None and step.watched:
            verdict, windows = self._watched(step, began)
        verdict = verdict or Verdict("good")
        return Judged(step.name, step.percent, verdict.state, verdict.reason, round(self.ports.clock.now() - began, 1), windows)

    def _permit(self, step: Step) -> None:
        """Raise DriverError if the step is not allowed now, or if the cluster does not answer."""
        if reasons := self.ports.strategy.refusals(self.configuration(step)):
            raise DriverError("\n".join(reasons))

    def _apply(self, step: Step) -> Verdict | None:
        """Return None if the step was applied. Raises DriverError if nothing of it reached the cluster."""
        ports = self.ports
        before = ports.file.path.read_text()
        config = self._write(step)
        try:
            ports.engine.up()
        except UpFailedError as error:
            if not ports.strategy.is_taken(config):
                ports.file.write_text(before)
                raise DriverError(f"the update failed before it reached the model, which is as it was: {error}") from None
            return Verdict("bad", f"the update failed: {error}")
        return None

    def _unsettled(self, step: Step) -> Verdict | None:
        """Return None if users get the shares that the step sets."""
        waiting = self._wait_for(step)
        return Verdict("bad", f"{self.pace.settle:.0f} s after the update, {waiting}") if waiting else None

    def _wait_for(self, step: Step) -> str | None:
        config, end = self.configuration(step), self.ports.clock.now() + self.pace.settle
        while waiting := self._waiting(step, config):
            if self.ports.clock.now() > end:
                return waiting
            self.ports.clock.sleep(self.pace.tick)
        return None

    def _waiting(self, step: Step, config: StackConfig) -> str | None:
        try:
            return self.ports.strategy.unsettled(step, config)
        except DriverError as error:  # of a cluster that may answer the next time
            return str(error)

    def _watched(self, step: Step, began: float) -> tuple[Verdict, Windows]:
        clock, config, pace = self.ports.clock, self.configuration(step), self.pace
        start, figures = clock.now(), Figures()
        with self.ports.watch(step, self.ports.strategy.sides(config)) as watch:
            while True:
                clock.sleep(pace.tick)
                passed = clock.now() - start
                try:
                    figures = watch.look()
                    verdict = self._judged(step, figures, config, over=passed >= pace.interval)
                except DriverError as error:  # of a cluster that may answer the next time
                    verdict = Verdict("watching", str(error))
                if verdict.state == "watching" and passed >= pace.interval * pace.extensions:
                    verdict = Verdict("bad", f"nothing can be said of it: {verdict.reason}")
                if verdict.state != "watching":
                    return verdict, figures.shown
                self.ports.display.show(step, clock.now() - began, figures.shown, verdict.reason or verdict.state)

    def _judged(self, step: Step, figures: Figures, config: StackConfig, *, over: bool) -> Verdict:
        verdict = judge(self.gates, figures, over=over, stable_has_users=step.stable_has_users)
        if verdict.state != "bad" and (trouble := self.ports.strategy.trouble(config)):
            return Verdict("bad", trouble)
        return verdict

    def _go_back(self, found: Journal) -> Journal:
        """Go back. After the hurried step users have the stable version, even if the other steps fail."""
        decided = self.ports.clock.now()
        self.ports.display.say(f"rolling back: {shorten(found.going_back, 100)}")
        steps = self.ports.strategy.back(self.ports.file, found.stable, found.candidate, promoted=found.undone)
        start = next((number for number in range(len(steps) - 1, 0, -1) if self._may_go_on_at(steps[number])), 0)
        for step in steps[start:]:
            if step.hurried:
                found = self._retreat(step, found, decided)
            else:
                self._remove(step)
        return self._save(replace(found, outcome=ROLLED_BACK))

    def _may_go_on_at(self, step: Step) -> bool:
        """Return whether the file has this step's state already: an earlier run may have got there, or the user skipped steps."""
        try:
            return self.ports.file.has(step.edits) and not self.ports.strategy.refusals(self.configuration(step))
        except DriverError:
            return False  # the whole way is never wrong

    def _retreat(self, step: Step, found: Journal, decided: float) -> Journal:
        """Try for a long time: there may be no one to do it by hand."""
        clock, display = self.ports.clock, self.ports.display
        self._write(step)
        while isinstance(written := self._led_back(step), str):
            if clock.now() - decided > self.pace.persist:
                raise DriverError(f"users may still get {found.candidate}: {written}. The stack file is right; bring it to the cluster")
            display.say(f"still going back: {written}")
            clock.sleep(self.pace.tick)
        now = clock.now()
        took, obeyed = round(written - decided, 1), round(now - decided, 1)
        display.settle(Judged(step.name, step.percent, "done", "", obeyed))
        return self._save(replace(found, written_seconds=took, written_at=round(clock.epoch() - (now - written), 1), obeyed_seconds=obeyed))

    def _led_back(self, step: Step) -> float | str:
        """Return when it was written, once the route follows it, or why the route does not. If the route already does, update nothing."""
        try:
            is_there = self._waiting(step, self.configuration(step)) is None
            written = self.ports.clock.now() if is_there else self.ports.engine.up(only=self.ports.strategy.resource)
        except UpFailedError as error:
            return str(error)
        return self._wait_for(step) or written

    def _remove(self, step: Step) -> None:
        began = self.ports.clock.now()
        self._write(step)
        try:
            self.ports.engine.up()
            problem = self._wait_for(step)
        except UpFailedError as error:
            problem = str(error)
        if problem:
            raise DriverError(f"the way back is not over ({step.name}): {problem}. The same rollback goes on")
        self.ports.display.settle(Judged(step.name, step.percent, "done", "", round(self.ports.clock.now() - began, 1)))

    def _save(self, journal: Journal) -> Journal:
        journals.save(self.ports.journal, journal)
        return journal
