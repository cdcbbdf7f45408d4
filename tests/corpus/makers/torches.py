"""torch, and the trainers around it; no weights come from a network: models are made of small configurations."""

from __future__ import annotations

import collections
import io
import json
import pickle
import tarfile
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn

from tests.corpus.makers.logging_models import logged
from tests.corpus.making import attempt, makes, run

torch.manual_seed(1)


class Residual(nn.Module):
    """A module of one's own, saved as a whole."""

    def __init__(self, width: int = 4):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.layers = nn.ModuleList([nn.Linear(width, width), nn.Linear(width, width)])
        self.register_buffer("steps", torch.zeros(1, dtype=torch.long))

    def forward(self, values):
        for layer in self.layers:
            values = values + torch.relu(layer(self.norm(values)))
        return values


def modules():
    return {
        "linear": nn.Linear(4, 2),
        "sequential": nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Dropout(0.1), nn.Linear(4, 2)),
        "named": nn.Sequential(collections.OrderedDict(a=nn.Linear(2, 2), b=nn.GELU())),
        "own": Residual(),
        "lstm": nn.LSTM(4, 4, 2),
        "gru": nn.GRU(4, 4),
        "conv": nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.MaxPool2d(2), nn.Flatten()),
        "transformer": nn.Transformer(8, 2, 1, 1, 8, batch_first=True),
        "attention": nn.MultiheadAttention(8, 2),
        "embedding": nn.EmbeddingBag(4, 2),
        "parametrized": nn.utils.parametrizations.weight_norm(nn.Linear(2, 2)),
        "spectral": nn.utils.parametrizations.spectral_norm(nn.Linear(2, 2)),
        "double": nn.Linear(2, 2).double(),
        "bfloat16": nn.Linear(2, 2).bfloat16(),
        "norms": nn.ModuleDict({"a": nn.RMSNorm(4), "b": nn.GroupNorm(2, 4)}),
        "parameters": nn.ParameterDict({"a": nn.Parameter(torch.ones(2))}),
        "empty": nn.Identity(),
    }


@makes("torch")
def state_dicts(folder):
    for name, module in modules().items():
        if name != "parametrized":
            torch.save(module.state_dict(), f"{name}.pt")
    module = modules()["sequential"]
    torch.save(module.state_dict(), "pytorch_model.bin")
    torch.save(module.state_dict(), "old.pth", _use_new_zipfile_serialization=False)
    torch.save(module.state_dict(), "protocol-4.pt", pickle_protocol=4)


@makes("torch")
def whole_modules(folder):
    for name, module in modules().items():
        attempt(folder / f"{name}.pt", partial(torch.save, module))
    torch.save(modules()["lstm"], "old.pt", _use_new_zipfile_serialization=False)
    (folder / "own.pkl").write_bytes(pickle.dumps(modules()["own"]))
    hooked = nn.Linear(2, 2)
    hooked.register_forward_hook(_hook)
    torch.save(hooked, "hooked.pt")


def _hook(module, arguments, output):
    return output


@makes("torch")
def checkpoints(folder):
    for name, make in {
        "sgd": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9),
        "adam": torch.optim.Adam,
        "adamw": lambda p: torch.optim.AdamW(p, fused=False),
        "rmsprop": torch.optim.RMSprop,
        "adagrad": torch.optim.Adagrad,
        "lbfgs": torch.optim.LBFGS,
        "nadam": torch.optim.NAdam,
    }.items():
        module = modules()["sequential"]
        optimizer = make(module.parameters())
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 5)
        warm = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.9**step)
        if name != "lbfgs":
            module(torch.ones(3, 4)).sum().backward()
            optimizer.step()
            schedule.step()
        checkpoint = {
            "epoch": 3,
            "model": module.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": schedule.state_dict(),
            "warm": warm.state_dict(),
            "scaler": torch.amp.GradScaler("cpu").state_dict(),
            "rng": torch.get_rng_state(),
            "loss": torch.tensor(0.5),
            "best": np.float64(0.5),
            "args": __import__("argparse").Namespace(lr=0.1, path=Path("/a")),
            "history": collections.defaultdict(list, loss=[0.5]),
        }
        torch.save(checkpoint, f"{name}.ckpt")
        if name == "sgd":
            torch.save(optimizer, "optimizer.pt")
            torch.save(schedule, "schedule.pt")
            averaged = torch.optim.swa_utils.AveragedModel(module)
            torch.save(averaged, "averaged.pt")


