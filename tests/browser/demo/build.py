"""A project as it is after half a year of work, built through the public interface."""

from __future__ import annotations

import asyncio
import math
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.browser.demo import files
from tests.browser.demo.caller import Caller
from tests.browser.demo.texts import Texts

GATES = [
    {"kind": "metric_threshold", "name": "F1", "config": {"metric": "val_f1", "min": 0.9}},
    {"kind": "scan_verdict", "config": {}},
    {"kind": "required_facts", "config": {"facts": ["hyper_parameters"]}, "isRequired": False},
    {"kind": "approvals", "config": {"count": 1}},
]
EVENTS = ["model_version.created", "registered_model.created"]
STEPS = 60
RICHEST = 7
"""The position of the candidate that has some of everything."""


@dataclass(frozen=True)
class Demo:
    """What was built: the addresses of pages are made of it."""

    group: str
    project: str
    number: int
    model: str
    experiment: int
    candidates: list[str]
    """Run ids, the newest last."""
    ids: dict[str, str]


class Builder:
    """Builds one project; ``people`` are owner, maintainer, developer and reporter."""

    def __init__(self, project: str, number: int, people: list[Caller], texts: Texts, *, candidates: int = 24) -> None:
        self.project, self.number, self.people, self.texts = project, number, people, texts
        self.owner, self.maintainer, self.developer = people[:3]
        self.count = candidates
        self.files = files.every() | dict(texts.files)
        self.ids: dict[str, str] = {}
        self.noise = random.Random(project.rpartition("/")[2])

    @property
    def here(self) -> dict[str, str]:
        return {"path": self.project}

    def model(self, name: str | None = None) -> dict[str, Any]:
        return {"path": {"project": self.project, "name": name or self.texts.model}}

    def version(self, reference: str, name: str | None = None) -> dict[str, Any]:
        return {"path": {"project": self.project, "model": name or self.texts.model, "reference": reference}}

    async def build(self) -> Demo:
        """Everything, in the order in which it needs each other."""
        await self.owner.do(
            "projectUpdate", project=self.here, name=self.texts.project, description=self.texts.description
        )
        await self.models()
        candidates, experiment = await self.experiments()
        await self.versions(candidates)
        await self.lifecycle()
        await self.settings()
        group = self.project.rpartition("/")[0]
        runs = [run for _, run in candidates]
        return Demo(group, self.project, self.number, self.texts.model, experiment, runs, self.ids)

    async def models(self) -> None:
        tags = [{"key": "team", "value": "vision"}, {"key": "site", "value": self.texts.tag}]
        for name, description in reversed(self.texts.other_models):
            await self.developer.do("modelCreate", project=self.here, name=name, description=description, tags=tags[:1])
        await self.developer.do(
            "modelCreate", project=self.here, name=self.texts.model, description=self.texts.card, tags=tags
        )
        for name, _ in self.texts.other_models[:5]:
            for increment in self.noise.choices(["PATCH", "MINOR", "MAJOR"], k=self.noise.randrange(1, 4)):
                await self.developer.do("modelVersionCreate", model=self.model(name), increment=increment)

    async def experiments(self) -> tuple[list[tuple[str, str]], int]:
        """Candidates with curves, one of them with children and one that still runs; and the experiment's number."""
        made = await self.developer.do(
            "experimentCreate", "experiment { id number }", project=self.here, name=self.texts.experiment
        )
        await self.developer.do("experimentCreate", project=self.here, name="baseline")
        experiment = made["experiment"]
        self.ids["experiment"] = experiment["id"]
        candidates = [await self.candidate(experiment["id"], number) for number in range(self.count)]
        for number in range(3):
            await self.candidate(experiment["id"], self.count + number, parent=candidates[RICHEST][0])
        await self.richest(experiment["id"], candidates[RICHEST][0])
        return candidates, experiment["number"]

    async def richest(self, experiment: str, candidate: str) -> None:
        """Data sets that it read, a model that it logged, and a note."""
        names = (("surface-defects-2026", "training"), ("hold-out, line 4", "evaluation"))
        datasets = [
            {
                "name": name, "digest": digest, "sourceType": "http",
                "source": f"https://data.example.org/{context}",
                "tags": [{"key": "mlflow.data.context", "value": context}],
            }
            for (name, context), digest in zip(names, ("5f3a1c9e", "9f86d081"), strict=True)
        ]  # fmt: skip
        note = {"key": "mlflow.note.content", "value": self.texts.reason}
        await self.developer.do("candidateLog", candidate={"id": candidate}, datasets=datasets, tags=[note])
        await self.developer.do(
            "loggedModelCreate",
            experiment={"id": experiment},
            name="best-checkpoint",
            modelType="pytorch",
            candidateId=candidate,
        )

    async def candidate(self, experiment: str, number: int, parent: str | None = None) -> tuple[str, str]:
        """One candidate; its id and its run id."""
        begun = datetime.now(UTC) - timedelta(hours=13 * (self.count - number if number < self.count else self.count))
        rate, batch = 10 ** -self.noise.uniform(2.5, 4.5), self.noise.choice([32, 64, 128])
        params = {
            "optimizer": self.noise.choice(["adamw", "sgd"]), "learning_rate": f"{rate:.2e}", "batch_size": str(batch),
            "backbone": self.noise.choice(["resnet50", "convnext-tiny", "vit-s16"]), "seed": str(number),
            "epochs": str(STEPS),
        }  # fmt: skip
        made = await self.developer.do(
            "candidateCreate",
            "candidate { id uuid }",
            experiment={"id": experiment},
            name=f"{self.texts.candidate}-{number:02}",
            username=self.developer.username,
            startedAt=begun.isoformat(),
            parentId=parent,
            params=[{"key": key, "value": value} for key, value in params.items()],
            tags=[
                {"key": "site", "value": self.texts.tag},
                {"key": "camera", "value": self.noise.choice(["line 4", "line 7"])},
            ],
        )
        id, run = made["candidate"]["id"], made["candidate"]["uuid"]
        for begin in range(0, STEPS, 20):
            await self.developer.do("candidateLog", candidate={"id": id}, metrics=self.points(rate, begin, begun))
        if not self.count - 3 <= number < self.count:
            ended = begun + timedelta(minutes=self.noise.randrange(50, 75))
            status = "FAILED" if number % 7 == 3 else "FINISHED"
            await self.developer.do(
                "candidateUpdate", candidate={"id": id}, status=status, finishedAt=ended.isoformat()
            )
        return id, run

    def points(self, rate: float, begin: int, begun: datetime) -> list[dict[str, Any]]:
        """Twenty steps of a training that converges, with noise."""
        quality, start = 1 - abs(math.log10(rate) + 3.4) / 6, int(begun.timestamp() * 1000)
        points = []
        for step in range(begin, begin + 20):
            loss = 0.9 * math.exp(-step / 12) + 0.12 * (1.2 - quality) + self.noise.gauss(0, 0.008)
            values = {"train_loss": loss, "val_loss": loss * 1.12 + 0.01, "val_f1": max(0.0, quality - loss * 0.5)}
            values |= {"accuracy": min(0.995, values["val_f1"] + 0.012 + self.noise.gauss(0, 0.002))}
            values |= {"system/gpu_utilization": min(100.0, 91 + self.noise.gauss(0, 3))}
            values |= {"system/gpu_memory_gigabytes": 61.4 + self.noise.gauss(0, 0.2)}
            at = start + step * 47_000
            points += [{"key": key, "value": value, "timestamp": at, "step": step} for key, value in values.items()]
        return points

    async def versions(self, candidates: list[tuple[str, str]]) -> None:
        """Eight versions with files, aliases, facts and evaluations."""
        numbers = ["0.9.0", "1.0.0", "1.0.1", "1.1.0", "1.2.0", "2.0.0-rc.1", "2.0.0", "2.1.0"]
        for position, number in enumerate(numbers):
            candidate, run = candidates[position]
            for path, content in self.files.items() if position >= 5 else (("MLmodel", files.MLMODEL.encode()),):
                await self.developer.put(self.number, f"candidate:{run}", path, content)
            made = await self.developer.do(
                "modelVersionCreate",
                "modelVersion { id }",
                model=self.model(),
                version=number,
                candidateId=candidate,
                description=self.texts.version_description if position == 7 else self.texts.release_notes,
                tags=[{"key": "license", "value": "Apache-2.0"}, {"key": "site", "value": self.texts.tag}],
            )
            self.ids[number] = made["modelVersion"]["id"]
            await self.developer.do(
                "evaluationCreate",
                modelVersion={"id": self.ids[number]},
                name="nightly",
                datasetName="hold-out, line 4",
                datasetDigest="9f86d081",
                metrics=[
                    {"key": "val_f1", "value": round(0.90 + position * 0.006, 3)},
                    {"key": "val_f1", "value": round(0.86 + position * 0.006, 3), "slice": "glare"},
                ],
            )
        commit = {
            "repository": "https://git.example.org/vision/surface-defects.git",
            "sha": "4f0c2d1e" * 5,
            "branch": "main",
        }
        environment = {
            "hardware": "4x H200",
            "python": "3.11.9",
            "libraries": [{"name": "torch", "version": "==2.9.1"}],
        }
        for number in numbers[5:]:
            await self.developer.do(
                "factsSet", modelVersion={"id": self.ids[number]}, sourceCommit=commit, environment=environment,
                trainingData=[{"name": "surface-defects-2026", "digest": "5f3a"}],
            )  # fmt: skip
        await self.developer.do(
            "modelVersionDeprecate", modelVersion=self.version("0.9.0"), reason=self.texts.reason, replacement="1.0.0"
        )
        await self.maintainer.do(
            "modelVersionYank", modelVersion=self.version("1.0.1"), reason="Trained on the wrong labels."
        )
        for alias, reference in (("champion", "2.0.0"), ("challenger", "2.1.0"), ("fallback", "1.2.0")):
            await self.maintainer.do("aliasSet", model=self.model(), name=alias, reference=reference)
        await self.developer.do(
            "derivationCreate", modelVersion=self.version("2.1.0"), kind="FINE_TUNED", parent=self.version("2.0.0")
        )

    async def lifecycle(self) -> None:
        """Gates, promotions done, refused and requested; deployments and an experiment with real requests."""
        for number, stage in (
            ("1.2.0", "staging"),
            ("1.2.0", "production"),
            ("2.0.0", "staging"),
            ("2.0.0", "production"),
        ):
            await self.maintainer.do(
                "modelVersionPromote", modelVersion={"id": self.ids[number]}, stage=stage, reason=self.texts.reason
            )
        await self.owner.do(
            "gatesSet", project=self.here, stage="production", gates=GATES, expectedNumber=0, note=self.texts.reason
        )
        await self.developer.do(
            "modelVersionPromote", modelVersion={"id": self.ids["2.1.0"]}, stage="staging", reason=self.texts.reason
        )
        made = await self.developer.do(
            "promotionRequestCreate", "promotionRequest { id }", modelVersion={"id": self.ids["2.1.0"]},
            stage="production",
            reason=self.texts.reason,
        )  # fmt: skip
        self.ids["promotionRequest"] = made["promotionRequest"]["id"]
        await self.maintainer.do(
            "promotionRequestComment", id=self.ids["promotionRequest"], body=self.texts.release_notes
        )
        for instance, number in (("line-4", "2.0.0"), ("line-7", "2.0.0"), ("line-9", "1.2.0")):
            await self.developer.do(
                "deploymentRegister", modelVersion={"id": self.ids[number]}, environment="production",
                endpoint="inspection",
                instance=instance, follows="stage:production",
            )  # fmt: skip
        online = await self.developer.do(
            "onlineExperimentCreate", "onlineExperiment { id }", project=self.here, name="glare", kind="ab",
            arms=[
                {"name": "old", "modelVersion": {"id": self.ids["2.0.0"]}, "share": 0.8},
                {"name": "new", "modelVersion": {"id": self.ids["2.1.0"]}, "share": 0.2},
            ],
        )  # fmt: skip
        points = [
            {"arm": arm, "key": "f1", "value": value, "sampleCount": 1200}
            for arm, value in (("old", 0.941), ("new", 0.953))
        ]
        await self.developer.do("onlineExperimentLog", id=online["onlineExperiment"]["id"], points=points)

    async def settings(self) -> None:
        """Webhooks, CI, protections, tokens, a service account, an invitation."""
        hook = await self.maintainer.do(
            "webhookCreate", "webhook { id }", project=self.here, name="deploy", url="https://127.0.0.1:9/hooks/models",
            events=EVENTS,
            description=self.texts.reason[:200],
        )  # fmt: skip
        self.ids["webhook"] = hook["webhook"]["id"]
        await self.maintainer.do(
            "ciSettingsUpdate", project=self.here, provider="GITLAB", ciProject="vision/surface-defects"
        )
        await self.owner.do(
            "protectionSet",
            project=self.here,
            kind="ALIAS",
            pattern="champion",
            leastRole="MAINTAINER",
            movers="PEOPLE",
        )
        scope = {"project": self.here}
        await self.owner.do("tokenCreate", name=f"laptop {self.texts.tag}"[:60], groupOrProject=scope, role="DEVELOPER")
        account = await self.owner.do(
            "serviceAccountCreate",
            "serviceAccount { id }",
            groupOrProject=scope,
            name="nightly",
            description=self.texts.account,
        )
        self.ids["serviceAccount"] = account["serviceAccount"]["id"]
        await self.owner.do(
            "userInvite", memberships=[{"groupOrProject": scope, "role": "DEVELOPER"}], email="edsger@example.org"
        )


async def all_of(*builders: Builder) -> list[Demo]:
    """Several at the same time."""
    return list(await asyncio.gather(*(one.build() for one in builders)))
