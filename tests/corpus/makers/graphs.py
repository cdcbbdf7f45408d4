"""TensorFlow and Keras 3."""

from __future__ import annotations

import os

os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}

import pickle
import tarfile

import joblib
import keras
import numpy as np
import tensorflow as tf
from keras import layers

from tests.corpus.makers.logging_models import logged
from tests.corpus.making import attempt, makes, run


@keras.saving.register_keras_serializable("corpus")
class Scale(layers.Layer):
    def __init__(self, by=2.0, **more):
        super().__init__(**more)
        self.by = by

    def call(self, values):
        return values * self.by

    def get_config(self):
        return super().get_config() | {"by": self.by}


@keras.saving.register_keras_serializable("corpus")
def doubled(values):
    return values * 2


def models():
    image = keras.Input((8, 8, 3), name="image")
    text = keras.Input((4,), dtype="int32", name="words")
    joined = layers.Concatenate()(
        [
            layers.Flatten()(layers.Conv2D(2, 3, activation="relu")(image)),
            layers.Flatten()(layers.Embedding(10, 2)(text)),
        ]
    )
    scaled = layers.Normalization()
    scaled.adapt(np.ones((4, 3)))
    made = {
        "sequential": keras.Sequential(
            [
                keras.Input((4,)),
                layers.Dense(4, activation="relu"),
                layers.Dropout(0.1),
                layers.BatchNormalization(),
                layers.Dense(2),
            ]
        ),
        "functional": keras.Model([image, text], layers.Dense(2, activation="softmax")(joined)),
        "own": keras.Sequential([keras.Input((4,)), Scale(3.0), layers.Dense(1)]),
        "lstm": keras.Sequential(
            [keras.Input((4, 2)), layers.Bidirectional(layers.LSTM(2, return_sequences=True)), layers.GRU(2)]
        ),
        "normalized": keras.Sequential([keras.Input((3,)), scaled, layers.Dense(1)]),
        "attention": keras.Sequential(
            [keras.Input((4, 2)), layers.LayerNormalization(), layers.GlobalAveragePooling1D(), layers.Dense(1)]
        ),
        "known-lambda": keras.Sequential([keras.Input((4,)), layers.Lambda(doubled), layers.Dense(1)]),
        "lambda": keras.Sequential([keras.Input((4,)), layers.Lambda(lambda values: values * 2), layers.Dense(1)]),
        "quantized": keras.Sequential([keras.Input((4,)), layers.Dense(4)]),
        "nested": keras.Sequential(
            [keras.Input((4,)), keras.Sequential([layers.Dense(3), layers.ReLU()]), layers.Dense(1)]
        ),
    }
    made["quantized"].quantize("int8")
    for name, model in made.items():
        if name != "quantized":
            model.compile("adam", "mse", metrics=["mae"])
    made["sequential"].fit(np.ones((8, 4)), np.ones((8, 2)), verbose=0)
    return made


@makes("keras")
def files(folder):
    for name, model in models().items():
        attempt(folder / f"{name}.keras", model.save)
        attempt(folder / f"{name}.h5", model.save)
        attempt(folder / f"{name}.weights.h5", model.save_weights)
        attempt(folder / f"{name}.json", lambda path: path.write_text(model.to_json()))
        attempt(folder / f"{name}.pkl", lambda path: path.write_bytes(pickle.dumps(model)))
        attempt(folder / f"{name}.joblib", lambda path: joblib.dump(model, path))
    big = models()["functional"]
    attempt(folder / "sharded.weights.json", lambda path: big.save_weights(path, max_shard_size=0.000001))
    attempt(folder / "unzipped", lambda path: big.save(path, zipped=False))
    np.save("history.npy", {"loss": [1.0]}, allow_pickle=True)


@makes("keras", "callbacks")
def callbacks(folder):
    model = models()["sequential"]
    calls = [
        keras.callbacks.ModelCheckpoint("best-{epoch}.keras"),
        keras.callbacks.CSVLogger("log.csv"),
        keras.callbacks.BackupAndRestore("backup", delete_checkpoint=False),
        keras.callbacks.TensorBoard("board"),
    ]
    history = model.fit(np.ones((8, 4)), np.ones((8, 2)), epochs=2, verbose=0, callbacks=calls)
    (folder / "history.pkl").write_bytes(pickle.dumps(history.history))


@makes("tensorflow")
def saved_models(folder):
    for name in ("sequential", "functional", "lstm"):
        models()[name].export(f"exported-{name}", verbose=False)
        tf.saved_model.save(models()[name], f"saved-{name}")

    class Plain(tf.Module):
        def __init__(self):
            super().__init__()
            self.weight = tf.Variable(tf.ones((2, 2)))

        @tf.function(input_signature=[tf.TensorSpec((None, 2), tf.float32)])
        def __call__(self, values):
            return values @ self.weight

    tf.saved_model.save(Plain(), "module")
    tf.train.Checkpoint(model=models()["sequential"]).write("checkpoint/model")
    manager = tf.train.CheckpointManager(tf.train.Checkpoint(step=tf.Variable(1)), "managed", 2)
    manager.save()
    with tarfile.open("saved.tar.gz", "w:gz") as packed:
        packed.add("module", "1")
    graph = tf.function(lambda values: values * 2).get_concrete_function(tf.TensorSpec((2,), tf.float32)).graph
    tf.io.write_graph(graph.as_graph_def(), ".", "graph.pb", as_text=False)
    tf.io.write_graph(graph.as_graph_def(), ".", "graph.pbtxt")
    with tf.io.TFRecordWriter("rows.tfrecord") as rows:
        rows.write(tf.train.Example().SerializeToString())


@makes("tensorflow", "lite")
def lite(folder):
    for name, options in {"plain": [], "optimized": [tf.lite.Optimize.DEFAULT]}.items():
        converter = tf.lite.TFLiteConverter.from_keras_model(models()["sequential"])
        converter.optimizations = options
        (folder / f"{name}.tflite").write_bytes(converter.convert())


@makes("tensorflow", "pickle")
def pickled(folder):
    made = {
        "tensor": tf.ones(2),
        "variable": tf.Variable(tf.ones(2)),
        "bfloat16": tf.ones(2, tf.bfloat16).numpy(),
        "shape": tf.TensorShape([1, None]),
        "spec": tf.TensorSpec((2,), tf.float32),
        "dtype": tf.float32,
        "weights": models()["sequential"].get_weights(),
        "optimizer": keras.optimizers.Adam(),
    }
    for name, value in made.items():
        attempt(folder / f"{name}.pkl", lambda path: path.write_bytes(pickle.dumps(value)))
        attempt(folder / f"{name}.joblib", lambda path: joblib.dump(value, path))


@makes("tf_keras")
def keras_2(folder):
    import tf_keras

    model = tf_keras.Sequential(
        [tf_keras.layers.Input((4,)), tf_keras.layers.Dense(2), tf_keras.layers.Lambda(lambda values: values + 1)]
    )
    model.compile("adam", "mse")
    model.save("model.h5")
    model.save("model.keras")
    model.save("saved", save_format="tf")
    model.save_weights("weights.h5")
    model.save_weights("checkpoint/weights")


@makes("mlflow", "tensorflow")
def flavour(folder):
    import mlflow

    for name in ("sequential", "functional"):
        logged(
            folder, name, lambda **at: mlflow.tensorflow.log_model(models()[name], pip_requirements=["mlflow"], **at)
        )


if __name__ == "__main__":
    run()
