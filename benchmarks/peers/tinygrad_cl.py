"""tinygrad on the OpenCL device that our engines take: a jitted step with the gradients written out."""
import ctypes
import os

os.environ["DEV"] = "CL"

import peer
import tinygrad
from importlib.metadata import version
from tinygrad import Tensor, TinyJit
from tinygrad.runtime.autogen import opencl as cl
from tinygrad.runtime.ops_cl import CLDevice


def find(name):
    """The id of the OpenCL device of this name on any platform: tinygrad itself knows the first platform only."""
    count = ctypes.c_uint32()
    cl.clGetPlatformIDs(0, None, count)
    platforms = (cl.cl_platform_id * count.value)()
    cl.clGetPlatformIDs(count.value, platforms, None)
    for platform in platforms:
        if cl.clGetDeviceIDs(platform, cl.CL_DEVICE_TYPE_ALL, 0, None, count) or not count.value:
            continue
        devices = (cl.cl_device_id * count.value)()
        cl.clGetDeviceIDs(platform, cl.CL_DEVICE_TYPE_ALL, count.value, devices, None)
        for device in devices:
            text = ctypes.create_string_buffer(256)
            cl.clGetDeviceInfo(device, cl.CL_DEVICE_NAME, 256, text, None)
            if text.value.decode() == name:
                return device
    raise peer.Missing(f"tinygrad sees no OpenCL device named {name}")


class Loop:
    def __init__(self, data, options):
        CLDevice.device_ids = (cl.cl_device_id * 1)(find(options.device))
        self.batches = [(Tensor(data.x[i:i + options.batch]).realize(), Tensor(data.onehot[i:i + options.batch]).realize())
                        for i in range(0, len(data.x), options.batch)]
        self.weight, self.bias = Tensor.zeros(data.k, data.d), Tensor.zeros(data.k)
        self.shape, self.rate, self.device = (data.k, data.d), options.rate / options.batch, options.device
        self.reset()
        self.step = TinyJit(self.step)

    def reset(self):
        self.weight = Tensor.zeros(*self.shape).contiguous().realize()
        self.bias = Tensor.zeros(self.shape[0]).contiguous().realize()

    def step(self, weight, bias, x, onehot):
        residual = (x.linear(weight.T, bias).softmax() - onehot) * self.rate
        weight.assign(weight - residual.T @ x)
        bias.assign(bias - residual.sum(0))
        Tensor.realize(weight, bias)

    def epoch(self):
        for x, onehot in self.batches:
            self.step(self.weight, self.bias, x, onehot)
        tinygrad.Device["CL"].synchronize()

    def weights(self):
        return self.weight.numpy(), self.bias.numpy()


if __name__ == "__main__":
    peer.main({"manual": Loop}, {"tinygrad": version("tinygrad")})
