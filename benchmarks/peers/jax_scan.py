"""JAX: the whole epoch as one jitted scan over the minibatches, data on the device, weights donated; on the CPU or a GPU."""
import functools
import os
import sys

os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
if sys.argv[2:3] == ["cpu"]:
    os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
import peer


def cost(parameters, x, onehot):
    weight, bias = parameters
    return -(onehot * jax.nn.log_softmax(x @ weight.T + bias)).sum() / len(x)


@functools.partial(jax.jit, donate_argnums=0, static_argnums=3)
def run_epoch(parameters, x, onehot, rate):
    """x (steps,batch,d), onehot (steps,batch,k)."""
    def step(current, batch):
        return jax.tree.map(lambda p, g: p - rate * g, current, jax.grad(cost)(current, *batch)), None
    return jax.lax.scan(step, parameters, (x, onehot))[0]


class Scan:
    def __init__(self, data, options, platform):
        try:
            where = jax.devices(platform)[0]
        except RuntimeError:
            raise peer.Missing("no CUDA device that JAX sees") from None
        self.device, self.shape, self.rate = where.device_kind, (data.k, data.d), options.rate
        cut = (data.steps, options.batch, -1)
        self.batches = jax.device_put((data.x.reshape(cut), data.onehot.reshape(cut)), where)
        self.where = where
        self.reset()

    def reset(self):
        self.parameters = jax.device_put((jnp.zeros(self.shape), jnp.zeros(self.shape[0])), self.where)

    def epoch(self):
        self.parameters = jax.block_until_ready(run_epoch(self.parameters, *self.batches, self.rate))

    def weights(self):
        return self.parameters


if __name__ == "__main__":
    jax.config.update("jax_default_matmul_precision", "highest")  # no TF32: the same result
    peer.main({name: functools.partial(Scan, platform=name) for name in ("cpu", "gpu")},
              {"jax": jax.__version__})