@makes("torch")
def tensors(folder):
    names = """float16 bfloat16 float32 float64 float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz float8_e8m0fnu
        float4_e2m1fn_x2 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool complex32 complex64 complex128"""
    for name in names.split():
        if hasattr(torch, name):
            torch.save(
                torch.zeros(4, dtype=torch.uint8 if "x2" in name else torch.float32).to(getattr(torch, name))
                if "x2" not in name
                else torch.zeros(4, dtype=torch.uint8).view(getattr(torch, name)),
                f"{name}.pt",
            )
    made = {
        "sparse": torch.eye(3).to_sparse(),
        "csr": torch.eye(3).to_sparse_csr(),
        "nested": torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]),
        "jagged": torch.nested.nested_tensor([torch.ones(2, 1), torch.ones(3, 1)], layout=torch.jagged),
        "quantized": torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8),
        "channels": torch.quantize_per_channel(torch.ones(2, 2), torch.ones(2), torch.zeros(2), 0, torch.qint8),
        "parameter": nn.Parameter(torch.ones(2)),
        "view": torch.arange(10)[::2],
        "shared": [torch.ones(3)] * 2,
        "conjugate": torch.ones(2, dtype=torch.complex64).conj(),
        "meta": torch.empty(2, device="meta"),
        "size": torch.ones(2, 3).shape,
        "device": torch.device("cpu"),
        "dtype": [torch.float32, torch.bfloat16, torch.float8_e4m3fn],
        "layout": [torch.strided, torch.sparse_coo, torch.contiguous_format],
        "generator": torch.Generator().get_state(),
        "storage": torch.ones(3).untyped_storage(),
        "attributes": _with_attributes(),
        "scalar": torch.tensor(1),
        "empty": torch.empty(0),
        "finfo": {"eps": torch.finfo(torch.float32).eps},
        "numpy": {"a": np.ones(2), "b": np.float32(1)},
    }
    for name, value in made.items():
        attempt(folder / f"{name}.pt", partial(torch.save, value))
        attempt(folder / f"{name}.pkl", lambda path: path.write_bytes(pickle.dumps(value)))


def _with_attributes():
    value = torch.ones(2)
    value.label = "a"
    return value


@makes("torch")
def quantized_modules(folder):
    dynamic = torch.ao.quantization.quantize_dynamic(
        nn.Sequential(nn.Linear(4, 4), nn.ReLU()), {nn.Linear}, torch.qint8
    )
    torch.save(dynamic, "dynamic.pt")
    torch.save(dynamic.state_dict(), "dynamic.state.pt")


@makes("torch")
def torchscript(folder):
    for name, module in modules().items():
        if name in {"linear", "sequential", "own", "lstm", "conv", "double"}:
            scripted = torch.jit.script(module.eval())
            scripted.save(f"{name}.torchscript.pt")
    traced = torch.jit.trace(modules()["sequential"].eval(), torch.ones(1, 4))
    torch.jit.save(traced, "traced.pt", _extra_files={"labels.json": '["a"]'})
    torch.jit.freeze(torch.jit.script(modules()["conv"].eval())).save("frozen.ptl")
    traced._save_for_lite_interpreter("lite.ptl")


@makes("torch")
def exported(folder):
    for name in ("linear", "sequential", "own", "conv"):
        sample = torch.ones(1, 1, 8, 8) if name == "conv" else torch.ones(2, 4)
        program = torch.export.export(modules()[name].eval(), (sample,))
        torch.export.save(program, f"{name}.pt2")
    batch = torch.export.Dim("batch")
    program = torch.export.export(modules()["sequential"], (torch.ones(2, 4),), dynamic_shapes=({0: batch},))
    torch.export.save(program, "dynamic.pt2", extra_files={"notes.txt": "hello"})


