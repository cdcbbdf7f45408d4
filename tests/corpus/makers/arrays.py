"""JAX and its libraries."""

from __future__ import annotations

import pickle

import cloudpickle
import jax
import jax.numpy as jnp
import joblib
import numpy as np
import optax
from flax import linen, nnx, serialization, struct
from flax.training import checkpoints, train_state

from tests.corpus.making import attempt, makes, run


class Net(linen.Module):
    width: int = 4

    @linen.compact
    def __call__(self, values):
        return linen.Dense(self.width)(linen.relu(linen.Dense(self.width)(values)))


class Deep(nnx.Module):
    def __init__(self, rngs):
        self.dense = nnx.Linear(4, 2, rngs=rngs)
        self.norm = nnx.BatchNorm(2, rngs=rngs)
        self.drop = nnx.Dropout(0.1, rngs=rngs)


@struct.dataclass
class State:
    step: int
    params: dict


def trained():
    model = Net()
    params = model.init(jax.random.key(0), jnp.ones((1, 4)))
    return train_state.TrainState.create(apply_fn=model.apply, params=params, tx=optax.adamw(1e-3))


@makes("flax")
def msgpack(folder):
    state = trained()
    (folder / "params.msgpack").write_bytes(serialization.to_bytes(state.params))
    (folder / "state.msgpack").write_bytes(serialization.to_bytes(state))
    (folder / "flax_model.msgpack").write_bytes(serialization.msgpack_serialize({"a": np.ones(2), "b": 1}))
    attempt(folder / "legacy", lambda path: checkpoints.save_checkpoint(str(path), state.params, 1))


@makes("flax", "pickle")
def pickled(folder):
    state = trained()
    halved = jax.tree.map(lambda leaf: leaf.astype(jnp.bfloat16), state.params)
    made = {
        "params": state.params,
        "bfloat16": halved,
        "numpy": jax.tree.map(np.asarray, halved),
        "opt-state": state.opt_state,
        "struct": State(1, {"a": jnp.ones(2)}),
        "module": Net(),
        "float8": jnp.ones(4, jnp.float8_e4m3fn),
        "int4": jnp.ones(4, jnp.int4),
        "key": jax.random.PRNGKey(0),
        "typed-key": jax.random.key_data(jax.random.key(0)),
        "nnx-state": nnx.to_pure_dict(nnx.state(Deep(nnx.Rngs(0)), nnx.Param)),
        "nnx": Deep(nnx.Rngs(0)),
        "treedef": jax.tree.structure({"a": [1, 2]}),
        "weak": jnp.array(1.0),
        "numpy-scalar": jnp.bfloat16(1),
        "dtype": [jnp.bfloat16, np.dtype(jnp.float8_e5m2), jnp.float32],
        "shape": jax.eval_shape(lambda: jnp.ones(3)),
    }
    for name, value in made.items():
        attempt(folder / f"{name}.pkl", lambda path: path.write_bytes(pickle.dumps(value)))
        attempt(folder / f"{name}.cloudpickle", lambda path: path.write_bytes(cloudpickle.dumps(value)))
        attempt(folder / f"{name}.joblib", lambda path: joblib.dump(value, path))
    attempt(folder / "train-state.cloudpickle", lambda path: path.write_bytes(cloudpickle.dumps(state)))
    attempt(folder / "optax.cloudpickle", lambda path: path.write_bytes(cloudpickle.dumps(optax.adam(1e-3))))
    attempt(
        folder / "jitted.cloudpickle",
        lambda path: path.write_bytes(cloudpickle.dumps(jax.jit(lambda values: values + 1))),
    )


@makes("orbax-checkpoint")
def checkpointed(folder):
    import orbax.checkpoint as ocp

    state = trained()
    with ocp.StandardCheckpointer() as checkpointer:
        checkpointer.save(folder / "standard", state.params)
    with ocp.CheckpointManager(folder / "managed", options=ocp.CheckpointManagerOptions(max_to_keep=2)) as manager:
        for step in (1, 2):
            manager.save(
                step,
                args=ocp.args.Composite(
                    state=ocp.args.StandardSave(state.params), config=ocp.args.JsonSave({"rate": 0.1})
                ),
            )
        manager.wait_until_finished()
    plain = ocp.PyTreeCheckpointer(use_ocdbt=False)
    plain.save(folder / "plain", {"a": np.ones(3), "b": jnp.ones(2, jnp.bfloat16)})


@makes("jax")
def exported(folder):
    from jax import export

    program = export.export(jax.jit(lambda values: jnp.sin(values) * 2))(jax.ShapeDtypeStruct((4,), jnp.float32))
    (folder / "program.bin").write_bytes(bytes(program.serialize()))
    lowered = jax.jit(jnp.sin).lower(jnp.ones(3))
    (folder / "program.mlir").write_text(lowered.as_text())
    jnp.save("array.npy", jnp.ones(3))
    np.save("bfloat16.npy", np.asarray(jnp.ones(3, jnp.bfloat16)))
    np.savez("params.npz", **{"a/b": np.ones(2), "c": np.asarray(jnp.ones(2, jnp.bfloat16))})


@makes("equinox")
def leaves(folder):
    import equinox

    model = equinox.nn.MLP(2, 2, 4, 1, key=jax.random.key(0))
    equinox.tree_serialise_leaves("model.eqx", model)
    attempt(folder / "model.cloudpickle", lambda path: path.write_bytes(cloudpickle.dumps(model)))
    attempt(folder / "model.pkl", lambda path: path.write_bytes(pickle.dumps(model)))


@makes("dm-haiku")
def haiku_params(folder):
    import haiku

    net = haiku.transform(lambda values: haiku.nets.MLP([4, 2])(values))  # noqa: PLW0108 - a module is made within
    params = net.init(jax.random.PRNGKey(0), jnp.ones((1, 3)))
    (folder / "params.pkl").write_bytes(pickle.dumps(params))
    joblib.dump(params, "params.joblib")
    attempt(folder / "transformed.cloudpickle", lambda path: path.write_bytes(cloudpickle.dumps(net)))


@makes("safetensors", "flax")
def safetensors_of_flax(folder):
    from safetensors.flax import save_file

    save_file({"a": jnp.ones((2, 3)), "b": jnp.ones(2, jnp.bfloat16)}, "model.safetensors")


if __name__ == "__main__":
    run()
