"""NumPy with its OpenBLAS: products by BLAS, the rest in place in buffers that are made once."""
import numpy
import peer
import threadpoolctl


class Loop:
    def __init__(self, data, options):
        self.batches = [(data.x[i:i + options.batch], data.onehot[i:i + options.batch])
                        for i in range(0, len(data.x), options.batch)]
        self.z = numpy.empty((options.batch, data.k), numpy.float32)
        self.gradient = numpy.empty((data.k, data.d), numpy.float32)
        self.weight, self.bias = numpy.zeros_like(self.gradient), numpy.zeros(data.k, numpy.float32)
        self.step = numpy.float32(options.rate / options.batch)

    def reset(self):
        self.weight[:] = 0
        self.bias[:] = 0

    def epoch(self):
        z = self.z
        for x, onehot in self.batches:
            numpy.matmul(x, self.weight.T, out=z)
            z += self.bias
            z -= z.max(1, keepdims=True)
            numpy.exp(z, out=z)
            z /= z.sum(1, keepdims=True)
            z -= onehot
            z *= self.step
            self.weight -= numpy.matmul(z.T, x, out=self.gradient)
            self.bias -= z.sum(0)

    def weights(self):
        return self.weight, self.bias


if __name__ == "__main__":
    blas = ", ".join(f"{pool['internal_api']} {pool['version']}" for pool in threadpoolctl.threadpool_info())
    peer.main({"manual": Loop}, {"numpy": f"{numpy.__version__} ({blas})"},
              lambda count: threadpoolctl.threadpool_limits(count, "blas"))
