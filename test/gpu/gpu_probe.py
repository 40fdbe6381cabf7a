"""Copy bandwidth and launch cost, by the driver API alone (ctypes)."""
import ctypes, os, time

EMPTY_KERNEL = b""".version 7.0
.target sm_80
.address_size 64
.visible .entry nothing() { ret; }
\0"""


class Driver:
    def __init__(self):
        self.library = ctypes.CDLL(os.environ.get("PTX_CUDA_DRIVER", "libcuda.so.1"))
        device, self.context = ctypes.c_int(), ctypes.c_void_p()
        self.call("cuInit", 0)
        self.call("cuDeviceGet", ctypes.byref(device), 0)
        self.call("cuDevicePrimaryCtxRetain", ctypes.byref(self.context), device)
        self.call("cuCtxSetCurrent", self.context)

    def call(self, name, *arguments):
        code = getattr(self.library, name)(*arguments)
        if code:
            raise RuntimeError(f"{name} returned {code}")

    def seconds(self, work, rounds):
        """the least time of one round"""
        least = float("inf")
        for _ in range(rounds):
            self.call("cuCtxSynchronize")
            start = time.perf_counter()
            work()
            self.call("cuCtxSynchronize")
            least = min(least, time.perf_counter() - start)
        return least


def copy_bandwidth(driver, size):
    """bytes read and written a second by a copy on the device"""
    addresses = [ctypes.c_uint64(), ctypes.c_uint64()]
    for address in addresses:
        driver.call("cuMemAlloc_v2", ctypes.byref(address), ctypes.c_size_t(size))
    seconds = driver.seconds(lambda: driver.call("cuMemcpyDtoD_v2", *addresses, ctypes.c_size_t(size)), 10)
    for address in addresses:
        driver.call("cuMemFree_v2", address)
    return 2 * size / seconds


def launch_seconds(driver, count=1000):
    """seconds from one empty kernel to the next on one stream"""
    module, function = ctypes.c_void_p(), ctypes.c_void_p()
    driver.call("cuModuleLoadData", ctypes.byref(module), EMPTY_KERNEL)
    driver.call("cuModuleGetFunction", ctypes.byref(function), module, b"nothing")

    def launches():
        for _ in range(count):
            driver.call("cuLaunchKernel", function, 1, 1, 1, 32, 1, 1, 0, None, None, None)

    return driver.seconds(launches, 5) / count


def probe(size=1 << 30):
    """`size` bytes are copied: enough to be in no cache"""
    driver = Driver()
    return {"copy_bytes_per_second": copy_bandwidth(driver, size), "launch_seconds": launch_seconds(driver)}
