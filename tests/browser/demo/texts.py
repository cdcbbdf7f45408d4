"""The words of the demonstration's data: as they are at work, and as they are at their worst: long, and in Korean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

CARD = """---
license: apache-2.0
datasets:
  - surface-defects-2026
---

# Scratch detector

Finds scratches, dents and stains on brushed steel from one photo of 1024 × 768 pixels.

| split | images | F1 |
|---|---|---|
| train | 48,200 | 0.981 |
| validation | 6,020 | 0.958 |
| hold-out, line 4 | 2,411 | 0.947 |

## Use

```python
import mlflow
model = mlflow.pyfunc.load_model("models:/scratch-detector@champion")
```

- Needs even light; glare counts as a stain.
- Was never tried on **painted** parts. See [the data sheet](https://data.example.org/surface-defects).
"""

KOREAN_CARD = """---
license: apache-2.0
---

# 표면 결함 검출기

한 장의 사진(1024 × 768 화소)에서 **긁힘, 찍힘, 얼룩**을 찾아냅니다.

| 구분 | 사진 수 | F1 |
|---|---|---|
| 학습 | 48,200 | 0.981 |
| 검증 | 6,020 | 0.958 |

## 주의할 점

- 조명이 고르지 않으면 반사광을 얼룩으로 셉니다.
- 도장된 부품에는 시험하지 않았습니다. 자세한 내용은 [데이터 설명서](https://data.example.org/ko)를 보십시오.

```python
model = mlflow.pyfunc.load_model("models:/표면-결함-검출기@champion")
```
"""
LONG = "surface-defect-segmentation-of-brushed-steel-panels-with-attention-and-multi-scale-feature-fusion-trained-on-"
LONG_NAME = (LONG * 2)[:200]
"""Two hundred characters without a blank: nowhere to break but between letters."""
LONG_SENTENCE = (
    "This version was trained again because the cameras of line 4 were replaced in November and their white balance "
    "differs; it accepts the same inputs, answers the same outputs, and was compared with its predecessor on the "
    "hold-out of every line, of which only line 7 became worse, and by less than the noise between two trainings."
)


@dataclass(frozen=True)
class Texts:
    """What things are called and what is said of them."""

    group: str
    project: str
    description: str
    model: str
    card: str
    other_models: tuple[tuple[str, str], ...]
    experiment: str
    candidate: str
    version_description: str
    release_notes: str
    tag: str
    reason: str
    people: tuple[tuple[str, str], ...]
    """User name and name of: owner, maintainer, developer, reporter."""
    account: str = "Trains every night on what the cameras saw during the day."
    """What the service account is for."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Of versions, beside those that all have."""


PLAIN = Texts(
    group="Vision",
    project="Surface defects",
    description="Models that look at steel and say what is wrong with it.",
    model="scratch-detector",
    card=CARD,
    other_models=(
        ("weld-inspector", "Tells sound welds from porous ones by X-ray."),
        ("label-reader", "Reads lot numbers and dates off labels."),
        ("dent-classifier", "Sorts dents by depth; runs on the camera itself."),
        ("paint-thickness", "Estimates the thickness of paint from hyperspectral images."),
        ("anomaly-autoencoder", "Knows good parts only, and marks what differs."),
        ("conveyor-counter", "Counts parts on the conveyor at 120 frames a second."),
        ("defect-embedding", "Embeds patches, to search for defects that look alike."),
        ("rust-segmentation", ""),
        ("bolt-presence", "Says which of 24 bolts are missing."),
        ("glass-crack-finder", "Cracks in display glass, from polarised light."),
        ("thread-checker", "Checks threads of M4 to M12."),
    ),
    experiment="scratch-detector tuning",
    candidate="sweep",
    version_description="Retrained with the new cameras of line 4.",
    release_notes="Better on glare; same inputs and outputs.",
    tag="line-4",
    reason="The hold-out of line 4 is better by 1.2 points.",
    people=(
        ("ada", "Ada Lovelace"),
        ("grace", "Grace Hopper"),
        ("alan", "Alan Turing"),
        ("katherine", "Katherine Johnson"),
    ),
)
WORST = Texts(
    group="제조 품질 인공지능 연구실 — 비전 검사와 예지 보전을 함께 맡는 부서",
    project="금속 표면 결함 검출 및 분할 모델 모음 (2026년 하반기, 3공장과 4공장 공용)",
    description="강판 표면의 긁힘, 찍힘, 얼룩을 찾아내는 모델들입니다. " + LONG_SENTENCE,
    model="표면-결함-검출기",
    card=KOREAN_CARD,
    other_models=(
        (LONG_NAME, LONG_SENTENCE),
        ("용접부-검사-모델", "엑스선 사진으로 기공이 있는 용접부를 가려냅니다."),
        ("라벨-판독기", "라벨에서 제조 번호와 날짜를 읽습니다."),
        ("team/nested/path/with spaces & symbols @2026", "A name with slashes, blanks and signs."),
        (
            "찍힘-깊이-분류기-카메라-내장용-경량화-모델-정밀도-우선-설정-제3공장-제4공장-공용-시험판-이름이-아주-긴-경우",
            "",
        ),
        ("★-signs-and-العربية-and-עברית", "مرحبا, שלום: names that run from right to left."),
    ),
    experiment="표면 결함 검출기 하이퍼파라미터 탐색 (학습률, 배치 크기, 증강 강도) — " + LONG[:100],
    candidate="학습률 0.0003, 배치 64, 증강 강하게, 시드 20261201 — " + LONG[:100],
    version_description=LONG_SENTENCE,
    release_notes="4공장 카메라 교체에 맞추어 다시 학습했습니다. " + LONG_SENTENCE,
    tag="제4공장-2026년-하반기-카메라-교체-이후-데이터로-다시-학습함",
    account="매일 밤 그날 카메라가 찍은 사진으로 다시 학습합니다. " + LONG_SENTENCE[:120],
    reason="4공장 검증 데이터에서 1.2점 나아졌습니다. " + LONG_SENTENCE,
    people=(
        ("minji", "김민지 (제조 품질 인공지능 연구실 책임연구원)"),
        ("christopher-alexander-montgomery-fitzgerald", "Christopher Alexander Montgomery-Fitzgerald von Hohenstein"),
        ("seoyeon", "이서연"),
        ("jihoon", "박지훈"),
    ),
)
