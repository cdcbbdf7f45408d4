"""MlflowClient and mlflow.artifacts: files of runs."""
# ruff: noqa: PLC0415 - what the client runs imports there

from __future__ import annotations

from pathlib import Path

from tests.support.mlflow.client import MLflow


def files(folder):
    from pathlib import Path

    import matplotlib as mpl

    mpl.use("Agg")
    import numpy as np
    from matplotlib import figure
    from mlflow import MlflowClient

    client, folder = MlflowClient(), Path(folder)
    run = client.create_run("0").info.run_id
    (folder / "in" / "deep").mkdir(parents=True)
    (folder / "in" / "a.txt").write_text("a")
    (folder / "in" / "deep" / "b c.bin").write_bytes(b"\x00\x01")
    client.log_artifact(run, str(folder / "in" / "a.txt"))
    client.log_artifacts(run, str(folder / "in"), "tree")
    client.log_text(run, "text", "notes/t.txt")
    client.log_dict(run, {"k": [1, 2]}, "notes/d.json")
    drawing = figure.Figure()
    drawing.subplots().plot([0, 1])
    client.log_figure(run, drawing, "plots/f.png")
    client.log_image(run, np.zeros((4, 4, 3), dtype=np.uint8), "plots/i.png")
    client.log_table(run, data={"x": [1, 2], "y": ["a", "b"]}, artifact_file="table.json")
    client.log_table(run, data={"x": [3], "y": ["c"]}, artifact_file="table.json")
    table = client.load_table("0", "table.json")
    below = [[one.path, one.is_dir, one.file_size] for one in client.list_artifacts(run, "tree")]
    (folder / "out").mkdir()
    there = Path(client.download_artifacts(run, "tree", str(folder / "out")))
    image = Path(client.download_artifacts(run, "plots/f.png", str(folder / "out"))).read_bytes()[1:4]
    return [
        [one.path for one in client.list_artifacts(run)],
        below,
        [list(table["x"]), list(table["y"])],
        sorted(str(one.relative_to(there)) for one in there.rglob("*") if one.is_file()),
        (there / "deep" / "b c.bin").read_bytes().hex(),
        image.decode(),
    ]


async def test_files(each_client: MLflow, tmp_path: Path) -> None:
    assert await each_client(files, str(tmp_path)) == [
        ["a.txt", "notes", "plots", "table.json", "tree"],
        [["tree/a.txt", False, 1], ["tree/deep", True, None]],
        [[1, 2, 3], ["a", "b", "c"]],
        ["a.txt", "deep/b c.bin"],
        "0001",
        "PNG",
    ]


def reading():
    from pathlib import Path

    import mlflow
    import numpy as np

    with mlflow.start_run() as run:
        mlflow.log_text("hello", "t.txt")
        mlflow.log_dict({"a": 1}, "d.json")
        mlflow.log_image(np.zeros((2, 3, 3), dtype=np.uint8), "i.png")
        below = mlflow.get_artifact_uri("t.txt").endswith("/artifacts/t.txt")
    uri = f"runs:/{run.info.run_id}"
    text = mlflow.artifacts.load_text(f"{uri}/t.txt")
    mapping = mlflow.artifacts.load_dict(f"{uri}/d.json")
    image = mlflow.artifacts.load_image(f"{uri}/i.png").size
    again = Path(mlflow.artifacts.download_artifacts(f"{uri}/t.txt")).read_text()
    return [text, mapping, image, again, below]


async def test_reading(each_client: MLflow) -> None:
    assert await each_client(reading) == ["hello", {"a": 1}, [3, 2], "hello", True]


def newer_files():
    import io

    import mlflow
    import numpy as np
    from mlflow import MlflowClient

    client = MlflowClient()
    with mlflow.start_run() as run:
        mlflow.log_stream(io.BytesIO(b"streamed"), "s.bin")
        client.log_stream(run.info.run_id, io.BytesIO(b"again"), "t.bin")
        mlflow.log_image(np.zeros((2, 2, 3), dtype=np.uint8), key="seen", step=3)
        mlflow.flush_artifact_async_logging()
    names = [one.path for one in mlflow.artifacts.list_artifacts(run_id=run.info.run_id)]
    images = [one.path for one in client.list_artifacts(run.info.run_id, "images")]
    streamed = mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/s.bin")
    seen = sorted("compressed" in one for one in images), all("seen+step+3" in one.replace("%", "+") for one in images)
    return [names, seen, streamed]


async def test_methods_of_newer_clients(mlflow: MLflow) -> None:
    assert await mlflow(newer_files) == [["images", "s.bin", "t.bin"], [[False, True], True], "streamed"]
