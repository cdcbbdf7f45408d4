"""Gates about files: what scanners say, their size, and the signature of the model."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from app.lifecycle.gates.rules.rule import Judgement, Outcome, Rule, failed, listed, passed
from app.lifecycle.gates.rules.subject import Evidence, Subject
from app.lifecycle.signatures import Change, ChangeKind, Side, compare


class ScanVerdict(Rule):
    """All files were inspected, and none is quarantined or failed."""

    kind: ClassVar[str] = "scan_verdict"
    allow_released: bool = False
    """Whether files count that were quarantined and then released by a maintainer."""
    allow_suspicious: bool = True

    def title(self) -> str:
        """What it demands."""
        return "Files inspected, none dangerous" + ("" if self.allow_suspicious else " or suspicious")

    def judge(self, subject: Subject) -> Judgement:
        """Look at the verdicts of the inspection."""
        files = subject.version.files
        compared = {
            "files": files.count, "refused": files.refused_count, "released": files.released_count,
            "suspicious": files.suspicious_count, "uninspected": files.uninspected_count,
        }  # fmt: skip
        if files.count == 0:
            return failed("The version has no files here, so nothing was inspected.", compared)
        if files.refused_count:
            return failed(f"{_count(files.refused_count)} refused: {listed(files.refused, 5)}.", compared)
        if files.released_count and not self.allow_released:
            said = "was quarantined and then released by a maintainer, which this gate does not accept"
            return failed(f"{_count(files.released_count, said='')} {said}.", compared)
        if files.suspicious_count and not self.allow_suspicious:
            return failed(f"{_count(files.suspicious_count)} suspicious: {listed(files.suspicious, 5)}.", compared)
        if files.uninspected_count:
            waiting = f"{_count(files.uninspected_count)} not inspected yet; try again in a moment."
            return Judgement(Outcome.PENDING, waiting, compared)
        return passed(f"{_count(files.count)} inspected and accepted.", compared)


class SizeLimit(Rule):
    """The files have at most so many bytes in all, and are at most so many."""

    kind: ClassVar[str] = "size_limit"
    max_bytes: Annotated[int, Field(ge=1, le=2**62)]
    max_files: Annotated[int, Field(ge=1, le=10**9)] | None = None

    def title(self) -> str:
        """What it demands."""
        return f"At most {self.max_bytes:,} bytes" + (f" in {self.max_files:,} files" if self.max_files else "")

    def judge(self, subject: Subject) -> Judgement:
        """Compare the sum with the limit."""
        files = subject.version.files
        compared = {"bytes": files.size, "maxBytes": self.max_bytes, "files": files.count, "maxFiles": self.max_files}
        too_many = self.max_files is not None and files.count > self.max_files
        answer = failed if files.size > self.max_bytes or too_many else passed
        most = f"; at most {self.max_files:,} files" if too_many else f"; at most {self.max_bytes:,} bytes"
        return answer(f"The version has {files.size:,} bytes in {_count(files.count, '')}{most} are allowed.", compared)


class CompatibleSignature(Rule):
    """The signature of the MLmodel file takes all that the holder's takes: no input column removed or retyped."""

    kind: ClassVar[str] = "compatible_signature"
    allow_new_required: bool = False
    """Whether inputs may come in that callers of the holder do not send."""
    allow_widened: bool = True
    """Whether the type of an input may become another that takes all former values: ``float`` to ``double``."""
    check_outputs: bool = False
    """Whether the same is demanded of outputs: none removed or retyped."""
    if_no_holder: Literal["pass", "fail"] = "pass"

    def title(self) -> str:
        """What it demands."""
        return "Signature compatible with the holder's" + (", outputs too" if self.check_outputs else "")

    def judge(self, subject: Subject) -> Judgement:
        """Compare both signatures."""
        version, holder = subject.version, subject.holder
        if subject.is_holder:
            return passed(f"Version {version.version} is what the stage `{subject.stage}` holds.")
        if holder is None:
            answer = passed if self.if_no_holder == "pass" else failed
            return answer(f"The stage `{subject.stage}` holds no version to compare with.")
        for each in (version, holder):
            if each.files.has_mlmodel and not each.files.is_mlmodel_inspected:
                waiting = f"The MLmodel file of {each.version} is not inspected yet; try again in a moment."
                return Judgement(Outcome.PENDING, waiting)
        if holder.files.signature is None:
            return passed(f"The holder {holder.version} declares no signature, so there is nothing to keep to.")
        if version.files.signature is None:
            lacks = "MLmodel file declares no signature" if version.files.has_mlmodel else "files have no MLmodel file"
            return failed(f"The {lacks}, and the holder {holder.version} has a signature.")
        return self._compared(version, holder)

    def _compared(self, version: Evidence, holder: Evidence) -> Judgement:
        ours, theirs = version.files.signature, holder.files.signature
        assert ours is not None, "it was looked at"
        assert theirs is not None, "it was looked at"
        changes = compare(theirs, ours)
        broken = [each for each in changes if self._breaks(each)]
        told: dict[str, Any] = {
            "holderVersion": holder.version, "changes": [str(each) for each in changes[:50]], "breaking": len(broken),
        }  # fmt: skip
        if broken:
            said = "; ".join(str(each) for each in broken[:5])
            more = f"; and {len(broken) - 5} more" if len(broken) > 5 else ""
            return failed(f"Compared with the holder {holder.version}, {said}{more}.", told)
        if not (ours.is_whole and theirs.is_whole):
            cut = version.version if not ours.is_whole else holder.version
            return Judgement(
                Outcome.ERROR, f"Of the signature of {cut} not all columns were kept, so it cannot be compared.", told
            )
        return passed(f"All inputs of the holder {holder.version} are accepted.", told)

    def _breaks(self, change: Change) -> bool:
        if change.side is Side.OUTPUTS:
            return self.check_outputs and change.kind in {ChangeKind.REMOVED, ChangeKind.RETYPED}
        if change.kind in {ChangeKind.NEWLY_REQUIRED, ChangeKind.ADDED_REQUIRED}:
            return not self.allow_new_required
        return change.kind in {ChangeKind.REMOVED, ChangeKind.RETYPED} or (
            change.kind is ChangeKind.WIDENED and not self.allow_widened
        )


def _count(number: int, said: str | None = None) -> str:
    noun = f"{number:,} file{'' if number == 1 else 's'}"
    if said is None:
        return f"{noun} {'is' if number == 1 else 'are'}"
    return noun