@makes("torch", "fx")
def graphs(folder):
    graph = torch.fx.symbolic_trace(modules()["sequential"])
    torch.save(graph, "graph.pt")
    graph.to_folder("written", "Traced")


@makes("torch")
def distributed_checkpoint(folder):
    import torch.distributed.checkpoint as dcp
    from torch.distributed.checkpoint.format_utils import dcp_to_torch_save

    module = modules()["sequential"]
    optimizer = torch.optim.Adam(module.parameters())
    module(torch.ones(3, 4)).sum().backward()
    optimizer.step()
    dcp.save(
        {"model": module.state_dict(), "optimizer": optimizer.state_dict(), "step": 3, "args": {"lr": 0.1}},
        checkpoint_id="dcp",
    )
    dcp_to_torch_save("dcp", "joined.pt")


@makes("torch")
def packages(folder):
    with torch.package.PackageExporter("package.pt") as exporter:
        exporter.intern("__main__")
        exporter.extern("**")
        exporter.save_pickle("model", "model.pkl", modules()["sequential"])


@makes("torch", "onnx")
def onnx_of_torch(folder):
    for name in ("sequential", "own"):
        torch.onnx.export(modules()[name].eval(), (torch.ones(2, 4),), f"{name}.onnx", dynamo=True, verbose=False)
    torch.onnx.export(
        modules()["linear"].eval(),
        (torch.ones(2, 4),),
        "single-file.onnx",
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    torch.onnx.export(modules()["conv"].eval(), (torch.ones(1, 1, 8, 8),), "old-exporter.onnx", dynamo=False)


@makes("torch", "archives")
def archives(folder):
    models = folder / "models"
    models.mkdir()
    torch.save(modules()["sequential"].state_dict(), models / "model.pth")
    (models / "handler.py").write_text("def handle(data, context):\n    return data\n")
    (models / "MAR-INF").mkdir()
    (models / "MAR-INF/MANIFEST.json").write_text(
        json.dumps({"model": {"modelName": "a", "serializedFile": "model.pth"}})
    )
    with zipfile.ZipFile("model.mar", "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(models.rglob("*")):
            packed.write(path, path.relative_to(models))
    with tarfile.open("model.tar.gz", "w:gz") as packed:
        packed.add(models, ".")


@makes("safetensors")
def safetensors_files(folder):
    from safetensors.numpy import save_file as save_numpy
    from safetensors.torch import save_file, save_model

    save_file(modules()["sequential"].state_dict(), "model.safetensors", metadata={"format": "pt"})
    save_model(modules()["own"], "own.safetensors")
    save_numpy({"a": np.ones((2, 3), "f2"), "b": np.zeros((), "i8")}, "numpy.safetensors")
    save_file({"a": torch.empty(0, 3), "scalar": torch.tensor(1.0)}, "empty.safetensors")
    save_file({}, "nothing.safetensors")
    names = """float16 bfloat16 float64 float8_e4m3fn float8_e5m2 float8_e8m0fnu int8 int16 uint8 uint16 uint32 uint64
        bool complex64"""
    save_file({name: torch.zeros(4).to(getattr(torch, name)) for name in names.split()}, "types.safetensors")
    save_file({"packed": torch.zeros(4, dtype=torch.uint8).view(torch.float4_e2m1fn_x2)}, "float4.safetensors")


def _bert(classes=2):
    from transformers import BertConfig, BertForSequenceClassification

    return BertForSequenceClassification(
        BertConfig(
            vocab_size=40,
            hidden_size=8,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=8,
            num_labels=classes,
            max_position_embeddings=32,
        )
    )


def _tokenizer():
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    plain = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    plain.pre_tokenizer = pre_tokenizers.Whitespace()
    plain.train_from_iterator(
        ["hello world of models"] * 3,
        trainers.WordPieceTrainer(vocab_size=40, special_tokens=["[UNK]", "[PAD]", "[CLS]", "[SEP]", "[MASK]"]),
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=plain,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )


@makes("transformers")
def trainer(folder):
    from transformers import Trainer, TrainingArguments

    rows = [{"input_ids": [1, 2, 3], "attention_mask": [1, 1, 1], "labels": n % 2} for n in range(8)]
    arguments = TrainingArguments(
        "run",
        num_train_epochs=2,
        per_device_train_batch_size=4,
        save_steps=2,
        logging_steps=1,
        report_to=[],
        use_cpu=True,
        disable_tqdm=True,
    )
    training = Trainer(_bert(), arguments, train_dataset=rows, eval_dataset=rows, processing_class=_tokenizer())
    training.train()
    training.save_model("final")
    training.save_state()


@makes("transformers")
def pretrained(folder):
    from transformers import (
        GPT2Config,
        GPT2LMHeadModel,
        LlamaConfig,
        LlamaForCausalLM,
        T5Config,
        T5ForConditionalGeneration,
        ViTConfig,
        ViTForImageClassification,
        ViTImageProcessor,
    )

    made = {
        "bert": _bert(3),
        "gpt2": GPT2LMHeadModel(GPT2Config(vocab_size=40, n_embd=8, n_layer=1, n_head=2, n_positions=32)),
        "llama": LlamaForCausalLM(
            LlamaConfig(vocab_size=40, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8)
        ).bfloat16(),
        "t5": T5ForConditionalGeneration(T5Config(vocab_size=40, d_model=8, d_kv=4, d_ff=8, num_layers=1, num_heads=2)),
        "vit": ViTForImageClassification(
            ViTConfig(
                hidden_size=8,
                num_hidden_layers=1,
                num_attention_heads=2,
                intermediate_size=8,
                image_size=8,
                patch_size=4,
            )
        ),
    }
    for name, model in made.items():
        model.save_pretrained(name)
    made["gpt2"].save_pretrained("sharded", max_shard_size="2KB")
    _tokenizer().save_pretrained("tokenizer")
    ViTImageProcessor(size={"height": 8, "width": 8}).save_pretrained("processor")
    torch.save(made["bert"], "whole-bert.pt")
    torch.save(made["gpt2"].state_dict(), "pytorch_model.bin")
    cache = folder / "hub/models--org--tiny"
    (cache / "blobs").mkdir(parents=True)
    (cache / "snapshots/0123").mkdir(parents=True)
    (cache / "refs").mkdir()
    (cache / "refs/main").write_text("0123")
    for path in sorted((folder / "bert").iterdir()):
        (cache / "blobs" / path.name.upper()).write_bytes(path.read_bytes())
        (cache / "snapshots/0123" / path.name).symlink_to(f"../../blobs/{path.name.upper()}")
    with tarfile.open("hub-cache.tar.gz", "w:gz") as packed:
        packed.add("hub")


@makes("peft")
def adapters(folder):
    from peft import LoraConfig, get_peft_model

    model = get_peft_model(_bert(), LoraConfig(target_modules=["query", "value"], r=2))
    model.save_pretrained("lora")
    model.save_pretrained("lora-bin", safe_serialization=False)
    torch.save(model, "whole.pt")


@makes("accelerate")
def accelerated(folder):
    from accelerate import Accelerator
    from torch.utils.data import DataLoader, TensorDataset

    accelerator = Accelerator(cpu=True)
    module = modules()["sequential"]
    optimizer = torch.optim.AdamW(module.parameters())
    loader = DataLoader(TensorDataset(torch.ones(4, 4)), 2, shuffle=True)
    module, optimizer, loader = accelerator.prepare(module, optimizer, loader)
    accelerator.save_state("state")
    accelerator.save_state("state-bin", safe_serialization=False)


@makes("sentence-transformers")
def sentences(folder):
    from sentence_transformers import SentenceTransformer
    from sentence_transformers import models as parts
    from transformers import BertModel

    BertModel(_bert().config).save_pretrained("base")
    _tokenizer().save_pretrained("base")
    transformer = parts.Transformer(str(folder / "base"))
    model = SentenceTransformer(modules=[transformer, parts.Pooling(8), parts.Dense(8, 4), parts.Normalize()])
    model.save_pretrained("model")
    model.save_pretrained("model-bin", safe_serialization=False)
    torch.save(model, "whole.pt")


@makes("lightning")
def lightning_run(folder):
    import lightning
    from torch.utils.data import DataLoader, TensorDataset

    class Regression(lightning.LightningModule):
        def __init__(self, width: int = 4, rate: float = 0.1, activation=nn.ReLU, path: Path = Path("/a")):
            super().__init__()
            self.save_hyperparameters()
            self.inner = nn.Sequential(nn.Linear(width, width), activation(), nn.Linear(width, 1))

        def training_step(self, batch, index):
            loss = self.inner(batch[0]).sum()
            self.log("loss", loss)
            return loss

        def configure_optimizers(self):
            optimizer = torch.optim.Adam(self.parameters(), self.hparams.rate)
            return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1)]

    from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
    from lightning.pytorch.loggers import CSVLogger

    kept = ModelCheckpoint("checkpoints", save_last=True, monitor="loss", save_top_k=2)
    trainer = lightning.Trainer(
        max_epochs=2,
        accelerator="cpu",
        logger=CSVLogger("logs"),
        callbacks=[kept, EarlyStopping("loss")],
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    module = Regression()
    trainer.fit(module, DataLoader(TensorDataset(torch.ones(8, 4)), 4))
    trainer.save_checkpoint("weights-only.ckpt", weights_only=True)


@makes("lightning", "pytorch-lightning")
def older_name(folder):
    import pytorch_lightning
    from torch.utils.data import DataLoader, TensorDataset

    class Model(pytorch_lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(4, 1)

        def training_step(self, batch, index):
            return self.inner(batch[0]).sum()

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 0.1)

    trainer = pytorch_lightning.Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=False,
        default_root_dir=str(folder),
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(Model(), DataLoader(TensorDataset(torch.ones(8, 4)), 4))
    trainer.save_checkpoint("last.ckpt")


@makes("torchmetrics")
def metrics(folder):
    import torchmetrics

    metric = torchmetrics.MeanSquaredError()
    metric.update(torch.ones(2), torch.zeros(2))
    torch.save(metric.state_dict(), "state.pt")
    torch.save(torchmetrics.MetricCollection([metric]), "metric.pt")
    buffer = io.BytesIO()
    torch.save(metric, buffer)
    (folder / "buffer.bin").write_bytes(buffer.getvalue())


@makes("mlflow", "torch")
def flavours(folder):
    import mlflow
    from sentence_transformers import SentenceTransformer
    from transformers import pipeline

    pins = {"pip_requirements": ["mlflow", "torch"]}
    signature = mlflow.models.infer_signature(np.ones((1, 4), np.float32), np.ones((1, 2), np.float32))
    encoder = SentenceTransformer(str(folder.parents[1] / "sentence-transformers/sentences/model"))
    classifier = pipeline("text-classification", model=_bert().eval(), tokenizer=_tokenizer())
    made = {
        "pytorch": lambda **at: mlflow.pytorch.log_model(modules()["sequential"], signature=signature, **pins, **at),
        "pytorch-pickle": lambda **at: mlflow.pytorch.log_model(
            modules()["own"], serialization_format="pickle", **pins, **at
        ),
        "pytorch-state": lambda **at: mlflow.pytorch.log_model(
            modules()["own"], signature=signature, serialization_format="pickle", code_paths=None, **pins, **at
        ),
        "scripted": lambda **at: mlflow.pytorch.log_model(
            torch.jit.script(modules()["own"]), serialization_format="pickle", **pins, **at
        ),
        "sentences": lambda **at: mlflow.sentence_transformers.log_model(encoder, **pins, **at),
        "transformers": lambda **at: mlflow.transformers.log_model(classifier, **pins, **at),
    }
    for name, log in made.items():
        logged(folder, name, log)


if __name__ == "__main__":
    run()
